"""`await_approval`: ask, and only ask.

LangGraph runs an interrupted node again from its start, so nothing with an effect stands here. What comes
back is parsed strictly and sealed; the next step checks the seal and records the decision. A bad answer asks again.
"""

from datetime import UTC, datetime
from typing import Literal

from langgraph.types import Command, interrupt

from ...agents.models import Diagnosis
from ...tools.digest import LogDigest
from ...tools.errors import InputError
from ..answers import ANSWER_SCHEMA, AnotherPlan, parse_answer, refuse_hurried
from ..approval_request import approval_request
from ..approving import sealed
from ..dependencies import Dependencies
from ..guard import POLICY
from ..models import Plan
from ..plan_difference import plan_difference
from ..state import IncidentState
from .base import Node

Target = Literal["await_approval", "record_decision", "report"]


def make_await_approval(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node."""

    def await_approval(state: IncidentState) -> Command[Target]:
        if not state.get("plan"):
            return Command(goto="report")  # somebody jumped here; there is nothing to ask
        plan = Plan.model_validate(state["plan"])
        request = approval_request(
            plan,
            Diagnosis.model_validate(state["diagnosis"]),
            LogDigest.model_validate(state["digest"]),
            error=state.get("approval_error"),
            notice=state.get("approval_notice"),
            approvals=deps.store.approvals(plan.hash),
            needed=deps.guard.needed(plan),
            changes=_changes_since(plan.replaces, plan, deps),
        )
        raw = interrupt(request, response_schema=ANSWER_SCHEMA)
        try:
            answer = parse_answer(raw, plan)
            if plan.replaces is not None or state.get("decision"):
                refuse_hurried(raw, plan, datetime.now(UTC))
            if answer.door == POLICY:
                raise InputError(f"`door`: {POLICY!r} is the policy's own; give another name")
            if answer.edits:  # an edit is validated like a new plan, now: a bad one asks again
                deps.planner.edited(
                    plan, answer.edits, deps.inventory.with_service(state["alert"]["service"])
                )
        except AnotherPlan as error:
            changes = "; ".join(_changes_since(error.shown, plan, deps)) or "nothing but its expiry"
            return Command(
                update={"approval_error": f"{error}. What has changed: {changes}"}, goto="await_approval"
            )
        except InputError as error:
            return Command(update={"approval_error": str(error)}, goto="await_approval")
        return Command(
            update={"answer": sealed(answer.model_dump(mode="json"), plan, deps), "approval_error": None},
            goto="record_decision",
        )

    return await_approval


def _changes_since(hash_: str | None, plan: Plan, deps: Dependencies) -> list[str]:
    """Return what differs from another plan of this run; nothing if there is no such plan."""
    before = deps.store.plan(hash_) if hash_ is not None else None
    same_run = before is not None and before.thread_id == plan.thread_id
    return plan_difference(before, plan) if before is not None and same_run else []
