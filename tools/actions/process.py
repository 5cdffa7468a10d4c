"""Starting a program: an argv list and no shell, in surroundings that nobody else decides.

Environment, working directory and standard input are fixed, the program gets a session of its own, its output
is bounded, and one that does not end in time is killed with its whole process group. What changes something is
started behind the start gate, once per key; what only looks (`finish`) is started as it is.
"""

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..arguments import safe_argument
from ..errors import InputError
from . import start_gate
from .base import OUTPUT_LIMIT, BackendResult, shortened

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT: Mapping[str, str] = {"PATH": SEARCH_PATH, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

_HEAD = 8_000
_TAIL = 8_000  # an error is mostly at the end


@dataclass(frozen=True)
class Finished:
    """How a process ended: its exit status (None if it had to be killed) and its bounded output."""

    code: int | None
    output: str


def find_program(name: str) -> str:
    """Return the absolute path of a program, searched on `SEARCH_PATH` and never on the caller's own.

    Raises `InputError` if it is not there or cannot be executed.
    """
    try:
        found = shutil.which(safe_argument(name), path=SEARCH_PATH)
    except ValueError as error:
        raise InputError(f"program {name!r} {error}") from None
    if found is None or not Path(found).is_absolute():
        raise InputError(f"program {name!r} is not installed on this host (looked in {SEARCH_PATH})")
    return found


class Programs:
    """Runs approved programs, each key at most once; `folder` is the start gate's, one for all workers of a host."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, argv: Sequence[str], *, key: str, timeout_s: float) -> BackendResult:
        """Run `argv` to its end; the program finds `key` as OPS_ACTION_KEY.

        A non-zero exit status is `failed`; a time-out is `unknown`, since what it had begun may be done or not.
        """
        environment = {**ENVIRONMENT, "OPS_ACTION_KEY": key}
        ended = start_gate.run(argv, key, self._folder, timeout_s, env=environment)
        if ended.state != "refused":  # then it is another worker's to read
            start_gate.forget_output(key, self._folder)
        output = shortened(printable(ended.output), OUTPUT_LIMIT - 200)
        if ended.state == "ended":
            return BackendResult(ok=ended.code == 0, output=f"{output}\nexit status {ended.code}".strip())
        if ended.state == "timed_out":
            note = f"{argv[0]} had not ended after {timeout_s:g} s and was stopped; it may have done its work or not"
            return BackendResult(ok=False, problem="unknown", output=f"{note}\n{output}")
        if ended.state == "refused" and self.did_run(key) is False:
            return BackendResult(
                ok=False, problem="stale", output="its start gate is closed; nothing was started"
            )
        return BackendResult(ok=False, problem="unknown", output=output)

    def did_run(self, key: str) -> bool | None:
        """Tell whether the program of this key ran to a good end; None if nobody can say.

        False only if it was never started; its gate is closed by that, so that it never will be.
        """
        known = start_gate.probe(key, self._folder)
        if known.state == "never":
            return False
        return True if known.state == "ended" and known.code == 0 else None


def finish(argv: Sequence[str], *, timeout_s: float) -> Finished:
    """Run an `argv` that changes nothing and wait for it, at most `timeout_s` seconds.

    One that cannot be started has the exit status 127, as a shell would say.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - an argv list of a backend; no shell
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=ENVIRONMENT,
            start_new_session=True,
            umask=0o077,
        )
    except OSError as error:
        return Finished(127, f"{argv[0]}: cannot be started ({error.strerror})")
    assert process.stdout is not None  # noqa: S101 - it was asked for
    kept = _Kept()
    reader = threading.Thread(target=kept.read, args=(process.stdout,), name="output", daemon=True)
    reader.start()
    try:
        code: int | None = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        code = None
    # A daemon that the program left behind may hold the pipe open; what it prints is not waited for.
    reader.join(1.0)
    return Finished(code, kept.text())


class _Kept:
    """The head and the tail of a stream, and how much lay between."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._size = 0

    def read(self, stream: IO[bytes]) -> None:
        with stream:
            while chunk := os.read(stream.fileno(), 65_536):
                self._size += len(chunk)
                room = _HEAD - len(self._head)
                self._head += chunk[:room]
                self._tail = (self._tail + chunk[room:])[-_TAIL:]

    def text(self) -> str:
        left_out = self._size - len(self._head) - len(self._tail)
        # Written out, hidden characters take more room: each part is cut to half of what a result keeps.
        half = OUTPUT_LIMIT // 2 - 200
        head = printable(self._head.decode("utf-8", "replace"))
        tail = printable(self._tail.decode("utf-8", "replace"))
        if left_out <= 0 and len(head) <= half and len(tail) <= half:
            return head + tail
        return f"{head[:half]}\n[a part is left out; the output has {self._size} bytes]\n{tail[-half:]}"


_HIDDEN = re.compile(r"[^\S\n\t ]|[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def printable(text: str) -> str:
    """Return `text` with its control, bidi and zero-width characters shown as escapes, line ends kept."""
    return _HIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode(), text.replace("\r\n", "\n"))
