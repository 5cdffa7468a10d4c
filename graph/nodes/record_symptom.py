"""`record_symptom`: write a person's word on a symptom that stayed to the audit, then go where it leads.

Nothing is executed on its strength: another plan waits for an approval of its own.
"""

from typing import Any, Literal

from langgraph.types import Command

from ..approving import opened
from ..dependencies import Dependencies, current_thread_id
from ..identity import person
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
        found = opened(state.get("resolution"), thread_id, deps)
        if found is None or found.body.pop("about", None) != ABOUT:
            return Command(
                update={"errors": ["an answer that did not come through the question was ignored"]}
            )
        plan, answer = found.plan, ResolutionAnswer.model_validate(found.body)
        name, by = person(answer.by)
        by, evidence = deps.redactor.redact(by), deps.redactor.redact(answer.evidence)
        seen = Verification.model_validate(state.get("verification") or {"status": "unverified"})
        body = {
            "choice": answer.choice, "by": by, "account": name, "door": answer.door or "server", "evidence": evidence,
            "status": seen.status,
        }  # fmt: skip
        deps.store.note(thread_id, "symptom.resolved", body, subject=plan.hash)
        deps.store.set_status(thread_id, "running")
        update: dict[str, Any] = {"resolution": None}
        if answer.choice == "retry":
            done = ", ".join(f"{item.id} {item.type}" for item in plan.actions)
            reason = f"{done} did not help: {said(seen)[:1_000]}" + (f"; {evidence}" if evidence else "")
            return Command(update={**update, "rejected_because": reason}, goto="recommend")
        settled = seen.model_copy(
            update={
                "settled": f"{answer.choice} by {by}" + (f": {evidence}" if evidence else ""),
                "accepted": answer.choice == "skip",
            }
        )
        return Command(update={**update, "verification": settled.model_dump(mode="json")}, goto="report")

    return record_symptom
