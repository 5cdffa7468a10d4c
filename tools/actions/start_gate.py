"""The start gate: a local program is started at most once per key, whoever asks, however late.

`run` starts this module as a small process of its own, in a session of its own: it creates `KEY.start` with
O_CREAT|O_EXCL (and puts it on disk) before it starts the program, and writes `KEY.result` by rename after
the program has ended. A worker that stalled and lost its claim finds the start file there and starts nothing;
one that dies leaves a program that still ends and reports. `probe` tells what became of a key, and closes
the gate of one that has not started, so that it never will.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from ..errors import InputError

GATE_CLOSED = 97
"""Exit code of a gate that found the key taken."""
_KEY = re.compile(r"[0-9A-Za-z._-]{1,150}")
_CLOSED = "closed"


class GateResult(BaseModel):
    """What became of a key.

    `ended`: the program has ended, see `code`. `running`: it still runs. `never`: it was not started and no longer
    can be. `refused`: this call started nothing, since the key was taken. `unknown`: it was started and its
    gate died before it could say how it ended. `timed_out`: it was stopped after its time-out.
    """

    state: Literal["ended", "running", "never", "refused", "unknown", "timed_out"]
    code: int | None = Field(None, description="Exit code; negative for a signal.")
    output: str = Field(
        "", description="Output and errors: beginning and end, bytes that are no UTF-8 written out."
    )


def run(
    argv: Sequence[str],
    key: str,
    folder: Path,
    timeout: float,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> GateResult:
    """Start `argv` behind the gate of `key` in `folder` and wait for its end; `timeout` is in seconds.

    The environment is only what `env` gives; stdin is empty; there is no shell. After the time-out the program's
    whole session is stopped. Raises `InputError` for an argv whose program is no absolute path.
    """
    _check(argv, key)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    order = {"argv": list(argv), "key": key, "folder": str(folder.resolve()), "timeout": timeout,
             "env": dict(env or {}), "cwd": str(cwd or Path("/"))}  # fmt: skip
    gate = subprocess.run(  # noqa: S603 - this very file, with the order on its stdin
        [sys.executable, "-I", "-S", str(Path(__file__).with_name("start_gate_child.py"))],
        input=json.dumps(order).encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={}, cwd="/", start_new_session=True, check=False,
    )  # fmt: skip
    if gate.returncode == GATE_CLOSED:
        return GateResult(state="refused", output="the start gate of this action was taken already")
    return _known(key, folder) or GateResult(
        state="unknown", output="the start gate died before the program ended"
    )


def probe(key: str, folder: Path) -> GateResult:
    """Tell what became of a key. One that was not started is closed first: the answer `never` stays true."""
    _check(["/"], key)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    start = folder / f"{key}.start"
    with suppress(FileExistsError):
        descriptor = os.open(start, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(_CLOSED)
            file.flush()
            os.fsync(file.fileno())
        return GateResult(state="never")
    known = _known(key, folder)
    if known is not None:
        return known
    said = start.read_text(encoding="ascii", errors="replace").split()
    if said == [_CLOSED]:
        return GateResult(state="never")
    if len(said) == 2 and _started_at(said[0]) == said[1]:
        return GateResult(state="running")
    return _known(key, folder) or GateResult(state="unknown")


def forget_output(key: str, folder: Path) -> None:
    """Empty what is kept of a program's output, once whoever asked for it has it: it is not redacted."""
    _check(["/"], key)
    with suppress(FileNotFoundError):
        os.truncate(folder / f"{key}.output", 0)


def _known(key: str, folder: Path) -> GateResult | None:
    try:
        data = json.loads((folder / f"{key}.result").read_bytes())
        raw = (folder / f"{key}.output").read_bytes()
    except (OSError, ValueError):
        return None
    state = "timed_out" if data["timed_out"] else "ended"
    return GateResult(
        state=state, code=data["code"], output=_text(raw, data.get("head", 0), data.get("left_out", 0))
    )


def _text(raw: bytes, head: int, left_out: int) -> str:
    """Return kept output as text. A line that was cut is left out at the end: half a secret is not recognised."""
    if not left_out:
        return _decoded(raw)
    _cut_line, _, whole_lines = raw[head:].partition(b"\n")
    tail = whole_lines or raw[head:]
    return f"{_decoded(raw[:head])}\n... ({left_out} bytes left out)\n{_decoded(tail)}"


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def _check(argv: Sequence[str], key: str) -> None:
    if not argv or not argv[0].startswith("/") or any("\0" in part for part in argv):
        raise InputError(
            f"a program is started by its absolute path, without NUL in its arguments; got {argv!r}"
        )
    if not _KEY.fullmatch(key):
        raise InputError(f"{key!r} is no key of a start gate")


def _started_at(pid: str) -> str | None:
    try:
        fields = Path("/proc", pid, "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]
