"""Parsing what a person answered to the approval request. Strict: what is not understood is no approval.

Understood are LangChain's `HITLResponse`, one decision per action by position, as Agent Chat UI, Agent Inbox
and Studio send it, and two forms of our own API:

    {"decisions": [{"type": "approve"}, {"type": "reject", "message": "not now"}, ...]}
    {"type": "edit", "plan": {"actions": [{"id": "a1", "type": ..., "params": {...}}]}}
    {"type": "approve" | "reject" | "abort", "message": "..."}

each with optional `by`, `door`, `comment` and `plan_hash` (refused if it is not the plan that waits).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ..agents.models import ProposedAction
from ..tools.errors import InputError
from .models import Plan

EXPECTED = (
    'expected {"decisions": [...]} with one decision per action, each {"type": "approve"}, '
    '{"type": "reject", "message": "why"} or {"type": "edit", "edited_action": {"name": ..., "args": {...}}}'
)

# What clients are shown as the form of an answer (JSON Schema). Our code checks more than this.
ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "decisions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "type": {"enum": ["approve", "edit", "reject", "respond"]},
                    "message": {"type": "string"},
                    "edited_action": {"type": "object"},
                },
                "required": ["type"],
            },
        }
    },
    "required": ["decisions"],
}


class AnotherPlan(InputError):
    """The answer names another plan (`shown`) than the one that waits."""

    def __init__(self, message: str, shown: str) -> None:
        super().__init__(message)
        self.shown = shown


HURRIED = timedelta(seconds=2)
"""Nobody reads a plan faster than this."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _EditedAction(_Strict):
    name: str
    args: dict[str, Any]


class _Approve(_Strict):
    type: Literal["approve"]


class _Reject(_Strict):
    type: Literal["reject", "respond"]
    message: str | None = None


class _Abort(_Strict):
    type: Literal["abort"]
    message: str | None = None


class _Edit(_Strict):
    type: Literal["edit"]
    edited_action: _EditedAction


_OneDecision = Annotated[_Approve | _Reject | _Abort | _Edit, Field(discriminator="type")]


class _Signed(_Strict):
    by: str | None = Field(None, max_length=200)
    door: str | None = Field(None, max_length=50)
    comment: str | None = Field(None, max_length=5_000)
    plan_hash: str | None = None


class _Decisions(_Signed):
    decisions: list[_OneDecision] = Field(min_length=1)


class _EditedPlanAction(BaseModel):
    model_config = ConfigDict(extra="ignore")  # preview, risk and backend are computed anew

    id: str
    type: str
    params: dict[str, Any]


class _EditedPlan(BaseModel):
    model_config = ConfigDict(extra="ignore")

    hash: str | None = None
    actions: list[_EditedPlanAction]


class _WholeEdit(_Signed):
    type: Literal["edit"]
    plan: _EditedPlan


class _WholePlan(_Signed):
    type: Literal["approve", "reject", "abort"]
    message: str | None = None


class Answer(BaseModel):
    """A person's answer, understood. For an edit, `edits` are the actions to run, by their ids."""

    kind: Literal["approve", "edit", "reject", "abort"]
    edits: list[tuple[str, ProposedAction]] = Field(default_factory=list)
    by: str | None = None
    door: str | None = None
    comment: str = ""


def parse_answer(raw: Any, plan: Plan) -> Answer:
    """Return the answer; raises `InputError` that says what was expected, for anything else."""
    if not isinstance(raw, dict):
        raise InputError(f"the answer is {type(raw).__name__}, not an object; {EXPECTED}")
    model: type[_Decisions | _WholeEdit | _WholePlan]
    if "decisions" in raw:
        model = _Decisions
    elif "plan" in raw:
        model = _WholeEdit
    elif "type" in raw:
        model = _WholePlan
    else:
        raise InputError(f"the answer has no decision; {EXPECTED}")
    with _said_plainly():
        parsed = TypeAdapter(model).validate_python(raw)
    shown = _shown_hash(raw)
    if shown is not None and shown != plan.hash:
        raise AnotherPlan(
            f"the answer is for plan {shown[:12]}, but plan {plan.hash[:12]} waits now; look at it and answer again",
            shown,
        )
    with _said_plainly():
        answer = _understood(parsed, plan)
    return answer.model_copy(
        update={"by": parsed.by, "door": parsed.door, "comment": parsed.comment or answer.comment}
    )


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        item = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in item["loc"])
        raise InputError(f"`{where}`: {item['msg']}; {EXPECTED}") from None


def refuse_hurried(raw: Any, plan: Plan, now: datetime) -> None:
    """Raise `InputError` for an answer that came sooner than anybody can have read this plan, and does not name it.

    For plans that followed another one: chat UIs send neither plan nor question, so that the second click on the
    plan before would approve this one unseen.
    """
    if _shown_hash(raw) is None and now - plan.created_at < HURRIED:
        raise InputError("this plan has just taken the place of another one; look at it and answer again")


def _shown_hash(raw: dict[str, Any]) -> str | None:
    """Return the hash of the plan that an answer says it is for."""
    edited = raw.get("plan")
    named = raw.get("plan_hash") or (edited.get("hash") if isinstance(edited, dict) else None)
    return None if named is None else str(named)


def _understood(parsed: _Decisions | _WholeEdit | _WholePlan, plan: Plan) -> Answer:
    if isinstance(parsed, _WholePlan):
        return Answer(kind=parsed.type, comment=parsed.message or "")
    if isinstance(parsed, _WholeEdit):
        return Answer(
            kind="edit",
            edits=[
                (item.id, ProposedAction(type=item.type, params=item.params)) for item in parsed.plan.actions
            ],
        )
    return _by_position(parsed.decisions, plan)


def _by_position(decisions: list[_OneDecision], plan: Plan) -> Answer:
    if len(decisions) != len(plan.actions):
        raise InputError(
            f"{len(decisions)} decisions for {len(plan.actions)} actions; one decision per action is expected"
        )
    comment = "; ".join(
        item.message for item in decisions if isinstance(item, _Reject | _Abort) and item.message
    )
    if any(isinstance(item, _Abort) for item in decisions):
        return Answer(kind="abort", comment=comment)
    if all(isinstance(item, _Reject) for item in decisions):
        return Answer(kind="reject", comment=comment)
    if all(isinstance(item, _Approve) for item in decisions):
        return Answer(kind="approve")
    # Approving some, editing or rejecting others is an edit: what runs is a smaller or changed plan.
    edits: list[tuple[str, ProposedAction]] = []
    for action, item in zip(plan.actions, decisions, strict=True):
        if isinstance(item, _Reject):
            continue
        proposed = ProposedAction(
            type=action.type, params=action.params, effect=action.effect, reason=action.reason
        )
        if isinstance(item, _Edit):
            proposed = ProposedAction(
                type=item.edited_action.name,
                params=item.edited_action.args,
                effect=action.effect,
                reason=action.reason,
            )
        edits.append((action.id, proposed))
    return Answer(kind="edit", edits=edits, comment=comment)
