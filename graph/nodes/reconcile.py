"""`reconcile`: ask a person about the action that stopped the plan, and only ask. See `resolutions`."""

from typing import Literal

from langgraph.types import Command, interrupt

from ...tools.errors import ExecutionRefused, InputError
from ..approving import sealed
from ..dependencies import Dependencies, current_thread_id
from ..resolutions import QUESTION_SCHEMA, parse_resolution, resolution_request
from ..state import IncidentState
from .base import Node

Target = Literal["reconcile", "record_resolution", "execute_action"]


def make_reconcile(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node. It looks at the target again each time; what has settled itself is not asked about."""

    def reconcile(state: IncidentState) -> Command[Target]:
        thread_id = current_thread_id()
        try:
            plan = deps.executor.approved_plan(thread_id, str((state.get("plan") or {}).get("hash", "")))
        except ExecutionRefused as error:
            return Command(update={"errors": [str(error)]})  # somebody jumped here
        halted = deps.executor.halted(plan)
        if halted is None:
            return Command(goto="execute_action")
        position, outcome = halted
        entry = deps.store.entry(plan.hash, position)
        if entry is None:
            return Command(goto="execute_action")
        request = resolution_request(
            plan, entry, outcome, decision=deps.store.decision(plan.hash), error=state.get("resolution_error")
        )
        raw = interrupt(request, response_schema=QUESTION_SCHEMA)
        try:
            answer = parse_resolution(raw, plan, position, outcome)
        except InputError as error:
            return Command(update={"resolution_error": str(error)}, goto="reconcile")
        body = {**answer.model_dump(mode="json"), "position": position}
        return Command(
            update={"resolution": sealed(body, plan, deps), "resolution_error": None},
            goto="record_resolution",
        )

    return reconcile
