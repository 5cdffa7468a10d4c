"""`analyse_logs`: one digest of all sources and metrics, and what the logs say, before any cause is named."""

from pathlib import Path
from typing import Any

from ...tools.alert import Alert
from ...tools.digest import LogDigest, Window, merge_digests
from ...tools.digest.models import EvidenceLine
from ...tools.errors import InputError
from ...tools.metrics import read_metrics
from ..dependencies import Dependencies, usage_json
from ..state import IncidentState
from .base import Node


def make_analyse_logs(deps: Dependencies) -> Node[IncidentState, dict[str, Any]]:
    """Return the node."""

    def analyse_logs(state: IncidentState) -> dict[str, Any]:
        alert = Alert.model_validate(state["alert"])
        parts = [LogDigest.model_validate(item["digest"]) for item in sorted(state["collected"], key=_order)]
        digest = merge_digests(parts, alert_time=alert.timestamp)
        evidence, errors = _metric_evidence(alert, Window.model_validate(state["window"]))
        if evidence:
            digest = digest.model_copy(update={"evidence": [*digest.evidence, *evidence]})
        budget = deps.budget(state.get("usage"))
        analysis = deps.log_analyst.run(alert, digest, budget=budget)
        return {
            "digest": digest.model_dump(mode="json"),
            "log_analysis": analysis.model_dump(mode="json"),
            "usage": usage_json(budget),
            "errors": errors,
        }

    return analyse_logs


def _order(item: dict[str, Any]) -> int:
    return int(item["key"].lstrip("s"))


def _metric_evidence(alert: Alert, window: Window) -> tuple[list[EvidenceLine], list[str]]:
    """Return one line of evidence per metric that moved, `m<file>:<rank>`, and what could not be read."""
    evidence: list[EvidenceLine] = []
    errors: list[str] = []
    for number, path in enumerate(alert.metrics, start=1):
        try:
            summaries = read_metrics(Path(path), start=window.start, end=window.end)
        except InputError as error:
            errors.append(str(error))
            continue
        evidence += [
            EvidenceLine(
                id=f"m{number}:{rank}", source=path, line=rank, time=metric.peak_at, component=metric.name,
                text=metric.text(),
            )
            for rank, metric in enumerate(summaries, start=1)
        ]  # fmt: skip
    return evidence, errors
