"""`learn`: propose a case for the knowledge base; only a person's confirmation stores it.

The proposal waits in the review queue (`ops-assistant kb review`), where a person accepts, edits or declines it.
"""

from typing import Any

from ...tools.knowledge import Curation, propose_case
from ..canonical import canonical_json
from ..dependencies import Dependencies, current_thread_id
from ..incident import Incident
from ..state import IncidentState
from .base import Node


def make_learn(deps: Dependencies) -> Node[IncidentState, dict[str, Any]]:
    """Return the node. Only a run whose actions were executed has something to teach."""

    def learn(state: IncidentState) -> dict[str, Any]:
        case = propose_case(_flat(Incident.of(state).model_dump(mode="json")))
        if case is None:
            return {"proposed_case": None}
        Curation(deps.knowledge_base).propose(case, origin=current_thread_id())  # again changes nothing
        return {"proposed_case": case.model_dump(mode="json")}

    return learn


def _flat(run: dict[str, Any]) -> dict[str, Any]:
    """Return the run with the parameters of its actions as a case holds them: an object becomes its JSON text."""
    for action in (run["plan"] or {}).get("actions", []):
        action["params"] = {
            key: canonical_json(value) if isinstance(value, dict | list) else value
            for key, value in action["params"].items()
        }
    return run
