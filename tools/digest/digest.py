"""The digest of one source, of several merged, and the convenience of both."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from ..redaction import Redactor
from .blocks import BlockReader
from .build import build_digest
from .collect import Collector
from .merge import merge_digests
from .models import LogDigest
from .parallel import collect_ranges, ranges_of
from .reading import read_blocks, reference_time, source_size
from .sources import LogSource, discover_sources
from .window import Window

EXACT_BYTES = 1 << 20  # logs up to this size, and as much of a stream, are read line by line

Progress = Callable[[int, int], None]


def digest_source(
    source: LogSource,
    *,
    window: Window,
    redactor: Redactor,
    alert_time: datetime | None = None,
    progress: Progress | None = None,
    processes: int = 1,
) -> LogDigest:
    """Read all of one source into a bounded digest (200 kB at most as JSON).

    `progress(bytes, lines)` is called after each block with what was read since the last call."""
    reference = reference_time(source, alert_time)
    problems: list[str] = []
    ranges = ranges_of(source, processes)
    collector = collect_ranges(source, ranges, window, reference, progress) if len(ranges) > 1 else None
    if collector is None:
        collector = Collector(source.id, source.name, window=window, reference=reference)
        small = (source_size(source) or 0) < EXACT_BYTES
        reader = BlockReader(collector, exact_bytes=EXACT_BYTES if small else 0)
        for block in read_blocks(source, problems):
            count = reader.add(block)
            if progress:
                progress(len(block), count)
        reader.finish()
    pivot = reference.timestamp() if alert_time is not None else None
    digest = build_digest(collector, redactor, pivot=pivot, notes=problems)
    digest.unread = list(problems)
    return digest


def digest_logs(
    paths: Sequence[str | Path],
    *,
    window: Window | None = None,
    redactor: Redactor | None = None,
    alert_time: datetime | None = None,
    processes: int = 1,
    progress: Progress | None = None,
) -> LogDigest:
    """Discover, read and merge: the digest of all logs behind `paths`.

    Raises InputError if nothing can be read; what cannot be read in part is named in the digest's notes."""
    sources, notes = discover_sources(paths)
    redactor = redactor or Redactor()
    parts = [
        digest_source(
            source,
            window=window or Window(),
            redactor=redactor,
            alert_time=alert_time,
            progress=progress,
            processes=processes,
        )
        for source in sources
    ]
    digest = merge_digests(parts, alert_time=alert_time)
    digest.notes = notes + digest.notes
    digest.unread = notes + digest.unread
    return digest
