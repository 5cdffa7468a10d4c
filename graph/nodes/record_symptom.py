"""`record_symptom`: write a person's word on a symptom that stayed to the audit, then go where it leads.

Nothing is executed on its strength: another plan waits for an approval of its own.
"""

from typing import Any, Literal

from langgraph.types import Command

from ..dependencies import Dependencies, current_thread_id
from ..identity import account
from ..models import Verification
from ..resolutions import ResolutionAnswer
from ..state import IncidentState
from ..symptom_question import ABOUT
from ..symptoms import said
from .base import Node

Target = Literal["recommend", "report"]


def make_record_symptom(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node."""

    def record_symptom(state: IncidentState) -> Command[Target]:
        thread_id = current_thread_id()
        sealed = dict(state.get("resolution") or {})
        seal, plan_hash = str(sealed.pop("seal", "")), str(sealed.pop("plan_hash", ""))
        plan = deps.store.plan(plan_hash)
        if (
            plan is None
            or sealed.get("about") != ABOUT
            or plan.thread_id != thread_id
            or not deps.seal.verify(thread_id, plan_hash, sealed, seal)
        ):
            return Command(
                update={"errors": ["an answer that did not come through the question was ignored"]}
            )
        del sealed["about"]
        answer = ResolutionAnswer.model_validate(sealed)
        name, authenticated = account()
        by = deps.redactor.redact(name if authenticated else answer.by or name)
        evidence = deps.redactor.redact(answer.evidence)
        found = Verification.model_validate(state.get("verification") or {"status": "unverified"})
        body = {
            "choice": answer.choice, "by": by, "account": name, "door": answer.door or "server", "evidence": evidence,
            "status": found.status,
        }  # fmt: skip
        deps.store.note(thread_id, "symptom.resolved", body, subject=plan_hash)
        deps.store.set_status(thread_id, "running")
        update: dict[str, Any] = {"resolution": None}
        if answer.choice == "retry":
            done = ", ".join(f"{item.id} {item.type}" for item in plan.actions)
            reason = f"{done} did not help: {said(found)[:1_000]}" + (f"; {evidence}" if evidence else "")
            return Command(update={**update, "rejected_because": reason}, goto="recommend")
        settled = found.model_copy(
            update={
                "settled": f"{answer.choice} by {by}" + (f": {evidence}" if evidence else ""),
                "accepted": answer.choice == "skip",
            }
        )
        return Command(update={**update, "verification": settled.model_dump(mode="json")}, goto="report")

    return record_symptom
