"""`execute_action`: one approved action per step; each ends in its own checkpoint, then the edge loops.

What runs is decided by the store, not by the state: see `executor`. A jump to this node executes nothing.
"""

from typing import Any, Literal

from langgraph.types import Command

from ...tools.errors import ExecutionRefused
from ..dependencies import Dependencies, current_thread_id
from ..models import Plan
from ..state import IncidentState
from .base import Node

Target = Literal["execute_action", "await_approval", "verify", "report"]


def make_execute_action(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node. Raises `ActionInProgress` while another worker runs the same action."""

    def execute_action(state: IncidentState) -> Command[Target]:
        thread_id = current_thread_id()
        plan_hash = str((state.get("plan") or {}).get("hash", ""))
        try:
            plan = deps.executor.approved_plan(thread_id, plan_hash)
            position = deps.executor.next_position(plan)
            if position is None:
                return Command(update=_outcomes(deps, plan), goto="verify")
            outcome = deps.executor.run_once(thread_id, plan_hash, position)
        except ExecutionRefused as error:
            return _refused(state, deps, str(error))
        more = outcome.status == "succeeded" and position + 1 < len(plan.actions)
        return Command(update=_outcomes(deps, plan), goto="execute_action" if more else "verify")

    return execute_action


def _outcomes(deps: Dependencies, plan: Plan) -> dict[str, Any]:
    return {"outcomes": [outcome.model_dump(mode="json") for outcome in deps.executor.outcomes(plan)]}


def _refused(state: IncidentState, deps: Dependencies, reason: str) -> Command[Target]:
    """End this branch, or ask again if an approval ran out before all actions had started.

    Whoever jumped here past an open question leaves it open: LangGraph keeps the interrupted task beside the
    one that was jumped to. So nothing is written here that the interrupted task writes.
    """
    thread_id = current_thread_id()
    shown = deps.store.plan(str((state.get("plan") or {}).get("hash", "")))
    decision = deps.store.decision(shown.hash) if shown is not None and shown.thread_id == thread_id else None
    if shown is None or decision is None:
        return Command(update={"errors": [reason]})
    if decision.kind != "approve":
        return Command(update={"errors": [reason]}, goto="report")
    plan = deps.planner.renewed(shown, deps.executor.not_started(shown))
    deps.store.add_plan(plan)
    deps.store.set_status(thread_id, "awaiting_approval")
    return Command(
        update={"errors": [reason], "plan": plan.model_dump(mode="json"), "approval_error": reason},
        goto="await_approval",
    )
