"""`execute_action`: one approved action per step; each ends in its own checkpoint, then the edge loops.

What runs is decided by the store, not by the state: see `executor`. A jump to this node executes nothing.
"""

import time
from typing import Any, Literal

from langgraph.types import Command

from ...tools.errors import ExecutionRefused
from ...tools.inventory import Inventory
from ..dependencies import Dependencies, current_thread_id
from ..executor import ActionInProgress, Stale
from ..models import Outcome, Plan
from ..state import IncidentState
from .base import Node

WAIT_S = 10.0
"""How long to wait for another worker's outcome before saying that it is at it, in seconds."""

Target = Literal["check_action", "await_approval", "reconcile", "verify", "report"]


def make_execute_action(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node. Raises `ActionInProgress` if another worker runs the same action for longer than `WAIT_S`."""

    def execute_action(state: IncidentState) -> Command[Target]:
        thread_id = current_thread_id()
        plan_hash = str((state.get("plan") or {}).get("hash", ""))
        try:
            plan = deps.executor.approved_plan(thread_id, plan_hash)
            if deps.executor.unchecked(plan):  # its worker died before it had looked at the service
                return Command(update=outcomes_update(deps, plan), goto="check_action")
            position = deps.executor.next_position(plan)
            if position is None:
                return Command(update=outcomes_update(deps, plan), goto="verify")
            inventory = deps.inventory.with_service(state["alert"]["service"])
            outcome = _run_or_wait(deps, plan, position, inventory)
        except ExecutionRefused as error:
            return _refused(state, deps, error)
        update = outcomes_update(deps, plan)
        if outcome.status == "succeeded":
            return Command(update=update, goto="check_action")
        # The first action that did not go well stops the plan; a person is asked, unless one has said: abort.
        if deps.executor.halted(plan) is None:
            settled = deps.executor.next_position(plan) != position  # its target knew, when it was asked
            return Command(update=outcomes_update(deps, plan), goto="check_action" if settled else "verify")
        deps.store.set_status(thread_id, "awaiting_approval")
        return Command(update=update, goto="reconcile")

    return execute_action


def _run_or_wait(deps: Dependencies, plan: Plan, position: int, inventory: Inventory) -> Outcome:
    """Run the action, or wait a moment for the worker that does: both are shown the same outcome then."""
    end = time.monotonic() + WAIT_S
    while True:
        try:
            return deps.executor.run_once(plan.thread_id, plan.hash, position, inventory)
        except ActionInProgress:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


def outcomes_update(deps: Dependencies, plan: Plan) -> dict[str, Any]:
    """Return the state's copy of what the ledger knows."""
    return {"outcomes": [outcome.model_dump(mode="json") for outcome in deps.executor.outcomes(plan)]}


def _refused(state: IncidentState, deps: Dependencies, error: ExecutionRefused) -> Command[Target]:
    """End this branch, or ask again if an approval no longer holds before all actions had started.

    Whoever jumped here past an open question leaves it open: LangGraph keeps the interrupted task beside the
    one that was jumped to. So nothing is written here that the interrupted task writes.
    """
    thread_id, reason = current_thread_id(), str(error)
    shown = deps.store.plan(str((state.get("plan") or {}).get("hash", "")))
    decision = deps.store.decision(shown.hash) if shown is not None and shown.thread_id == thread_id else None
    deps.store.note(thread_id, "execution.refused", {"why": reason}, subject=shown.hash if shown else "")
    if shown is None or decision is None:
        return Command(update={"errors": [reason]})
    if decision.kind != "approve":
        return Command(update={"errors": [reason]}, goto="report")
    left = deps.executor.not_started(shown)
    inventory = deps.inventory.with_service(state["alert"]["service"])
    plan, notes = deps.planner.replanned(shown, left, inventory)
    deps.store.withdraw(shown.hash, "stale" if isinstance(error, Stale) else "expired", reason)
    if plan is None:
        return Command(update={"errors": [reason, *notes]}, goto="report")
    deps.store.add_plan(plan)
    deps.store.set_status(thread_id, "awaiting_approval")
    return Command(
        update={
            "errors": [reason],
            "plan": plan.model_dump(mode="json"),
            "plan_notes": notes,
            "approval_notice": reason,
        },
        goto="await_approval",
    )
