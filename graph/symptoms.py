"""Looking at the symptom again after an action: the services' health, new error lines, the alert's metrics.

Reads only. What cannot be looked at is said, and counts neither for nor against.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ..tools.alert import Alert
from ..tools.digest import LogDigest, LogSource, Window, digest_source
from ..tools.errors import InputError
from ..tools.metric_reading import read_metric_source
from ..tools.metric_sources import MetricRef, MetricSource, metric_name
from ..tools.metrics import MetricSummary, read_metrics
from .dependencies import Dependencies, current_thread_id
from .models import Check, Plan, Verification
from .state import IncidentState

Result = Literal["better", "unchanged", "worse", "unknown"]

_BAD = ("fatal", "error")
_METRICS = 5
"""The metrics of each source that moved most are looked at."""


def look(state: IncidentState, plan: Plan, since: datetime, deps: Dependencies) -> Verification:
    """Return whether the symptom is gone, by everything that can be looked at and has changed since."""
    alert = Alert.model_validate(state["alert"])
    checks = [
        *_health_checks(plan, alert, deps),
        *_log_checks(state, since, deps),
        *_metric_checks(state, since, deps),
    ]
    return Verification(status=_verdict(checks), checks=checks, at=datetime.now(UTC))


def said(verification: Verification) -> str:
    """Return what speaks against a recovery, as one line."""
    against = [check for check in verification.checks if check.result in ("worse", "unchanged")]
    return "; ".join(f"{check.what}: {check.detail}" for check in against)


def _verdict(checks: Iterable[Check]) -> Literal["recovered", "unchanged", "worse", "unverified"]:
    results = {check.result for check in checks}
    if "worse" in results:
        return "worse"
    if "unchanged" in results:
        return "unchanged"
    return "recovered" if "better" in results else "unverified"


def _health_checks(plan: Plan, alert: Alert, deps: Dependencies) -> Iterable[Check]:
    inventory = deps.inventory.with_service(alert.service)
    for name in dict.fromkeys(str(action.params.get("service", "")) for action in plan.actions):
        service = inventory.get(name)
        if service is None or service.backend not in deps.backends:
            continue
        health = deps.backends[service.backend].health(service)
        # A simulated service is always well; that says nothing about the real one.
        known = health.known and service.backend != "simulated"
        result: Result = "unknown"
        if known:
            result = "better" if health.healthy else "worse"
        yield Check(what=f"health of {name}", result=result, detail=health.detail)


def _log_checks(state: IncidentState, since: datetime, deps: Dependencies) -> Iterable[Check]:
    """Count the error lines printed since; logs that were given inline cannot grow."""
    inline = deps.evidence_dir(current_thread_id())
    read: list[LogDigest] = []
    for item in state["sources"]:
        source = LogSource.model_validate(item)
        what = f"error lines in {source.name}"
        if any(Path(path).parent == inline for path in source.paths):
            yield Check(
                what=what, result="unknown", detail="the logs were given inline and cannot be read again"
            )
            continue
        try:
            read.append(digest_source(source, window=Window(start=since), redactor=deps.redactor))
        except OSError as error:
            yield Check(what=what, result="unknown", detail=f"cannot be read: {error.strerror or error}")
    if read:
        yield _error_lines(read, LogDigest.model_validate(state["digest"]), since)


def _error_lines(read: Sequence[LogDigest], before: LogDigest, since: datetime) -> Check:
    """Compare the error lines since with as many as came in that time during the incident."""
    what = "error lines since the action"
    lines = sum(sum(digest.levels.values()) for digest in read)
    bad = sum(map(_errors, read))
    if lines == 0:
        return Check(what=what, result="unknown", detail="no new line since")
    if bad == 0:
        return Check(what=what, result="better", detail=f"{lines} new lines, none of them an error")
    detail = f"{bad} of {lines} new lines are errors"
    rate = _rate(before)
    if rate is None:
        return Check(what=what, result="unchanged", detail=detail)
    expected = rate * max(1.0, (datetime.now(UTC) - since).total_seconds())
    detail += f"; during the incident it would have been {expected:.3g}"
    result: Result = "unchanged"
    if bad * 5 <= expected:
        result = "better"  # other errors than the incident's are everyday
    elif bad > 2 * expected + 10:
        result = "worse"
    return Check(what=what, result=result, detail=detail)


def _errors(digest: LogDigest) -> int:
    return sum(digest.levels.get(level, 0) for level in _BAD)


def _rate(digest: LogDigest) -> float | None:
    """Return the error lines per second in the incident's own digest, or None if its lines have no times."""
    if digest.first is None or digest.last is None:
        return None
    seconds = (datetime.fromisoformat(digest.last) - datetime.fromisoformat(digest.first)).total_seconds()
    return _errors(digest) / seconds if seconds >= 1 else None


def _metric_checks(state: IncidentState, since: datetime, deps: Dependencies) -> Iterable[Check]:
    start = Window.model_validate(state["window"]).start
    for item in state.get("metrics", []):
        source = MetricRef.model_validate(item).source
        try:
            before = read_metric_source(source, Window(start=start, end=since))
            after = {metric.name: metric for metric in _since(source, since)}
        except InputError as error:
            what = deps.redactor.redact(f"metrics in {metric_name(source)}")
            yield Check(what=what, result="unknown", detail=deps.redactor.redact(str(error)))
            continue
        for metric in before[:_METRICS]:
            yield _metric_check(deps.redactor.redact(metric.name), metric, after.get(metric.name))


def _since(source: MetricSource, since: datetime) -> list[MetricSummary]:
    if isinstance(source, str):  # all of them: one that came to rest is no longer among those that moved most
        return read_metrics(Path(source), start=since, limit=10_000)
    return read_metric_source(source, Window(start=since))


def _metric_check(name: str, before: MetricSummary, after: MetricSummary | None) -> Check:
    """Tell whether a metric that had moved is on its way back to where it came from."""
    what = f"metric {name}"
    if after is None:
        return Check(what=what, result="unknown", detail="no new sample since")
    peak = max(before.minimum, before.maximum, key=lambda value: abs(value - before.first))
    moved, now = abs(peak - before.first), abs(after.last - before.first)
    detail = f"was {before.first:g}, went to {peak:g}, is {after.last:g}"
    result: Result = "unchanged"
    if moved <= 0.1 * abs(before.mean):  # it had not moved: no symptom of this incident
        result = "unknown"
    elif now <= 0.5 * moved:
        result = "better"
    elif now > 1.5 * moved:
        result = "worse"
    return Check(what=what, result=result, detail=detail)
