"""`record_resolution`: write a person's word on a stopped action to the ledger, then go where it leads.

A step of its own after the interrupt: it may run twice and then finds its own record.
"""

from typing import Any, Literal

from langgraph.types import Command

from ...tools.errors import NothingToActOn
from ..approving import opened
from ..dependencies import Dependencies, current_thread_id
from ..identity import person
from ..models import Plan, Resolution
from ..resolutions import ResolutionAnswer
from ..state import IncidentState
from .base import Node
from .execute_action import outcomes_update

Target = Literal["execute_action", "await_approval", "verify"]


def make_record_resolution(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node. Raises `NothingToActOn` if the action was settled otherwise in the meantime."""

    def record_resolution(state: IncidentState) -> Command[Target]:
        thread_id = current_thread_id()
        found = opened(state.get("resolution"), thread_id, deps)
        if found is None or "position" not in found.body:
            return Command(
                update={"errors": ["an answer that did not come through the reconciliation was ignored"]}
            )
        plan, position = found.plan, int(found.body.pop("position"))
        answer = ResolutionAnswer.model_validate(found.body)
        name, by = person(answer.by)
        resolution = Resolution(
            choice=answer.choice,
            by=deps.redactor.redact(by),
            account=name,
            door=answer.door or "server",
            evidence=deps.redactor.redact(answer.evidence),
            at=deps.store.clock.now(),
        )
        if not deps.store.resolve(plan.hash, position, resolution):
            entry = deps.store.entry(plan.hash, position)
            raise NothingToActOn(
                f"action {plan.actions[position].id} is settled already: {entry.state if entry else 'unknown'}"
            )
        deps.store.set_status(thread_id, "running")
        return _go_on(state, deps, plan, position, answer.choice)

    return record_resolution


def _go_on(
    state: IncidentState, deps: Dependencies, plan: Plan, position: int, choice: str
) -> Command[Target]:
    update: dict[str, Any] = {"resolution": None, **outcomes_update(deps, plan)}
    if choice == "skip":
        return Command(update=update, goto="execute_action")
    if choice == "retry":
        left = [plan.actions[position], *deps.executor.not_started(plan)]
        again, notes = deps.planner.replanned(
            plan, left, deps.inventory.with_service(state["alert"]["service"])
        )
        deps.store.withdraw(plan.hash, "cancelled", "planned anew after a retry")
        if again is not None:
            deps.store.add_plan(again)
            deps.store.set_status(plan.thread_id, "awaiting_approval")
            update |= {"plan": again.model_dump(mode="json"), "plan_notes": notes}
            return Command(update=update, goto="await_approval")
        update["errors"] = notes
    deps.store.withdraw(plan.hash, "cancelled", f"{choice} after {plan.actions[position].id}")
    return Command(update=update, goto="verify")
