# ruff: noqa: E501 - a pattern is read more easily on one line
"""Rates by status and latency percentiles of access logs: nginx, Apache, HAProxy, Squid and services that log alike."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from .collect import Collector
from .groups import Group
from .models import AccessStats

_METHOD = r"(?:GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS|CONNECT)"
# Each finds a status and a path, and a duration `s` or `ms` where the form has one.
_FORMS = [
    re.compile(pattern)
    for pattern in (
        rf'"{_METHOD} (?P<path>\S+)[^"]*" (?P<status>\d{{3}}) (?:\d+|-)(?: "[^"]*" "[^"]*")?(?:.*?(?:rt|request_time|time)[=:]"?(?P<s>\d+\.\d+)|.*?\s(?P<s2>\d+\.\d{{3,6}})"?$)?',
        rf'\s(?:-?\d+/){{4}}\+?(?P<ms>\d+) (?P<status>\d{{3}}|-1) .*"{_METHOD} (?P<path>\S+)',  # HAProxy: total time last
        rf"\s(?P<ms>\d+) \S+ [A-Z_]+/(?P<status>\d{{3}}) \d+ {_METHOD} (?P<path>\S+)",  # Squid
        rf"\b{_METHOD} (?P<path>/\S*) (?:-> )?(?P<status>[1-5]\d\d)\b(?:.*?\b(?P<ms>\d+(?:\.\d+)?) ?ms\b)?",
    )
]  # fmt: skip

MAX_SAMPLED = 30_000  # lines whose duration is read


class _Hit(NamedTuple):
    status: str
    path: str
    ms: float | None


def _read(text: str) -> _Hit | None:
    for form in _FORMS:
        match = form.search(text)
        if match:
            parts = match.groupdict()
            seconds = parts.get("s") or parts.get("s2")
            ms = float(seconds) * 1000 if seconds else (float(parts["ms"]) if parts.get("ms") else None)
            return _Hit(parts["status"], parts["path"].partition("?")[0], ms)
    return None


def access_stats(collector: Collector, groups: Sequence[Group]) -> list[AccessStats]:
    """Return the statistics per section; `groups` are those not merged yet, so that each has one status.

    Counts are exact; latencies come from the lines sampled of each group."""
    sampled_lines = max(MAX_SAMPLED // max(len(groups), 1), 1)
    status: dict[int, Counter[str]] = {}
    worst: dict[int, Counter[str]] = {}
    latency: dict[int, list[tuple[float, float]]] = {}
    for group in groups:
        hit = _read(collector.clean(group.first.raw))
        if hit is None:
            continue
        path = re.sub(r"\d+", "<*>", hit.path)
        for section, count in group.sections.items():
            status.setdefault(section, Counter())[hit.status] += count
            if hit.status >= "500" or hit.status == "-1":
                worst.setdefault(section, Counter())[path] += count
        samples = group.samples[:: -(-len(group.samples) // sampled_lines) or 1]
        weight = group.count / max(len(samples), 1)
        for line in samples:
            sampled = _read(collector.clean(line.raw))
            if sampled and sampled.ms is not None:
                latency.setdefault(line.section, []).append((sampled.ms, weight))
    return [
        AccessStats(
            source=collector.sections[section].id,
            requests=codes.total(),
            status=dict(codes.most_common(12)),
            latency_ms=_percentiles(latency.get(section, [])),
            worst_paths=dict(worst.get(section, Counter()).most_common(8)),
        )
        for section, codes in status.items()
    ]


def _percentiles(weighted: list[tuple[float, float]]) -> dict[str, float]:
    if not weighted:
        return {}
    weighted.sort()
    total, passed = sum(weight for _, weight in weighted), 0.0
    result: dict[str, float] = {}
    for value, weight in weighted:
        passed += weight
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            if name not in result and passed >= share * total:
                result[name] = value
    return result | {"max": weighted[-1][0]}
