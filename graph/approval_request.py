"""The approval request: LangChain's HITL schema, so that every UI shows it, plus what an engineer needs to decide."""

from collections.abc import Sequence
from typing import Any

from langchain.agents.middleware.human_in_the_loop import ActionRequest, ReviewConfig

from ..agents.models import Diagnosis
from ..tools.digest.models import LogDigest
from ..tools.markdown import fenced
from .models import Decision, Plan, PlannedAction


def approval_request(
    plan: Plan,
    diagnosis: Diagnosis,
    digest: LogDigest,
    *,
    error: str | None = None,
    notice: str | None = None,
    approvals: Sequence[Decision] = (),
    needed: int = 1,
    changes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the interrupt's payload; `changes` is what differs from the plan that this one replaces.

    Texts about actions come from code, never from a model or a log.
    """
    evidence = [line for citation in diagnosis.evidence if (line := digest.line(citation.id))]
    request: dict[str, Any] = {
        "action_requests": [_action_request(action) for action in plan.actions],
        "review_configs": [
            ReviewConfig(action_name=action.type, allowed_decisions=["approve", "edit", "reject"])
            for action in plan.actions
        ],
        "thread_id": plan.thread_id,
        "plan_hash": plan.hash,
        "expires_at": plan.expires_at.isoformat(),
        "approvals_needed": needed,
        "approved_by": [item.by for item in approvals],
        "actions": [action.model_dump(mode="json") for action in plan.actions],
        "root_cause": diagnosis.root_cause,
        "confidence": diagnosis.confidence,
        "evidence": [{"id": line.id, "source": line.source, "text": line.text} for line in evidence],
    }
    if changes:
        request["changes"] = list(changes)
    if notice is not None:
        request["notice"] = notice
    if error is not None:
        request["error"] = error
    return request


def _action_request(action: PlannedAction) -> ActionRequest:
    text = f"{action.type}, risk {action.risk}, through {action.backend}:\n{fenced(action.preview.text())}"
    if action.affects:
        text += f"\ndepend on it: {', '.join(action.affects)}"
    if action.dry_run:
        text += f"\ndry run:\n{fenced(action.dry_run)}"
    return ActionRequest(name=action.type, args=action.params, description=text)
