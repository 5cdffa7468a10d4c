"""What to fetch next: the logs and figures that would settle the question, and of which minutes."""

from datetime import UTC, datetime, timedelta

from ...tools.alert import Alert
from ...tools.digest.models import LogDigest
from ...tools.metric_reading import is_metric
from .causality import SURFACE
from .objects import named_objects
from .ranking import Cause

_OWN_SIDE = frozenset({*SURFACE, "network-failure", "db-connection-pool-exhausted", "queue-backlog"})
_FIGURES = {
    "oom-killed": "The kernel log of the host ({kernel}) and the memory figures of {service}, {span}.",
    "native-crash": "The core dump or crash report of {service}, and the kernel log of the host ({kernel}).",
    "slow-query": "The plan of the statement (EXPLAIN) and the database's own log, {span}.",
    "cpu-saturation": "A profile or thread dump of a hot instance of {service}, and its CPU figures, {span}.",
    "heap-out-of-memory": "A heap dump of {service} and its memory figures of the hours before, {span}.",
}
_BEFORE, _AFTER = timedelta(minutes=30), timedelta(minutes=5)


def missing_evidence(alert: Alert, digest: LogDigest, cause: Cause | None) -> list[str]:
    """Return what to fetch next, most useful first; `cause` is None if none fits."""
    around = _around(alert, digest)
    span = f"{around[0]:%Y-%m-%d %H:%M} to {around[1]:%H:%M} UTC" if around else "around the alert"
    kernel = (
        f'journalctl -k --since "{around[0]:%F %T} UTC" --until "{around[1]:%F %T} UTC"'
        if around
        else "dmesg -T"
    )
    if cause is None:
        return _all(alert, digest, around, span, kernel)
    if cause.mode in _OWN_SIDE:
        objects = named_objects(line.text for line in digest.evidence)
        target = objects.get("ENDPOINT") or objects.get("HOST")
        what = f"what runs at {target}" if target else "the dependency itself"
        return [f"The log of {what}, {span}: it says why it does not answer."]
    if cause.mode in _FIGURES:
        return [_FIGURES[cause.mode].format(service=alert.service, span=span, kernel=kernel)]
    return []


def _all(
    alert: Alert, digest: LogDigest, around: tuple[datetime, datetime] | None, span: str, kernel: str
) -> list[str]:
    wanted = []
    first = _time(digest.first)
    if around is None or first is None or first > around[0]:
        begin = f" (those read begin at {first:%H:%M:%S})" if first else ""
        wanted.append(f"The logs of {alert.service}, with errors and warnings, {span}{begin}.")
    if digest.lines_outside_window:
        wanted.append(f"The {digest.lines_outside_window} lines that lie outside the time window.")
    wanted.append(f"The system log of the host of {alert.service}: {kernel}")
    if not any(map(is_metric, digest.evidence)):
        wanted.append(f"CPU, memory, disk and connection figures of {alert.service}, {span}.")
    day = f" in the 24 hours before {around[1]:%Y-%m-%d %H:%M} UTC" if around else " in the hours before"
    wanted.append(f"What was deployed or changed on {alert.service} and its dependencies{day}.")
    return wanted


def _around(alert: Alert, digest: LogDigest) -> tuple[datetime, datetime] | None:
    """Return the minutes that matter: before and just after the alert, else the last line."""
    moment = alert.timestamp.astimezone(UTC) if alert.timestamp else _time(digest.last)
    return (moment - _BEFORE, moment + _AFTER) if moment else None


def _time(stamp: str | None) -> datetime | None:
    return datetime.fromisoformat(stamp).astimezone(UTC) if stamp else None
