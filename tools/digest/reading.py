"""Reads sources as blocks of whole lines, decompressed, and says what could not be read."""

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

import zstandard

from .sources import STDIN, LogSource

BLOCK = 1 << 20
MAX_LINE = 8 << 20  # a longer line is handed on in pieces, so that memory stays bounded
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, ValueError)


@contextmanager
def open_stream(path: str) -> Iterator[IO[bytes]]:
    """Open a file for reading, decompressed by its magic number (not its name); `-` is stdin."""
    if path == STDIN:
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as file:
        head = file.read(6)
        file.seek(0)
        kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")
        if not kind:
            yield file
            return
        with _unpacked(file, kind) as stream:
            yield stream


def _unpacked(file: IO[bytes], kind: str) -> IO[bytes]:
    if kind == "gzip":
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if kind == "zstd":
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        return cast(IO[bytes], io.BufferedReader(reader))
    return cast(IO[bytes], bz2.BZ2File(file) if kind == "bz2" else lzma.LZMAFile(file))


def is_compressed(path: str) -> bool:
    """Return whether a file begins like a compressed one."""
    with Path(path).open("rb") as file:
        head = file.read(6)
    return any(head.startswith(magic) for magic in _MAGIC)


def cut_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks cut at line ends; the last line gets a line end if it has none."""
    rest = b""
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if not cut and len(rest) + len(chunk) < MAX_LINE:
            rest += chunk
            continue
        if not cut:  # a line too long to hold: hand it on in pieces, each counted as a line
            yield rest + chunk + b"\n"
            rest = b""
            continue
        yield rest + chunk[:cut]
        rest = chunk[cut:]
    if rest:
        yield rest + b"\n"


def read_blocks(source: LogSource, problems: list[str]) -> Iterator[bytes]:
    """Yield blocks of whole lines; problems met are added to `problems`.

    A file that ends early, breaks off or disappears gives what could be read of it."""
    size = block_size(source)
    for path in source.paths:
        yield from cut_lines(_chunks(path, size, problems))


def _chunks(path: str, size: int, problems: list[str]) -> Iterator[bytes]:
    try:
        with open_stream(path) as stream:
            yield from _pieces(stream, size)
    except _BROKEN as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        problems.append(f"{path}: {reason or type(error).__name__}; read up to there")


def _pieces(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield pieces of about `size` bytes; what was unpacked before an error comes before the error."""
    read = getattr(stream, "read1", stream.read)  # `read` drops what it has when a compressed file breaks off
    held: list[bytes] = []
    missing = size
    error: BaseException | None = None
    while missing > 0:
        try:
            piece = read(missing)
        except _BROKEN as problem:
            piece, error = b"", problem
        held.append(piece)
        missing -= len(piece)
        if missing <= 0 or not piece:
            yield b"".join(held)
            held.clear()
            missing = size if piece else 0
    if error is not None:
        raise error


def block_size(source: LogSource) -> int:
    """Bytes per block: small enough for about 256 slices of time, large enough to be worth the work per block."""
    return min(max((source_size(source) or BLOCK << 8) // 256, 1 << 15), BLOCK)


def source_size(source: LogSource) -> int | None:
    """Bytes on disk, None for stdin."""
    try:
        return None if STDIN in source.paths else sum(Path(path).stat().st_size for path in source.paths)
    except OSError:
        return None


def reference_time(source: LogSource, alert_time: datetime | None) -> datetime:
    """The moment by which stamps without a year or date are completed: the alert's, else the file's age, else now."""
    if alert_time is not None:
        return alert_time if alert_time.tzinfo else alert_time.replace(tzinfo=UTC)
    try:
        return datetime.fromtimestamp(Path(source.paths[-1]).stat().st_mtime, UTC)
    except OSError:
        return datetime.now(UTC)
