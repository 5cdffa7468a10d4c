"""`recommend`: solutions by priority, and a plan of typed actions, checked, previewed and stored under its hash."""

from typing import Any, Literal

from langgraph.types import Command

from ...agents.models import Diagnosis
from ...tools.alert import Alert
from ...tools.digest import LogDigest
from ..approving import approved_by_policy
from ..canonical import canonical_json, sha256_hex
from ..dependencies import Dependencies, current_thread_id, usage_json
from ..messages import ai_message
from ..models import Plan
from ..report_markdown import proposal_markdown
from ..state import IncidentState
from .base import Node

Target = Literal["await_approval", "record_decision", "report"]


def make_recommend(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node. Without an action that can be planned the run goes straight to its report."""

    def recommend(state: IncidentState) -> Command[Target]:
        thread_id = current_thread_id()
        alert = Alert.model_validate(state["alert"])
        digest = LogDigest.model_validate(state["digest"])
        diagnosis = Diagnosis.model_validate(state["diagnosis"])
        rejected_because = state.get("rejected_because")
        budget = deps.budget(state.get("usage"))
        recommendation = deps.recommender.run(
            alert, digest, diagnosis, rejected_because=rejected_because, budget=budget
        )
        inventory = deps.inventory.with_service(alert.service)
        requester = deps.store.run(thread_id)["requester"]
        plan, notes = deps.planner.plan(
            thread_id,
            recommendation,
            inventory,
            requester=requester,
            replaces=_executed(state, thread_id, deps),
        )
        if rejected_because is not None and (plan is None or _same_actions(plan.actions, state.get("plan"))):
            plan = None  # asking again for what was just refused, or did not help, helps nobody
            notes = [*notes, f"no other action is known; the last one was turned down: {rejected_because}"]
        update: dict[str, Any] = {
            "recommendation": recommendation.model_dump(mode="json"),
            "plan_notes": notes,
            "usage": usage_json(budget),
            "approval_error": None,
        }
        deps.store.note(
            thread_id,
            "diagnosed",
            {
                "diagnosis": diagnosis.model_dump(mode="json"),
                "digest_sha256": sha256_hex(canonical_json(digest.model_dump(mode="json"))),
                "plan_notes": notes,
            },
        )
        if plan is None:
            return Command(update=update, goto="report")
        deps.store.add_plan(plan)
        update["plan"] = plan.model_dump(mode="json")
        update["messages"] = [ai_message(proposal_markdown(diagnosis, recommendation, plan, digest))]
        if deps.guard.approves_itself(plan):
            return Command(
                update={**update, "answer": approved_by_policy(plan, deps)}, goto="record_decision"
            )
        deps.store.set_status(thread_id, "awaiting_approval")
        return Command(update=update, goto="await_approval")

    return recommend


def _executed(state: IncidentState, thread_id: str, deps: Dependencies) -> Plan | None:
    """Return the plan that was executed before and did not help, if that is why another one is made."""
    earlier = state.get("plan")
    if not earlier or not state.get("outcomes"):
        return None
    plan = deps.store.plan(str(earlier["hash"]))
    return plan if plan is not None and plan.thread_id == thread_id else None


def _same_actions(actions: Any, earlier: dict[str, Any] | None) -> bool:
    if earlier is None:
        return False
    return [(item.type, item.params) for item in actions] == [
        (item["type"], item["params"]) for item in earlier["actions"]
    ]
