"""What a person is asked, and may answer, when a plan has stopped: at an action, or at a symptom that stays.

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
from .ledger import LedgerEntry
from .models import Decision, Outcome, OutcomeStatus, Plan
from .worker import described

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


def question(name: str, about: str, choices: list[dict[str, str]], plan: Plan) -> dict[str, Any]:
    """Return the payload of a question with these choices in LangChain's HITL form; `abort` is what a click does."""
    text = "\n".join([about, *(f"{item['choice']}: {item['means']}" for item in choices)])
    return {
        "action_requests": [ActionRequest(name=name, args={"choice": "abort", "evidence": ""}, description=text)],
        "review_configs": [
            ReviewConfig(action_name=name, allowed_decisions=["approve", "edit", "reject"])
        ],
        "thread_id": plan.thread_id,
        "plan_hash": plan.hash,
    }  # fmt: skip


def choice(name: Choice, thread_id: str, means: str, *, evidence: bool = False) -> dict[str, str]:
    """Return one choice as every door shows it, with the command that takes it."""
    more = ' --evidence "HOW YOU KNOW"' if evidence else ""
    return {"choice": name, "means": means, "command": f"ops-assistant reconcile {thread_id} {name}{more}"}


def resolution_request(
    plan: Plan, entry: LedgerEntry, outcome: Outcome, *, decision: Decision | None, error: str | None = None
) -> dict[str, Any]:
    """Return the interrupt's payload: what was started, when, by whom, what its target said, and the choices."""
    action = plan.actions[entry.position]
    evidence = needs_evidence(plan, entry.position, outcome)
    how = " (say how you know)" if evidence else ""
    choices = [
        choice("retry", plan.thread_id,
               f"it did not happen{how}: it is planned anew and waits for approval", evidence=evidence),
        choice("skip", plan.thread_id, "take it as settled and go on with the rest of the plan"),
        choice("abort", plan.thread_id, "stop here"),
    ]  # fmt: skip
    probe = _PROBED[outcome.not_applied, outcome.status]
    about = (
        f"{action.id} {action.type} through {action.backend}: {outcome.status}; {probe}\n"
        f"{fenced(action.preview.text())}\n{fenced(outcome.output)}"
    )
    request = question("reconcile", about, choices, plan)
    request["reconcile"] = {
        "position": entry.position,
        "action": action.model_dump(mode="json"),
        "outcome": outcome.model_dump(mode="json"),
        "started_at": outcome.started_at.isoformat(),
        "started_by": described(entry.owner),
        "approved_by": decision.by if decision is not None else "",
        "probe": probe,
        "retry_needs_evidence": evidence,
        "choices": choices,
    }
    if error is not None:
        request["error"] = error
    return request


_NOT_APPLIED = "its target says that it did not take effect"
_PROBED: dict[tuple[bool, OutcomeStatus], str] = {
    (True, "failed"): _NOT_APPLIED,
    (True, "unknown"): _NOT_APPLIED,
    (False, "failed"): "it ended in an error",
    (False, "unknown"): "its target cannot tell whether it took effect",
}


def parse_resolution(raw: Any, plan: Plan, position: int, outcome: Outcome) -> ResolutionAnswer:
    """Return the answer; raises `InputError` that says what was expected, for anything else."""
    answer = parse_choice(raw, plan)
    if answer.choice == "retry" and not answer.evidence and needs_evidence(plan, position, outcome):
        raise InputError(
            "retry needs a `message` that says how you know that the action did not happen: "
            "it is not declared safe to run twice, and its target does not say"
        )
    return answer


def parse_choice(raw: Any, plan: Plan) -> ResolutionAnswer:
    """Return the choice that an answer names; raises `InputError` for anything else."""
    if not isinstance(raw, dict):
        raise InputError(f"the answer is {type(raw).__name__}, not an object; {EXPECTED}")
    shown = raw.get("plan_hash")
    if shown is not None and shown != plan.hash:
        raise InputError("the answer is for another plan than the one that has stopped; look at it again")
    fields = {key: raw[key] for key in ("by", "door") if key in raw}
    try:
        return ResolutionAnswer.model_validate({**_choice(raw), **fields})
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in item["loc"])
        raise InputError(f"`{where}`: {item['msg']}; {EXPECTED}") from None


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
