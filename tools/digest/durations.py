"""The slowest of some lines, by the durations that they print: `duration: 123.2 ms`, `200 1226ms`, `elapsed=1.9s`."""

import re
from collections.abc import Sequence

from .groups import Line

_MILLISECONDS = {"us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3, "secs": 1e3, "seconds": 1e3}
_DURATION = re.compile(r"(?<![\w.:-])(\d{1,9}(?:\.\d{1,9})?) ?(us|µs|ms|s|secs?|seconds)\b")
_FACTOR = 1.5  # how much slower than the lines shown anyway a line is worth showing


def slowest(samples: Sequence[Line], shown: Sequence[Line]) -> Line | None:
    """Return the line of `samples` with the longest duration, if it is far above those of the lines `shown`."""
    known = {line.number for line in shown}
    durations = [(_longest(line), line) for line in samples if line.number not in known]
    if not durations:
        return None
    longest, line = max(durations, key=lambda pair: pair[0])
    return line if longest > _FACTOR * max(map(_longest, shown), default=0.0) else None


def _longest(line: Line) -> float:
    """Return the longest duration on a line in milliseconds; 0 without any."""
    text = line.raw[:2000].decode(errors="replace")
    return max((float(number) * _MILLISECONDS[unit] for number, unit in _DURATION.findall(text)), default=0.0)
