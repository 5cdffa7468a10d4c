"""How bad it is and for whom: severity, scope and possible triggers, from the evidence and the alert together."""

import re

from ...tools.alert import Alert, Severity
from ...tools.digest.models import LogDigest
from .changes import Change, changes_before
from .lines import is_trouble
from .programs import program_of
from .text import message, shortened

_LEVELS: tuple[Severity, ...] = ("low", "medium", "high", "critical")
_TOTAL = re.compile(
    r"\b(?:all|every|each|any|whole|entire|nothing|does not (?:start|come)|down|crash loop|unavailable|no longer)\b",
    re.I,
)
_PARTIAL = re.compile(
    r"\b(?:some|certain|part of|one of|single|a few|sometimes|occasionally|for a moment)\b", re.I
)
_TRIGGER = re.compile(r"\b(?:after|since|following|during|because of|when) (?:[^,;.]|\.(?=\d)){4,80}", re.I)
_MAX_TRIGGERS = 4
_TRIGGER_CHARACTERS = 120


def severity(alert: Alert, digest: LogDigest, *, healthy: bool) -> Severity:
    """Return the severity that alert and evidence support together."""
    if healthy:
        return "low"
    stated = _LEVELS.index(alert.severity)
    seen = 1
    if digest.levels.get("error", 0) + digest.levels.get("fatal", 0):
        seen = 2
    if digest.levels.get("fatal", 0) or _TOTAL.search(alert.message) or _failing_share(digest) > 0.5:
        seen = 3
    if _PARTIAL.search(alert.message) and seen > 1:
        seen -= 1
    return _LEVELS[(stated + seen + 1) // 2]


def scope(alert: Alert, digest: LogDigest, case_impact: str) -> str:
    """Return who and what is affected, with counts."""
    parts = [f"Affected: {', '.join(affected(alert, digest)[:5])}."]
    requests = sum(item.requests for item in digest.access)
    failing = _failing(digest)
    if requests and failing:
        worst = [path for item in digest.access for path in item.worst_paths][:3]
        where = f", most at {', '.join(worst)}" if worst else ""
        parts.append(f"{failing} of {requests} requests answered 5xx{where}.")
    if case_impact:
        parts.append(case_impact)
    return " ".join(parts)


def affected(alert: Alert, digest: LogDigest) -> list[str]:
    """Return the alert's service and every program that complains, most lines first."""
    counts: dict[str, int] = {}
    for line in digest.evidence:
        if is_trouble(line) and (name := program_of(line)):
            counts[name] = counts.get(name, 0) + 1
    ordered = sorted(counts, key=lambda name: -counts[name])
    return list(dict.fromkeys([alert.service, *ordered]))


def triggers(alert: Alert, digest: LogDigest, usual: list[str]) -> list[str]:
    """Return what may have set it off: changes in the logs, the closest first, what the alert says, the usual ones."""
    told = [match.group().strip() for match in _TRIGGER.finditer(alert.message)]
    general = [f"usually: {text}" for text in usual]  # no sign of it was seen here
    return list(dict.fromkeys([*change_words(digest), *told, *general]))[:_MAX_TRIGGERS]


def change_words(digest: LogDigest) -> list[str]:
    """Return the changes just before the first complaint as words: evidence id, time, how long before, the line."""
    return [
        f"{change.line.id}{_when(change)}: {shortened(message(change.line.text), _TRIGGER_CHARACTERS)}"
        for change in changes_before(digest)
    ]


def _when(change: Change) -> str:
    if change.line.time is None:
        return ""
    at = f" at {change.line.time[11:19]} UTC"
    if change.seconds_before is None:
        return at
    seconds = change.seconds_before
    span = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return f"{at}, {span} before the first complaint"


def _failing(digest: LogDigest) -> int:
    return sum(count for item in digest.access for code, count in item.status.items() if code[:1] == "5")


def _failing_share(digest: LogDigest) -> float:
    requests = sum(item.requests for item in digest.access)
    return _failing(digest) / requests if requests else 0.0
