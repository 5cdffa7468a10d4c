"""Clocks that differ, by the logs' own times: two logs of one incident that never overlap, a time that jumps back."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import combinations, pairwise

from ...tools.digest.models import EvidenceLine, LogDigest, SourceInfo
from .causality import EFFECTS, SURFACE
from .signs import Sign

_MODE = "clock-skew"
_FEW = 3  # lines below which a log's span of time says nothing
_LEAST, _MOST = 60.0, 12 * 3600.0  # seconds
_ZONE, _NEAR = 1800.0, 90.0  # seconds: what two time zones differ by is no skew
_STRENGTH, _ALONE = 0.65, 0.35
_TIME, _BEGIN = re.compile(r"\d\d:\d\d|\b1\d{9}"), 80  # a line without one has the time of the line before it
_FROM_BOOT = ("kern", "dmesg")  # their times are counted from the start of the machine
# What makes two logs that do not overlap more than a coincidence: a check of time or order fails.
_TELLING = EFFECTS[_MODE] - SURFACE


def clock_signs(digest: LogDigest, found: Iterable[Sign]) -> list[Sign]:
    """Return the signs of differing clocks; they are strong if one of `found` is what a wrong clock causes."""
    lines = list(_jumps(digest))
    if not lines:
        lines = [line for pair in _apart(digest) for line in pair]
    telling = any(sign.mode in _TELLING and sign.weight >= 2 for sign in found)
    strength = _STRENGTH if telling else _ALONE
    return [Sign(_MODE, "times differ", line, 2, strength, None) for line in lines[:2]]


def _jumps(digest: LogDigest) -> Iterator[EvidenceLine]:
    """Yield the lines at which a log's time jumps back for good."""
    for source in digest.sources:
        lines = [line for line in digest.evidence if line.source == source.name and line.time]
        for before, after in pairwise(sorted(lines, key=lambda line: line.line)):
            if not _is_skew(_seconds(after.time, before.time)):
                continue
            since = [line.time for line in lines if line.line >= after.line and line.time]
            if len(since) > 1 and max(since) < (before.time or ""):  # one alone came late, no more
                yield before
                yield after


def _apart(digest: LogDigest) -> Iterator[tuple[EvidenceLine, EvidenceLine]]:
    """Yield, for two logs of which one ends before the other begins, those two lines."""
    sources = [source for source in digest.sources if _is_dated(source, digest.evidence)]
    for one, other in combinations(sources, 2):
        early, late = sorted((one, other), key=lambda source: source.first or "")
        if not _is_skew(_seconds(early.last, late.first)):
            continue
        ends = [line for line in digest.evidence if line.source == early.name and line.time]
        begins = [line for line in digest.evidence if line.source == late.name and line.time]
        if ends and begins:
            yield (
                max(ends, key=lambda line: line.time or ""),
                min(begins, key=lambda line: line.time or ""),
            )


def _is_dated(source: SourceInfo, evidence: Iterable[EvidenceLine]) -> bool:
    """Return whether the lines of a log mostly carry their times, unlike a form with a date in a field."""
    own = [bool(_TIME.search(line.text[:_BEGIN])) for line in evidence if line.source == source.name]
    return (
        bool(source.first and source.last)
        and source.lines_read >= _FEW
        and sum(own) * 2 > len(own)
        and not any(word in source.name.lower() for word in _FROM_BOOT)
    )


def _is_skew(seconds: float) -> bool:
    off = abs(seconds - round(seconds / _ZONE) * _ZONE)
    return _LEAST < seconds < _MOST and (off > _NEAR or seconds < _ZONE / 2)


def _seconds(earlier: str | None, later: str | None) -> float:
    if earlier is None or later is None:
        return 0.0
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
