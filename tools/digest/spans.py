"""The span of time that a block of lines covers, from a few of its stamps."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from .collect import Collector

_SAMPLES = 12  # lines per block whose stamps are read, to know the block's span and whether it is in order


class Span(NamedTuple):
    """First and last time stamp of a block, and whether all sampled ones are in order."""

    first: float
    last: float
    ordered: bool


def span_of(collector: Collector, lines: Sequence[bytes]) -> Span | None:
    """Read the stamps of the first, the last and some lines in between; None if there are none."""
    time_of, times = collector.section.parser.time_of, []
    step = max(len(lines) // _SAMPLES, 1)
    for start in (*range(0, len(lines) - 1, step), len(lines) - 1):
        direction = -1 if start == len(lines) - 1 else 1
        for number in range(start, max(min(start + 40 * direction, len(lines)), -1), direction):
            moment = time_of(collector.clean(lines[number][:2000]))
            if moment is not None:
                times.append(moment)
                break
    if not times:
        return None
    ordered = all(a <= b + 1 for a, b in pairwise(times))
    return Span(min(times), max(times), ordered)
