"""`verify`: look at the symptom again after the actions, and say honestly what could not be looked at."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ...tools.alert import Alert
from ...tools.digest import LogDigest, LogSource, Window, digest_source
from ...tools.errors import InputError
from ...tools.metrics import read_metrics
from ..dependencies import Dependencies, current_thread_id
from ..models import Check, Outcome, Plan, Verification
from ..state import IncidentState
from .base import Node

_BAD = ("fatal", "error")


def make_verify(deps: Dependencies) -> Node[IncidentState, dict[str, Any]]:
    """Return the node."""

    def verify(state: IncidentState) -> dict[str, Any]:
        outcomes = [Outcome.model_validate(item) for item in state.get("outcomes", [])]
        if not outcomes or not state.get("plan"):
            return {"verification": None}
        alert = Alert.model_validate(state["alert"])
        since = min(outcome.started_at for outcome in outcomes)
        checks = [
            *_health_checks(Plan.model_validate(state["plan"]), alert, deps),
            *_log_checks(state, since, deps),
            *_metric_checks(alert, since),
        ]
        return {"verification": Verification(status=_verdict(checks), checks=checks).model_dump(mode="json")}

    return verify


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
        result: Literal["better", "worse", "unknown"] = "unknown"
        if known:
            result = "better" if health.healthy else "worse"
        yield Check(what=f"health of {name}", result=result, detail=health.detail)


def _log_checks(state: IncidentState, since: datetime, deps: Dependencies) -> Iterable[Check]:
    """Count error lines printed after the actions began; the logs given inline cannot grow."""
    inline = deps.evidence_dir(current_thread_id())
    for item in state["sources"]:
        source = LogSource.model_validate(item)
        what = f"error lines in {source.name} since the actions"
        if any(Path(path).parent == inline for path in source.paths):
            yield Check(
                what=what, result="unknown", detail="the logs were given inline and cannot be read again"
            )
            continue
        try:
            digest = digest_source(source, window=Window(start=since), redactor=deps.redactor)
        except OSError as error:
            yield Check(what=what, result="unknown", detail=f"cannot be read: {error.strerror or error}")
            continue
        yield _compared(what, digest)


def _compared(what: str, digest: LogDigest) -> Check:
    inside = sum(digest.levels.values())
    bad = sum(digest.levels.get(level, 0) for level in _BAD)
    if inside == 0:
        return Check(what=what, result="unknown", detail="no new line since")
    if bad == 0:
        return Check(what=what, result="better", detail=f"{inside} new lines, none of them an error")
    return Check(what=what, result="unchanged", detail=f"{bad} of {inside} new lines are errors")


def _metric_checks(alert: Alert, since: datetime) -> Iterable[Check]:
    for path in alert.metrics:
        try:
            for metric in read_metrics(Path(path), start=since, limit=5):
                yield Check(what=f"metric {metric.name}", result="unknown", detail=metric.text())
        except InputError as error:
            yield Check(what=f"metrics in {path}", result="unknown", detail=str(error))
