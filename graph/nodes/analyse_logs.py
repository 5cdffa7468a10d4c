"""`analyse_logs`: one digest of all sources and metrics, and what the logs say, before any cause is named."""

from typing import Any

from ...tools.alert import Alert
from ...tools.digest import LogDigest, merge_digests
from ..dependencies import Dependencies, usage_json
from ..state import IncidentState
from .base import Node


def make_analyse_logs(deps: Dependencies) -> Node[IncidentState, dict[str, Any]]:
    """Return the node."""

    def analyse_logs(state: IncidentState) -> dict[str, Any]:
        alert = Alert.model_validate(state["alert"])
        parts = [LogDigest.model_validate(item["digest"]) for item in sorted(state["collected"], key=_order)]
        digest = merge_digests(parts, alert_time=alert.timestamp)
        budget = deps.budget(state.get("usage"))
        again = state.get("rounds", 0) > 0
        analysis = deps.log_analyst.run(alert, digest, budget=budget, again=again)
        return {
            "digest": digest.model_dump(mode="json"),
            "log_analysis": analysis.model_dump(mode="json"),
            "usage": usage_json(budget),
        }

    return analyse_logs


def _order(item: dict[str, Any]) -> tuple[bool, str, int]:
    """Logs first, each kind by its number."""
    key = item["key"]
    return key[0] != "s", key[0], int(key[1:]) if key[1:].isdigit() else 0
