"""`report`: the incident's report, and the run's final status."""

from datetime import UTC, datetime
from typing import Any

from ..canonical import canonical_json, sha256_hex
from ..dependencies import Dependencies, current_thread_id
from ..incident import Incident
from ..messages import ai_message
from ..models import Report, RunStatus
from ..report_markdown import report_markdown, summary_line
from ..state import IncidentState
from .base import Node


def make_report(deps: Dependencies) -> Node[IncidentState, dict[str, Any]]:
    """Return the node."""

    def report(state: IncidentState) -> dict[str, Any]:
        incident = Incident.of(state)
        status = final_status(incident)
        text = report_markdown(incident, status)
        made = Report(
            summary=summary_line(incident, status),
            markdown=text,
            created_at=datetime.now(UTC),
            engines=incident.engines(),
            notes=incident.notes(),
        )
        deps.store.note(
            current_thread_id(),
            "reported",
            {
                "status": status,
                "markdown_sha256": sha256_hex(canonical_json(text)),
                "digest_sha256": sha256_hex(canonical_json(state.get("digest"))),
                "engines": made.engines,
            },
        )
        deps.store.set_status(current_thread_id(), status, made.summary)
        return {"report": made.model_dump(mode="json"), "messages": [ai_message(text)]}

    return report


def final_status(incident: Incident) -> RunStatus:
    """Return the status a run ends with."""
    if incident.decision is not None and incident.decision.kind == "abort":
        return "aborted"
    if incident.decision is not None and incident.decision.kind == "reject":
        return "rejected"
    if incident.plan is not None and incident.plan.rolls_back:
        return "failed"  # what was done had to be taken back
    found = incident.verification
    if found is not None and found.persists and not found.accepted:
        return "failed"
    last = {outcome.action_id: outcome for outcome in incident.outcomes}  # a retried action has several
    if any(outcome.status != "succeeded" for outcome in last.values()):
        return "failed"
    return "completed"
