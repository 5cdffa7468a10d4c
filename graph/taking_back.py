"""Taking an action back after it made things worse or changed nothing, as far as the policy lets."""

from typing import Any, Literal

from ..tools.errors import InputError
from ..tools.inventory import Inventory
from .approving import approved_by_policy
from .dependencies import Dependencies
from .ledger import action_key
from .models import Plan

FollowUp = Literal["record_decision", "await_approval"]


def roll_back(
    deps: Dependencies, plan: Plan, position: int, inventory: Inventory
) -> tuple[Plan | None, list[str]]:
    """Return the stored plan that takes one action back, or None; and why it cannot be, if it should.

    There is one such plan for an action, ever: who comes again, after a crash or by a jump, gets the same one.
    """
    action = plan.actions[position]
    if deps.guard.rules.roll_back == "never" or plan.rolls_back:
        return None, []
    try:
        made = deps.planner.roll_back(plan, action, inventory)
    except InputError as error:
        return None, [f"it cannot be taken back: {error}"]
    if made is None:
        return None, []
    deps.store.add_plan(made)
    standing = deps.store.note_once(
        plan.thread_id, "action.taken_back", {"by_plan": made.hash, "position": position},
        subject=action_key(plan.hash, position),
    )  # fmt: skip
    first = deps.store.plan(str(standing["by_plan"]))
    if first is None or deps.store.decision(first.hash) is not None:
        return None, [f"{action.id} was to be taken back before; it is not done again"]
    return first, []


def put(
    deps: Dependencies, plan: Plan, update: dict[str, Any], why: list[str]
) -> tuple[dict[str, Any], FollowUp]:
    """Return the update and the step that put a following plan to a person, or to the policy for its own roll-backs."""
    update = {**update, "plan": plan.model_dump(mode="json"), "errors": why}
    if plan.rolls_back and deps.guard.approves_itself(plan):
        return {**update, "answer": approved_by_policy(plan, deps)}, "record_decision"
    deps.store.set_status(plan.thread_id, "awaiting_approval")
    return {**update, "plan_notes": why, "approval_notice": why[0]}, "await_approval"
