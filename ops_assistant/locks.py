"""One process per run at a time, on this host: for clear answers, not for safety.

Two that get past it (another host, a server) are kept apart by the store.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from .graph.dependencies import safe_name
from .graph.recovery import Lock
from .tools.errors import NothingToActOn


class RunLocks:
    """A lock file per run in `folder`; the kernel releases a lock when its process dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def held(self, thread_id: str) -> Iterator[None]:
        """Hold the run for this process; raises `NothingToActOn` if another one is at it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / safe_name(thread_id)).open("w") as file:
            if not (_locked(file) or _locked(file, after_s=0.05)):  # somebody may only have looked at it
                raise NothingToActOn(f"another process is working on run {thread_id}; look again in a moment")
            yield

    def state(self, thread_id: str) -> Lock:
        """Tell whether a process of this host holds the run now; `unknown` if none ever did."""
        try:
            with (self._folder / safe_name(thread_id)).open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return "unknown"
        except BlockingIOError:
            return "held"
        return "free"


def _locked(file: TextIO, *, after_s: float = 0) -> bool:
    time.sleep(after_s)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
