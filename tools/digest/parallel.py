"""Reads one big plain file with several processes: each takes a range of bytes, the collectors are joined in order."""

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, SpawnContext
from pathlib import Path

from .blocks import BlockReader
from .collect import Collector, Section
from .groups import Line, rebin
from .reading import BLOCK, cut_lines, is_compressed
from .sources import STDIN, LogSource
from .window import Window

MIN_BYTES = 32 << 20  # below, starting a process costs more than it saves
_SEARCH = 1 << 16

Progress = Callable[[int, int], None]


def ranges_of(source: LogSource, processes: int) -> list[tuple[int, int]]:
    """Return the byte ranges for each process, cut at record starts; one range or none if it is not worth it."""
    path = source.paths[0]
    if processes < 2 or len(source.paths) > 1 or path == STDIN or is_compressed(path):
        return []
    size = Path(path).stat().st_size
    if size < MIN_BYTES:
        return []
    borders = [0]
    with Path(path).open("rb") as file:
        for number in range(1, processes):
            start = size * number // processes
            file.seek(start)
            borders.append(start + _record_border(file.read(_SEARCH)))
    borders.append(size)
    return [(a, b) for a, b in pairwise(borders) if a < b]


def _record_border(data: bytes) -> int:
    """Return the offset of the first line that begins a record, as far as indentation tells."""
    place = data.find(b"\n") + 1
    while 0 < place < len(data) and data[place : place + 1] in (b" ", b"\t", b"C", b"\n"):
        place = data.find(b"\n", place) + 1
    return place


def collect_ranges(
    source: LogSource,
    ranges: list[tuple[int, int]],
    window: Window,
    reference: datetime,
    progress: Progress | None,
) -> Collector | None:
    """Read all ranges, the first in this process; None if headings in the file make ranges depend on each other."""
    context = _context()
    workers = []
    for begin, end in ranges[1:]:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(
            target=_work, args=(theirs, source, begin, end, window, reference), daemon=True
        )
        process.start()
        theirs.close()
        workers.append((process, ours))
    parts = [_read(source, *ranges[0], window, reference, progress)]
    for process, pipe in workers:
        part = _receive(pipe, progress)
        process.join()
        if part is None:
            raise RuntimeError("a reading process ended without a result")
        parts.append(part)
    if any(len(part.sections) > 1 or part.sections[0].id != source.id for part in parts):
        return None
    whole = parts[0]
    for part in parts[1:]:
        join(whole, part)
    return whole


def _context() -> ForkContext | SpawnContext:
    """Fork is only safe, and only quiet, without threads; spawn starts cleanly but slower."""
    if threading.active_count() == 1 and "fork" in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")


def _receive(pipe: Connection, progress: Progress | None) -> Collector | None:
    try:
        while True:
            message = pipe.recv()
            if isinstance(message, Collector):
                return message
            if progress:
                progress(*message)
    except EOFError:
        return None
    finally:
        pipe.close()


def _work(
    pipe: Connection, source: LogSource, begin: int, end: int, window: Window, reference: datetime
) -> None:
    def tell(size: int, lines: int) -> None:
        pipe.send((size, lines))

    pipe.send(_read(source, begin, end, window, reference, tell))
    pipe.close()


def _read(
    source: LogSource, begin: int, end: int, window: Window, reference: datetime, progress: Progress | None
) -> Collector:
    collector = Collector(source.id, source.name, window=window, reference=reference)
    reader = BlockReader(collector, exact_bytes=0)
    for block in _blocks(source.paths[0], begin, end):
        lines = reader.add(block)
        if progress:
            progress(len(block), lines)
    reader.finish()
    collector.forget_caches()
    return collector


def _blocks(path: str, begin: int, end: int) -> Iterator[bytes]:
    with Path(path).open("rb") as file:
        file.seek(begin)
        left = end - begin

        def chunks() -> Iterator[bytes]:
            nonlocal left
            while left > 0 and (chunk := file.read(min(BLOCK, left))):
                left -= len(chunk)
                yield chunk

        yield from cut_lines(chunks())


def join(whole: Collector, part: Collector) -> None:
    """Add a collector of the lines that follow `whole`'s."""
    base = whole.lines
    step = max(whole.bins.step, part.bins.step)
    for collector in (whole, part):
        if collector.bins.step < step:
            rebin(list(collector.groups.values()), collector.bins.widen(step))
    for identity, group in part.groups.items():
        group.first, group.last = _shift(group.first, base), _shift(group.last, base)
        group.samples = [_shift(line, base) for line in group.samples]
        group.others = [_shift(line, base) for line in group.others]
        known = whole.groups.get(identity)
        if known is None:
            whole.groups[identity] = group
        else:
            others = known.others
            known.absorb(group)
            known.others = others[:24]
    for trace in part.traces.traces.values():
        trace.evidence = [
            f"{whole.source_id}:{int(where.partition(':')[2]) + base}" for where in trace.evidence
        ]
        whole.traces.add(trace)
    whole.links.join(part.links, lambda line: _shift(line, base))
    whole.suspicious = (whole.suspicious + [_shift(line, base) for line in part.suspicious])[:20]
    whole.oddities.update(part.oddities)
    whole.lines += part.lines
    whole.outside += part.outside
    whole.unparsed += part.unparsed
    whole.coarse = max(whole.coarse, part.coarse)
    whole.dropped_shapes += part.dropped_shapes
    whole.dropped.absorb(part.dropped)
    _join_section(whole.sections[0], part.sections[0])


def _shift(line: Line, base: int) -> Line:
    return line._replace(number=line.number + base)


def _join_section(into: Section, part: Section) -> None:
    into.lines += part.lines
    into.bytes += part.bytes
    into.disorder += part.disorder
    into.formats.update(part.formats)
    into.parser.times.zone_assumed |= part.parser.times.zone_assumed
    for moment in (part.first, part.last):
        if moment is not None:
            into.note_time(moment)
