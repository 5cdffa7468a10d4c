"""What metrics show by their numbers: a resource at its limit, a backlog that grows, a replica that stopped.

Names are read as exporters build them: words, units, a role (`max`, `used`, `free`), labels in braces.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ...tools.digest.models import EvidenceLine, LogDigest
from ...tools.metric_reading import is_metric
from ...tools.metrics import MetricCourse, metric_course
from .quantities import climbing, used_up
from .signs import Sign

_FULL = 0.97  # of a limit
_USED_UP = 0.55
_STATE = 0.7
_RISEN = 3  # times its lowest value
_ENOUGH, _ENOUGH_SECONDS = 10, 1  # a value below is no backlog
_STILL = 0.5  # of its peak, that is left at the end
_SKEWED = 1.0  # seconds

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_LIMIT = frozenset(("max", "maximum", "limit", "limits", "capacity", "size"))
_FREE = frozenset(("free", "available", "avail", "idle", "remaining", "left"))
_USED = frozenset(
    ("used", "active", "open", "current", "busy", "usage", "connected", "borrowed", "allocated")
)
_COUNTER = frozenset(("total", "sum"))
_BESIDE = frozenset(("bytes", "count", "number", "in", "use", "config", "spec", "settings", "status"))
_SHARE = frozenset(("percent", "pct", "percentage", "ratio", "utilization", "utilisation"))
_GOOD = frozenset(("hit", "hits", "success", "availability", "uptime", "healthy", "ready"))
_FILES = frozenset(("filesystem", "disk", "volume", "fs"))

# Counters and gauges that no healthy system raises, by their words.
_HARMFUL = [
    (re.compile(names), mode, strength)
    for names, mode, strength in (
        (r"\bevict(?:ed|ions?)\b", "cache-memory-full", 0.55),
        (r"\boom (?:kills?|events)\b", "oom-killed", 0.7),
        (r"\bcfs throttled\b|\bcpu throttl\w+", "cpu-saturation", 0.6),
        (r"\bdeadlocks?\b", "lock-contention", 0.55),
        (r"\b(?:connections?|pool|hikari\w*) pending\b|\bpool wait\w*", "db-connection-pool-exhausted", 0.6),
        (r"\b(?:retrans\w*|(?:receive|transmit) (?:errs|drop)|packet loss)\b", "network-failure", 0.45),
        (r"\b(?:edac|uncorrect\w+|reallocated|media errors)\b", "hardware-fault", 0.6),
        (r"\bgc (?:pause|collection)?\s?(?:seconds|time|duration)\b|\bgc pause\b", "gc-pause", 0.45),
    )
]
# Gauges that are 0 when something stands still.
_STOPPED = [
    (re.compile(r"\bhas leader\b"), "quorum-loss"),
    (
        re.compile(r"\b(?:slave|replica) (?:io|sql)\w* running\b|\bwal receiver (?:up|status)\b"),
        "replication-failure",
    ),
]
_OFFSET = re.compile(r"\b(?:timex|clock|ntp|chrony|time)\b.*\b(?:offset|skew|drift)\b")
_EXPIRY = re.compile(r"\b(?:cert\w*|ssl|tls)\b.*\b(?:expir\w+|not after)\b")
_CACHES = re.compile(r"\b(?:redis|memcached|valkey|cache)\b")


@dataclass(frozen=True)
class _Metric:
    line: EvidenceLine
    course: MetricCourse
    words: tuple[str, ...]
    labels: str

    @property
    def name(self) -> str:
        """The words of its name, without labels."""
        return " ".join(self.words)

    @property
    def is_limit(self) -> bool:
        """Whether it is a limit: one does not move."""
        named = not _LIMIT.union(_COUNTER).isdisjoint(self.words)
        return named and self.course.steady and self.course.last > 1

    @property
    def is_free(self) -> bool:
        """Whether it tells what is left."""
        return not _FREE.isdisjoint(self.words)

    @property
    def is_counter(self) -> bool:
        """Whether it only ever grows."""
        return not _COUNTER.isdisjoint(self.words)

    @property
    def stem(self) -> frozenset[str]:
        """What is measured, without role and unit."""
        return frozenset(self.words) - _LIMIT - _FREE - _USED - _COUNTER - _BESIDE

    @property
    def rises(self) -> bool:
        """Whether it is still high at the end, after it was low."""
        low, last, high = self.course.minimum, self.course.last, self.course.maximum
        enough = _ENOUGH_SECONDS if "seconds" in self.words else _ENOUGH
        return high >= max(enough, _RISEN * low) and last >= _STILL * high and last > self.course.first


def metric_signs(digest: LogDigest) -> list[Sign]:
    """Return the signs in the metrics among the evidence, one of a metric at most."""
    metrics = [
        _metric(line, course)
        for line in digest.evidence
        if is_metric(line) and line.id not in digest.suspicious and (course := metric_course(line.text))
    ]
    found: dict[str, Sign] = {}
    for sign in (*_at_their_limit(metrics), *_telling(metrics)):
        found.setdefault(sign.line.id, sign)
    return list(found.values())


def _metric(line: EvidenceLine, course: MetricCourse) -> _Metric:
    base, _, labels = course.name.partition("{")
    words = [word.lower() for word in _WORD.findall(base)]
    # `maxclients` and `maxmemory` are one word where they are set.
    parts = [
        part for word in words for part in (("max", word[3:]) if re.match(r"max\w{3}", word) else (word,))
    ]
    return _Metric(line, course, tuple(parts), labels)


def _at_their_limit(metrics: Sequence[_Metric]) -> Iterator[Sign]:
    """Yield what came up to the limit that is measured beside it, or is a share of it."""
    for metric in metrics:
        limit = next((other.course.last for other in metrics if _limits(other, metric)), None)
        if limit is not None:
            left = metric.course.minimum if metric.is_free else limit - metric.course.maximum
            full = 0 <= left <= (1 - _FULL) * limit
        elif not _SHARE.isdisjoint(metric.words) and _GOOD.isdisjoint(metric.words):
            whole = 1.0 if metric.course.maximum <= 1.0 and "percent" not in metric.words else 100.0
            left = metric.course.minimum if metric.is_free else whole - metric.course.maximum
            full = 0 <= left <= (1 - _FULL) * whole
        else:
            continue
        mode = _resource(metric)
        if full and mode is not None:
            yield Sign(mode, "limit reached", metric.line, 2, _USED_UP, None)


def _limits(limit: _Metric, metric: _Metric) -> bool:
    return (
        limit is not metric
        and limit.is_limit
        and not metric.is_limit
        and limit.line.source == metric.line.source
        and limit.labels == metric.labels
        and bool(metric.stem)
        and limit.stem == metric.stem
    )


def _resource(metric: _Metric) -> str | None:
    if _CACHES.search(metric.name) and "memory" in metric.words:
        return "cache-memory-full"
    if not _FILES.isdisjoint(metric.words) and "files" not in metric.words and "inodes" not in metric.words:
        return "disk-full"
    if not _FILES.isdisjoint(metric.words):
        return "file-descriptor-exhaustion"  # node_filesystem_files_free counts inodes
    return used_up(f"{metric.name} {metric.labels}")


def _telling(metrics: Iterable[_Metric]) -> Iterator[Sign]:
    """Yield what a metric says by itself."""
    for metric in metrics:
        course = metric.course
        told: tuple[str, float] | None = None
        if _OFFSET.search(metric.name) and max(abs(course.minimum), abs(course.maximum)) >= _skewed(metric):
            told = "clock-skew", _STATE
        elif _EXPIRY.search(metric.name) and _is_past(metric):
            told = "tls-certificate-expired", _STATE
        elif course.last == 0:
            told = next(((mode, _STATE) for pattern, mode in _STOPPED if pattern.search(metric.name)), None)
        elif not course.steady and (metric.rises or metric.is_counter):
            told = next(
                ((mode, part) for pattern, mode, part in _HARMFUL if pattern.search(metric.name)), None
            )
            if told is None and metric.rises and not metric.is_counter:
                told = climbing(metric.name)
        if told is not None:
            yield Sign(told[0], f"{course.name} tells", metric.line, 2, told[1], None)


def _skewed(metric: _Metric) -> float:
    return _SKEWED * (1000 if {"ms", "milliseconds"} & set(metric.words) else 1)


def _is_past(metric: _Metric) -> bool:
    """Return whether a certificate's end, as a time or as what is left, is over."""
    last = metric.course.last
    if last < 1e9 or metric.line.time is None:
        return last <= 0
    return last <= datetime.fromisoformat(metric.line.time).timestamp()
