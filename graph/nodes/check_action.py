"""`check_action`: look at service and symptom right after an action; if they got worse, stop, take back, and ask.

What the policy's `roll_back` says decides: `automatic` approves the way back by itself, `ask` puts it to a person,
`never` only stops.
"""

import time
from typing import Literal

from langgraph.types import Command

from ...tools.actions.base import Health
from ...tools.errors import ExecutionRefused
from ...tools.inventory import Inventory
from ..dependencies import Dependencies, current_thread_id
from ..ledger import action_key
from ..models import Plan
from ..state import IncidentState
from ..symptoms import look, said
from ..taking_back import put, roll_back
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
        if position is None:
            return Command(goto="execute_action")
        inventory = deps.inventory.with_service(state["alert"]["service"])
        found, regression = _looked_at(state, deps, plan, position, inventory)
        stops = regression is not None and not plan.rolls_back
        deps.store.note_once(
            thread_id,
            "action.regressed" if stops else "action.checked",
            {"plan_hash": plan.hash, "position": position, "why": regression or found},
            subject=action_key(plan.hash, position),
        )
        if regression is None or plan.rolls_back:
            return Command(goto="execute_action")
        reason = f"after {plan.actions[position].id} {regression}"
        return _stopped(deps, plan, position, inventory, reason)

    return check_action


def _looked_at(
    state: IncidentState, deps: Dependencies, plan: Plan, position: int, inventory: Inventory
) -> tuple[str, str | None]:
    """Return what was found, and in words what got worse, or None."""
    health = _settled_health(deps, plan, position, inventory)
    if health is not None and health.known and not health.healthy:
        return health.detail, f"the service is not well: {health.detail}"
    found = health.detail if health is not None else "its health cannot be asked for"
    entry = deps.store.entry(plan.hash, position)
    if position + 1 == len(plan.actions) or entry is None or entry.started_at is None:
        return found, None  # the last one: `verify` looks at the symptom next
    symptom = look(state, plan, entry.started_at, deps)
    found = f"{found}; symptom {symptom.status}"
    return found, f"the symptom is worse: {said(symptom)}" if symptom.status == "worse" else None


def _stopped(
    deps: Dependencies, plan: Plan, position: int, inventory: Inventory, reason: str
) -> Command[Target]:
    left = deps.executor.not_started(plan)
    deps.store.withdraw(plan.hash, "cancelled", reason)
    following, why_not = roll_back(deps, plan, position, inventory)
    notes = [reason, *why_not]
    if following is None and left:  # nothing to take back: may the rest still be done?
        following, left_out = deps.planner.replanned(plan, left, inventory)
        notes += left_out
        if following is not None:
            deps.store.add_plan(following)
    if following is None:
        return Command(update={"errors": notes}, goto="verify")
    update, step = put(deps, following, {}, notes)
    return Command(update=update, goto=step)


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
