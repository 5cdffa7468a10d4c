"""`check_action`: look at the service right after an action; if it is not well, stop, take back what can be, and ask.

What the policy's `roll_back` says decides: `automatic` approves the way back by itself, `ask` puts it to a person,
`never` only stops.
"""

import time
from typing import Literal

from langgraph.types import Command

from ...tools.actions.base import Health
from ...tools.errors import ExecutionRefused, InputError
from ...tools.inventory import Inventory
from ..approving import approved_by_policy
from ..dependencies import Dependencies, current_thread_id
from ..models import Plan
from ..state import IncidentState
from .base import Node

Target = Literal["execute_action", "record_decision", "await_approval", "verify"]


def make_check_action(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node. A service that nobody can ask about, or that is well, lets the plan go on."""

    def check_action(state: IncidentState) -> Command[Target]:
        thread_id = current_thread_id()
        try:
            plan = deps.executor.approved_plan(thread_id, str((state.get("plan") or {}).get("hash", "")))
        except ExecutionRefused as error:
            return Command(update={"errors": [str(error)]})  # somebody jumped here
        position = deps.executor.last_succeeded(plan)
        if position is None or plan.rolls_back:
            return Command(goto="execute_action")
        inventory = deps.inventory.with_service(state["alert"]["service"])
        health = _settled_health(deps, plan, position, inventory)
        if health is None or not health.known or health.healthy:
            return Command(goto="execute_action")
        reason = f"after {plan.actions[position].id} the service is not well: {health.detail}"
        deps.store.note(
            thread_id, "action.regressed", {"position": position, "why": reason}, subject=plan.hash
        )
        return _stopped(deps, plan, position, inventory, reason)

    return check_action


def _stopped(
    deps: Dependencies, plan: Plan, position: int, inventory: Inventory, reason: str
) -> Command[Target]:
    action, rule = plan.actions[position], deps.guard.rules.roll_back
    left = deps.executor.not_started(plan)
    deps.store.withdraw(plan.hash, "cancelled", reason)
    notes = [reason]
    following: Plan | None = None
    try:
        following = deps.planner.roll_back(plan, action, inventory) if rule != "never" else None
    except InputError as error:
        notes.append(f"it cannot be taken back: {error}")
    if following is None and left:  # nothing to take back: may the rest still be done?
        following, left_out = deps.planner.replanned(plan, left, inventory)
        notes += left_out
    if following is None:
        return Command(update={"errors": notes}, goto="verify")
    deps.store.add_plan(following)
    update = {"plan": following.model_dump(mode="json"), "errors": notes}
    if deps.guard.approves_itself(following) and following.rolls_back:
        return Command(
            update={**update, "answer": approved_by_policy(following, deps)}, goto="record_decision"
        )
    deps.store.set_status(plan.thread_id, "awaiting_approval")
    return Command(update={**update, "plan_notes": notes, "approval_notice": reason}, goto="await_approval")


def _settled_health(deps: Dependencies, plan: Plan, position: int, inventory: Inventory) -> Health | None:
    """Return the service's health as soon as it is good, or what it is when its time to settle is over."""
    service = inventory.get(str(plan.actions[position].params.get("service", "")))
    backend = deps.backends.get(service.backend) if service is not None else None
    if service is None or backend is None:
        return None
    end = time.monotonic() + deps.guard.rules.settle_s
    pause = 0.1
    while True:
        health = backend.health(service)
        left = end - time.monotonic()
        if not health.known or health.healthy or left <= 0:
            return health
        time.sleep(min(pause, left))
        pause = min(2 * pause, 2.0)
