"""`verify`: look at the symptom again after the actions; one that stays stops the run and asks a person.

Where the last action can be taken back and the policy lets, the way back is decided on first; else a person says
what becomes of the symptom. What could not be looked at is said honestly and asks nobody.
"""

import time
from datetime import UTC, datetime
from typing import Literal

from langgraph.types import Command

from ...tools.errors import ExecutionRefused
from ..dependencies import Dependencies, current_thread_id
from ..models import Outcome, Plan, Verification
from ..state import IncidentState
from ..symptoms import look, said
from ..taking_back import put, roll_back
from .base import Node

Target = Literal["report", "ask_symptom", "record_decision", "await_approval"]


def make_verify(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node."""

    def verify(state: IncidentState) -> Command[Target]:
        outcomes = [Outcome.model_validate(item) for item in state.get("outcomes", [])]
        if not outcomes or not state.get("plan"):
            return Command(update={"verification": None}, goto="report")
        shown = Plan.model_validate(state["plan"])
        # Errors between two actions of a plan say nothing about the later one.
        found = _settled(state, shown, max(outcome.started_at for outcome in outcomes), deps)
        update = {"verification": found.model_dump(mode="json")}
        position = _to_answer_for(shown, deps)
        if not found.persists or position is None:
            return Command(update=update, goto="report")
        reason = f"after the plan the symptom is {found.status}: {said(found)}"
        deps.store.note(shown.thread_id, f"symptom.{found.status}", {"why": reason}, subject=shown.hash)
        inventory = deps.inventory.with_service(state["alert"]["service"])
        back, why_not = roll_back(deps, shown, position, inventory)
        if back is not None:
            update, step = put(deps, back, update, [reason])
            return Command(update=update, goto=step)
        deps.store.set_status(shown.thread_id, "awaiting_approval")
        return Command(update={**update, "errors": why_not}, goto="ask_symptom")

    return verify


def _to_answer_for(shown: Plan, deps: Dependencies) -> int | None:
    """Return the last action that succeeded; None if nobody is to be asked: a way back, or a plan that was aborted."""
    try:
        plan = deps.executor.approved_plan(current_thread_id(), shown.hash)
    except ExecutionRefused:
        return None
    if plan.rolls_back or deps.executor.aborted(plan):
        return None
    return deps.executor.last_succeeded(plan)


def _settled(state: IncidentState, plan: Plan, since: datetime, deps: Dependencies) -> Verification:
    """Look at once, and if the symptom is there, once more after the time that a service has to settle."""
    found = look(state, plan, since, deps)
    if not found.persists or not deps.guard.rules.settle_s:
        return found
    later = datetime.now(UTC)
    time.sleep(deps.guard.rules.settle_s)
    return look(state, plan, later, deps)
