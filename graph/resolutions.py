"""What a person is asked, and may answer, about an action that failed or whose outcome nobody knows.

The question has LangChain's HITL form, so that chat UIs show it: one action `reconcile` whose arguments can be
edited. Approving it as it stands aborts: what a hurried click does is the choice that starts nothing.

    {"type": "retry" | "skip" | "abort", "message": "what was looked at"}
    {"decisions": [{"type": "edit", "edited_action": {"name": "reconcile", "args": {"choice": ..., "evidence": ...}}}]}
"""

from typing import Any, Literal

from langchain.agents.middleware.human_in_the_loop import ActionRequest, ReviewConfig
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..tools.errors import InputError
from ..tools.markdown import fenced
from .answers import ANSWER_SCHEMA
from .models import Outcome, Plan

Choice = Literal["retry", "skip", "abort"]
EXPECTED = 'expected {"type": "retry" | "skip" | "abort", "message": "what you looked at"}'
QUESTION_SCHEMA = ANSWER_SCHEMA


class ResolutionAnswer(BaseModel):
    """A person's answer, understood."""

    model_config = ConfigDict(extra="forbid")

    choice: Choice
    evidence: str = Field("", max_length=5_000)
    by: str | None = Field(None, max_length=200)
    door: str | None = Field(None, max_length=50)


def resolution_request(
    plan: Plan, position: int, outcome: Outcome, *, error: str | None = None
) -> dict[str, Any]:
    """Return the interrupt's payload."""
    action = plan.actions[position]
    text = (
        f"{action.id} {action.type} through {action.backend}: {outcome.status}\n{fenced(action.preview.text())}\n"
        f"{fenced(outcome.output)}\n"
        "retry: it did not happen (say how you know): it is planned anew and waits for approval\n"
        "skip: take it as settled and go on with the rest of the plan\n"
        "abort: stop here"
    )
    request: dict[str, Any] = {
        "action_requests": [
            ActionRequest(name="reconcile", args={"choice": "abort", "evidence": ""}, description=text)
        ],
        "review_configs": [
            ReviewConfig(action_name="reconcile", allowed_decisions=["approve", "edit", "reject"])
        ],
        "thread_id": plan.thread_id,
        "plan_hash": plan.hash,
        "reconcile": {
            "position": position,
            "action": action.model_dump(mode="json"),
            "outcome": outcome.model_dump(mode="json"),
            "retry_needs_evidence": needs_evidence(plan, position, outcome),
        },
    }
    if error is not None:
        request["error"] = error
    return request


def parse_resolution(raw: Any, plan: Plan, position: int, outcome: Outcome) -> ResolutionAnswer:
    """Return the answer; raises `InputError` that says what was expected, for anything else."""
    if not isinstance(raw, dict):
        raise InputError(f"the answer is {type(raw).__name__}, not an object; {EXPECTED}")
    shown = raw.get("plan_hash")
    if shown is not None and shown != plan.hash:
        raise InputError("the answer is for another plan than the one that has stopped; look at it again")
    fields = {key: raw[key] for key in ("by", "door") if key in raw}
    try:
        answer = ResolutionAnswer.model_validate({**_choice(raw), **fields})
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in item["loc"])
        raise InputError(f"`{where}`: {item['msg']}; {EXPECTED}") from None
    if answer.choice == "retry" and not answer.evidence and needs_evidence(plan, position, outcome):
        raise InputError(
            "retry needs a `message` that says how you know that the action did not happen: "
            "it is not declared safe to run twice, and its target does not say"
        )
    return answer


def needs_evidence(plan: Plan, position: int, outcome: Outcome) -> bool:
    """Tell whether only a person can say that running the action again does no harm."""
    return not (plan.actions[position].preview.idempotent or outcome.not_applied)


def _choice(raw: dict[str, Any]) -> dict[str, Any]:
    if "decisions" not in raw:
        return {"choice": raw.get("type"), "evidence": raw.get("message") or raw.get("comment") or ""}
    decisions = raw["decisions"]
    if not isinstance(decisions, list) or len(decisions) != 1 or not isinstance(decisions[0], dict):
        raise InputError("one decision is expected, about the action that stopped the plan")
    decision = decisions[0]
    if decision.get("type") == "approve":
        return {"choice": "abort"}
    if decision.get("type") in ("reject", "respond"):
        return {"choice": "abort", "evidence": decision.get("message") or ""}
    edited = decision.get("edited_action")
    args = edited.get("args") if isinstance(edited, dict) else None
    if decision.get("type") == "edit" and isinstance(args, dict):
        return {key: value for key, value in args.items() if key in ("choice", "evidence")}
    raise InputError(f"`decisions.0`: not understood; {EXPECTED}")
