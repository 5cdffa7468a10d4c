"""`record_decision`: write the decision to the store, insert-only, bound to the plan's hash.

A step of its own after the interrupt: it may run twice (a crash before its checkpoint) and then finds
its own record. Without a valid seal the answer did not come through the interrupt, and nothing is recorded.
"""

from typing import Any, Literal

from langgraph.types import Command

from ...tools.errors import InputError
from ..answers import Answer
from ..dependencies import Dependencies, current_thread_id
from ..identity import account
from ..models import Decision, Plan
from ..state import IncidentState
from .base import Node

Target = Literal["execute_action", "await_approval", "recommend", "report"]


def make_record_decision(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node. Raises `NothingToActOn` if another decision on the same plan stands already."""

    def record_decision(state: IncidentState) -> Command[Target]:
        thread_id = current_thread_id()
        sealed = dict(state.get("answer") or {})
        seal, shown_hash = str(sealed.pop("seal", "")), str(sealed.pop("plan_hash", ""))
        plan = deps.store.plan(shown_hash)
        if (
            plan is None
            or plan.thread_id != thread_id
            or not deps.seal.verify(thread_id, shown_hash, sealed, seal)
        ):
            # Written into the state by somebody. The question, if one is open, stays open beside this branch.
            return Command(
                update={"errors": ["an answer that did not come through the approval request was ignored"]}
            )
        now = deps.store.now()
        if now > plan.expires_at and deps.store.decision(plan.hash) is None:
            return _ask_again(plan, deps)
        answer = Answer.model_validate(sealed)
        edited = None
        if answer.kind == "edit":
            inventory = deps.inventory.with_service(state["alert"]["service"])
            try:
                edited = deps.planner.edited(plan, answer.edits, inventory)
            except InputError as error:  # it was valid when it was given: the inventory has changed since
                return Command(update={"answer": None, "approval_error": str(error)}, goto="await_approval")
            deps.store.add_plan(edited)
        name, authenticated = account()
        decision = Decision(
            plan_hash=plan.hash,
            thread_id=thread_id,
            kind=answer.kind,
            by=deps.redactor.redact(name if authenticated else answer.by or name),
            account=name,
            authenticated=authenticated,
            door=answer.door or "server",
            comment=deps.redactor.redact(answer.comment),
            decided_at=now,
            expires_at=plan.expires_at,
            replaced_by=edited.hash if edited else None,
        )
        recorded = deps.store.record_decision(decision, seal=seal, edited=edited)
        return _go_on(state, recorded or decision, deps)

    return record_decision


def _go_on(state: IncidentState, decision: Decision, deps: Dependencies) -> Command[Target]:
    thread_id = decision.thread_id
    update: dict[str, Any] = {"decision": decision.model_dump(mode="json"), "answer": None}
    if decision.kind in ("approve", "edit"):
        deps.store.set_status(thread_id, "running")
        # After a crash an edit may have been recorded by an earlier run of this node: its plan counts.
        approved = deps.store.plan(decision.replaced_by or decision.plan_hash)
        if approved is not None:
            update["plan"] = approved.model_dump(mode="json")
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
