"""`ask_symptom`: ask a person about a symptom that stayed, and only ask. See `symptom_question`."""

from typing import Literal

from langgraph.types import Command, interrupt

from ...tools.errors import ExecutionRefused, InputError
from ..approving import sealed
from ..dependencies import Dependencies, current_thread_id
from ..models import Verification
from ..resolutions import QUESTION_SCHEMA, parse_choice
from ..state import IncidentState
from ..symptom_question import ABOUT, symptom_request
from ..symptoms import look
from .base import Node

Target = Literal["ask_symptom", "record_symptom", "report"]


def make_ask_symptom(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node. It looks again each time: a symptom that has gone by itself is not asked about."""

    def ask_symptom(state: IncidentState) -> Command[Target]:
        thread_id = current_thread_id()
        try:
            plan = deps.executor.approved_plan(thread_id, str((state.get("plan") or {}).get("hash", "")))
        except ExecutionRefused as error:
            return Command(update={"errors": [str(error)]})  # somebody jumped here
        if not state.get("verification"):
            return Command(goto="report")
        shown = Verification.model_validate(state["verification"])
        now = look(state, plan, shown.at or plan.created_at, deps)
        if now.status == "recovered":
            return Command(update={"verification": now.model_dump(mode="json")}, goto="report")
        request = symptom_request(plan, shown, error=state.get("resolution_error"))
        raw = interrupt(request, response_schema=QUESTION_SCHEMA)
        try:
            answer = parse_choice(raw, plan)
        except InputError as error:
            return Command(update={"resolution_error": str(error)}, goto="ask_symptom")
        body = {**answer.model_dump(mode="json"), "about": ABOUT}
        return Command(
            update={"resolution": sealed(body, plan, deps), "resolution_error": None},
            goto="record_symptom",
        )

    return ask_symptom
