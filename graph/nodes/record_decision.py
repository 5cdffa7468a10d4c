"""`record_decision`: write the decision to the store, insert-only, bound to the plan's hash.

A step of its own after the interrupt: it may run twice (a crash before its checkpoint) and then finds
its own record. Without a valid seal the answer did not come through the interrupt, and nothing is recorded.
"""

from datetime import datetime
from typing import Any, Literal

from langgraph.types import Command

from ...tools.errors import InputError
from ..answers import Answer
from ..approving import opened
from ..dependencies import Dependencies, current_thread_id
from ..guard import POLICY
from ..identity import account
from ..models import Decision, Plan
from ..plan_difference import plan_difference
from ..state import IncidentState
from .base import Node

Target = Literal["execute_action", "await_approval", "recommend", "report"]


def make_record_decision(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node. Raises `NothingToActOn` if another decision on the same plan stands already."""

    def record_decision(state: IncidentState) -> Command[Target]:
        thread_id = current_thread_id()
        carried = state.get("answer") or {}
        found = opened(carried, thread_id, deps)
        if found is None:
            # Written into the state by somebody. The question, if one is open, stays open beside this branch.
            why = "an answer that did not come through the approval request was ignored"
            deps.store.note(
                thread_id, "decision.ignored", {"why": why}, subject=str(carried.get("plan_hash", ""))
            )
            return Command(update={"errors": [why]})
        plan, now = found.plan, deps.store.now()
        if now > plan.expires_at and deps.store.decision(plan.hash) is None:
            return _ask_again(plan, deps)
        answer = Answer.model_validate(found.body)
        edited = None
        try:
            if answer.kind == "edit":
                inventory = deps.inventory.with_service(state["alert"]["service"])
                edited = deps.planner.edited(plan, answer.edits, inventory)
                deps.store.add_plan(edited)
            decision = _decision(plan, answer, edited, now, deps)
            if answer.kind in ("approve", "edit") and deps.store.decision(plan.hash) is None:
                _check_unless_decided(decision, plan, edited, deps)
        except InputError as error:  # not allowed to this person, or now; or the inventory has changed since
            deps.store.note(thread_id, "decision.refused", {"why": str(error)}, subject=plan.hash)
            deps.store.set_status(thread_id, "awaiting_approval")
            return Command(update={"answer": None, "approval_error": str(error)}, goto="await_approval")
        recorded = deps.store.record_decision(
            decision, seal=found.seal, edited=edited, needed=max(1, deps.guard.needed(edited or plan))
        )
        if recorded is None:  # one of several people
            return Command(update={"answer": None}, goto="await_approval")
        return _go_on(state, recorded, deps)

    return record_decision


def _decision(plan: Plan, answer: Answer, edited: Plan | None, now: datetime, deps: Dependencies) -> Decision:
    name, authenticated = account()
    by_policy = answer.door == POLICY
    return Decision(
        plan_hash=plan.hash,
        thread_id=plan.thread_id,
        kind=answer.kind,
        by=deps.redactor.redact(name if authenticated and not by_policy else answer.by or name),
        account=POLICY if by_policy else name,
        authenticated=authenticated and not by_policy,
        trusted=by_policy or deps.guard.rules.approvals.identity == "given",
        door=answer.door or "server",
        comment=deps.redactor.redact(answer.comment),
        decided_at=now,
        expires_at=plan.expires_at,
        replaced_by=edited.hash if edited else None,
        changes=plan_difference(plan, edited) if edited else [],
    )


def _check_unless_decided(decision: Decision, shown: Plan, edited: Plan | None, deps: Dependencies) -> None:
    """Raise as `_check` does, unless another worker has recorded the decision in between: then that one stands."""
    try:
        _check(decision, edited or shown, deps)
    except InputError:
        if deps.store.decision(shown.hash) is None:
            raise


def _check(decision: Decision, plan: Plan, deps: Dependencies) -> None:
    """Raise `InputError` if this person may not approve this plan, has done so, or nobody may now."""
    deps.guard.check_not_frozen()
    if decision.door == POLICY:
        if not deps.guard.approves_itself(plan):
            raise InputError("the policy does not approve this plan by itself")
        return
    deps.guard.check_approver(plan, decision)
    if decision.identity() in {item.identity() for item in deps.store.approvals(plan.hash)}:
        raise InputError(f"{decision.identity()} has approved this plan already; another person must")


def _go_on(state: IncidentState, decision: Decision, deps: Dependencies) -> Command[Target]:
    thread_id = decision.thread_id
    update: dict[str, Any] = {
        "decision": decision.model_dump(mode="json"),
        "answer": None,
        "approval_notice": None,
    }
    if decision.kind in ("approve", "edit"):
        deps.store.set_status(thread_id, "running")
        # After a crash an edit may have been recorded by an earlier run of this node: its plan counts.
        approved = deps.store.plan(decision.replaced_by or decision.plan_hash)
        if approved is not None:
            update["plan"] = approved.model_dump(mode="json")
            if deps.store.decision(approved.hash) is None:  # the edited plan needs another person
                deps.store.set_status(thread_id, "awaiting_approval")
                return Command(update=update, goto="await_approval")
        return Command(update=update, goto="execute_action")
    if decision.kind == "reject" and decision.comment and state.get("rejected_because") is None:
        deps.store.set_status(thread_id, "running")
        return Command(update={**update, "rejected_because": decision.comment}, goto="recommend")
    return Command(update=update, goto="report")


def _ask_again(plan: Plan, deps: Dependencies) -> Command[Target]:
    renewed = deps.planner.renewed(plan)
    deps.store.withdraw(plan.hash, "expired", "nobody decided in time")
    deps.store.add_plan(renewed)
    error = f"the plan had expired at {plan.expires_at:%Y-%m-%d %H:%M} UTC; look at it again and decide"
    return Command(
        update={"answer": None, "plan": renewed.model_dump(mode="json"), "approval_error": error},
        goto="await_approval",
    )
