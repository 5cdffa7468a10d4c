"""The gate's own process; see `start_gate`. Standard library only: it must start fast and depend on nothing.

Reads its order as JSON from stdin. Exits with 97 if the key was taken, else with 0 when it has written its result.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

_HALF = 10_000
"""Bytes kept of the output's beginning, and as many of its end: an error is mostly there."""


def main() -> int:
    """Pass the gate, run the program, write its result."""
    order = json.loads(sys.stdin.buffer.read())
    folder, key = Path(order["folder"]), order["key"]
    try:
        descriptor = os.open(folder / f"{key}.start", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return 97
    fields = Path("/proc/self/stat").read_text(errors="replace").rpartition(")")[2].split()
    _write(descriptor, f"{os.getpid()} {fields[19]}".encode("ascii"))
    _sync(folder)
    kept, code, timed_out = _run(order)
    output = bytes(kept.head + kept.tail)
    _write(os.open(folder / f"{key}.output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), output)
    draft = folder / f"{key}.result.{os.getpid()}"
    ended = {"code": code, "timed_out": timed_out, "head": len(kept.head), "left_out": kept.left_out}
    said = json.dumps(ended).encode("ascii")
    _write(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), said)
    draft.replace(folder / f"{key}.result")
    _sync(folder)
    return 0


class _Kept:
    """The beginning and the end of an output, and how many bytes lay between them."""

    def __init__(self) -> None:
        self.head = bytearray()
        self.tail = bytearray()
        self.left_out = 0

    def take(self, chunk: bytes) -> None:
        room = _HALF - len(self.head)
        self.head += chunk[:room]
        self.tail += chunk[room:]
        too_much = max(0, len(self.tail) - _HALF)
        self.left_out += too_much
        del self.tail[:too_much]


def _run(order: "dict[str, object]") -> "tuple[_Kept, int | None, bool]":
    """Run the program; return its output, exit code, and whether it was stopped."""
    kept = _Kept()
    try:
        program = subprocess.Popen(  # noqa: S603 - an argv from the catalogue, no shell
            order["argv"], env=order["env"], cwd=order["cwd"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, umask=0o077,
        )  # type: ignore[call-overload]  # fmt: skip
    except OSError as error:
        kept.take(f"cannot be started: {error}".encode())
        return kept, 127, False
    stopped = threading.Event()

    def stop() -> None:
        stopped.set()
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)

    timer = threading.Timer(float(str(order["timeout"])), stop)
    timer.daemon = True
    timer.start()

    def read() -> None:
        while chunk := program.stdout.read1(65_536):
            kept.take(chunk)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    code = program.wait()
    timer.cancel()
    reader.join(1)  # a daemon that the program has started may hold its output open for ever
    return kept, code, stopped.is_set()


def _write(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
