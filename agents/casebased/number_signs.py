"""What numbers show without a word of complaint: a resource at its limit, a slow statement, a clock that is off.

Metrics and log lines are read by the same rules: names are words, with a role (`max`, `used`, `free`) and a unit.
"""

import re
from collections.abc import Iterator, Sequence

from ...tools.digest.models import LogDigest
from ...tools.metric_reading import is_metric
from .quantities import used_up
from .readings import COUNTER, FREE, LIMIT, USED, Reading, reading_of_metric, readings_of_line
from .signs import Sign
from .telling_numbers import told_by_line, told_by_metric

_FULL = 0.97  # of a limit
_USED_UP = 0.55
_GOOD = frozenset(
    ("hit", "hits", "success", "successful", "successfully", "availability", "uptime", "healthy", "ready", "cached",
     "compiled", "loaded", "completed", "complete", "done", "progress", "uploaded", "downloaded", "read", "sent", "req")
)  # fmt: skip
_NONE_LEFT = FREE - {"remaining", "left"}  # `0 remaining in queue` is good
_FRACTIONS = frozenset(("ratio", "utilization", "utilisation", "usage"))
_FILES = frozenset(("filesystem", "disk", "volume", "fs"))
_CACHES = re.compile(r"\b(?:redis|memcached|valkey|cache|lru)\b")
_CACHE_IS_FULL = re.compile(r"\b(?:evict\w*|lru|memory|full)\b")
_POOLED = re.compile(r"\b(?:pool|idle|acquire\w*|wait count)\b")  # connections that are lent and come back


def number_signs(digest: LogDigest) -> list[Sign]:
    """Return the signs in the numbers of the evidence, one of a line and mode at most."""
    found: dict[tuple[str, str], Sign] = {}
    for group in _groups(digest):
        for sign in (*_at_their_limit(group), *_telling(group)):
            found.setdefault((sign.line.id, sign.mode), sign)
    return list(found.values())


def _groups(digest: LogDigest) -> Iterator[list[Reading]]:
    """Yield what is read together: the metrics of a source, the numbers of a line."""
    metrics: dict[str, list[Reading]] = {}
    for line in digest.evidence:
        if line.id in digest.suspicious:
            continue
        if not is_metric(line):
            yield readings_of_line(line)
        elif (reading := reading_of_metric(line)) is not None:
            metrics.setdefault(line.source, []).append(reading)
    yield from metrics.values()


def _at_their_limit(group: Sequence[Reading]) -> Iterator[Sign]:
    """Yield what came up to the limit that stands beside it, is all of a share, or has nothing left."""
    for reading in group:
        if _is_limit(reading) or _is_good(reading):
            continue
        limit = _limit_of(reading, group)
        if limit is not None:
            full = _is_full(reading, limit.last)
        elif reading.share or reading.has(_FRACTIONS):
            fraction = not reading.share and reading.maximum <= 1.0
            full = _is_full(reading, 1.0 if fraction else 100.0)
        else:
            moved = reading.first > 0 or not is_metric(reading.line)
            full = reading.has(_NONE_LEFT) and reading.last == 0 and moved
        if full and (mode := _resource(reading)) is not None:
            yield Sign(mode, "limit reached", reading.line, 2, _USED_UP, None)


def _is_full(reading: Reading, whole: float) -> bool:
    left = reading.minimum if reading.has(FREE) else whole - reading.maximum
    return whole > 0 and 0 <= left <= (1 - _FULL) * whole


def _is_limit(reading: Reading) -> bool:
    """Whether it is a limit: one does not move."""
    if reading.role:
        return reading.role == "limit"
    named = reading.has(LIMIT | COUNTER) if is_metric(reading.line) else reading.has(LIMIT)
    return named and reading.steady and reading.last > 1


def _is_good(reading: Reading) -> bool:
    """Whether it is good that it is high: hits, finished work. What is said to be taken is not."""
    return reading.has(_GOOD) and not reading.has(USED)


def _limit_of(reading: Reading, group: Sequence[Reading]) -> Reading | None:
    limits = [other for other in group if other is not reading and _is_limit(other) and other.last > 1]
    if is_metric(reading.line):
        fitting = [
            other
            for other in limits
            if other.about == reading.about and other.stem and other.stem == reading.stem
        ]
        return next(iter(fitting), None)
    if reading.seconds is not None or reading.share:
        return None
    alike = [
        other
        for other in limits
        if other.stem == reading.stem and other.role == ("limit" if reading.role else "")
    ]
    if alike or reading.role:
        return next(iter(alike), None)
    # A limit without a name of its own is of what is said to be taken, else of what stands before it.
    place = group.index(reading)
    follows = group[place + 1] if place + 1 < len(group) else None
    unnamed = [other for other in limits if not other.stem and (other is follows or reading.has(USED))]
    return next(iter(unnamed), None)


def _resource(reading: Reading) -> str | None:
    if _CACHES.search(reading.name) and reading.has(frozenset(("memory", "bytes", "size", "entries"))):
        return "cache-memory-full"
    if reading.has(_FILES):
        of_files = reading.has(frozenset(("files", "inodes")))  # node_filesystem_files_free counts inodes
        return "file-descriptor-exhaustion" if of_files else "disk-full"
    if is_metric(reading.line):
        return used_up(f"{reading.name} {reading.about}")
    mode = used_up(reading.name) or used_up(reading.about)
    if mode == "cache-memory-full" and not _CACHE_IS_FULL.search(reading.about):
        return None  # much is put into caches, `7/7 compiled to cache`
    if mode == "too-many-connections" and _POOLED.search(reading.about):
        return "db-connection-pool-exhausted"
    return mode


def _telling(group: Sequence[Reading]) -> Iterator[Sign]:
    """Yield what a number says by itself."""
    for reading in group:
        told = told_by_metric(reading) if is_metric(reading.line) else told_by_line(reading)
        if told is not None:
            yield Sign(told[0], f"{reading.name} tells", reading.line, 2, told[1], None)
