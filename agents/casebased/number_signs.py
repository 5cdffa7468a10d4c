"""What numbers show without a word of complaint: a resource at its limit, a slow statement, a clock that is off.

Metrics and log lines are read by the same rules: names are words, with a role (`max`, `used`, `free`) and a unit.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from ...tools.digest.models import LogDigest
from ...tools.metric_reading import is_metric
from .quantities import climbing, harmful, used_up
from .readings import COUNTER, FREE, LIMIT, USED, Reading, reading_of_metric, readings_of_line
from .signs import Sign

_FULL = 0.97  # of a limit
_USED_UP = 0.55
_STATE = 0.7
_LONG = 0.45
_RISEN = 3  # times its lowest value
_ENOUGH, _ENOUGH_SECONDS = 10, 1  # a value below is no backlog
_STILL = 0.5  # of its peak, that is left at the end
_SKEWED = 1.0  # seconds

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
# Gauges that are 0 when something stands still.
_STOPPED = [
    (re.compile(r"\bhas leader\b"), "quorum-loss"),
    (
        re.compile(r"\b(?:slave|replica) (?:io|sql)\w* running\b|\bwal receiver (?:up|status)\b"),
        "replication-failure",
    ),
]
_OFFSET = re.compile(
    r"\b(?:timex|clock|ntp|chrony|time)\b.*\b(?:offset|skew|drift|slow|fast|off)\b"
    r"|\bdiffers from (?:local|server) time\b"
)
# Durations that somebody set, not measured.
_PLANNED = re.compile(
    r"\b(?:time ?outs?|timed out|deadline|retry\w*|retries|interval|back ?off|ttl|keep ?alive)\b"
)
_LOST = re.compile(r"\bloss\b|\bretrans\w*")
_LOSS = 10.0  # percent
_EXPIRY = re.compile(r"\b(?:cert\w*|ssl|tls)\b.*\b(?:expir\w+|not after)\b")
# What took long, by the words of the line, from how many seconds on, and for which mode that speaks.
_LONG_TIMES = [
    (re.compile(words), seconds, mode)
    for words, seconds, mode in (
        (r"\b(?:event )?loop (?:lag|delay|blocked)\b", 0.5, "cpu-saturation"),
        (
            r"\b(?:gc|garbage)\b.*\b(?:pause\w*|stopped)\b|\bpause\b.*\bgc\b|\bapplication threads were stopped\b",
            1.0,
            "gc-pause",
        ),
        (r"\b(?:row |share)?lock\b.*\b(?:wait\w*|held)\b|\bwait\w*\b.*\block\b", 1.0, "lock-contention"),
        (
            r"\bselect\b.+\bfrom\b|\binsert into\b|\bupdate \w+ set\b|\bdelete from\b"
            r"|\bdocs examined\b|\bfull scan\b|\bno index\b",
            1.0,
            "slow-query",
        ),
        (
            r"\b(?:replica|standby|slave|secondary|replication)\b.*\b(?:lag|behind|delay)\b"
            r"|\bbehind (?:the |its )?(?:primary|provider|master|leader)\b",
            10.0,
            "replication-failure",
        ),
        (
            r"\boldest\b|\bbehind (?:real ?time|schedule)\b|\b(?:queue|backlog)\b.*\b(?:latency|age)\b",
            60.0,
            "queue-backlog",
        ),
    )
]
_OF_DATABASE = frozenset(("db", "sql", "query", "statement", "database"))


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
        told = _told_by_metric(reading) if is_metric(reading.line) else _told_by_line(reading)
        if told is not None:
            yield Sign(told[0], f"{reading.name} tells", reading.line, 2, told[1], None)


def _told_by_metric(reading: Reading) -> tuple[str, float] | None:
    if _OFFSET.search(reading.name) and (reading.seconds or 0.0) >= _SKEWED:
        return "clock-skew", _STATE
    if _EXPIRY.search(reading.name) and _is_past(reading):
        return "tls-certificate-expired", _STATE
    if reading.last == 0:
        return next(((mode, _STATE) for pattern, mode in _STOPPED if pattern.search(reading.name)), None)
    if reading.steady or not (_rises(reading) or reading.has(COUNTER)):
        return None
    told = harmful(reading.name)
    return told if told is not None or reading.has(COUNTER) else climbing(reading.name)


def _told_by_line(reading: Reading) -> tuple[str, float] | None:
    """Return what a duration, an offset or a loss on a log line says."""
    if reading.share and _LOST.search(reading.name) and reading.last >= _LOSS:
        return "network-failure", _LONG
    if reading.seconds is None or _PLANNED.search(reading.about):
        return None
    words = f"{reading.name} {reading.about}"
    if _OFFSET.search(reading.about) and reading.seconds >= _SKEWED:
        return "clock-skew", _LONG
    if reading.has(_OF_DATABASE) and reading.seconds >= 1.0:
        return "slow-query", _LONG
    return next(
        (
            (mode, _LONG)
            for pattern, least, mode in _LONG_TIMES
            if reading.seconds >= least and pattern.search(words)
        ),
        None,
    )


def _rises(reading: Reading) -> bool:
    """Whether it is still high at the end, after it was low."""
    enough = _ENOUGH_SECONDS if "seconds" in reading.words else _ENOUGH
    high = reading.maximum >= max(enough, _RISEN * reading.minimum)
    return high and reading.last >= _STILL * reading.maximum and reading.last > reading.first


def _is_past(reading: Reading) -> bool:
    """Return whether a certificate's end, as a time or as what is left, is over."""
    if reading.last < 1e9 or reading.line.time is None:
        return reading.last <= 0
    return reading.last <= datetime.fromisoformat(reading.line.time).timestamp()
