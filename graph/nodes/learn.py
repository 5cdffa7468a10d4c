"""`learn`: propose a case for the knowledge base; only a person's confirmation stores it."""

from typing import Any

from ..dependencies import Dependencies
from ..incident import Incident
from ..learning import propose_case
from ..state import IncidentState
from .base import Node


def make_learn(_deps: Dependencies) -> Node[IncidentState, dict[str, Any]]:
    """Return the node. Only a run whose actions were executed has something to teach."""

    def learn(state: IncidentState) -> dict[str, Any]:
        incident = Incident.of(state)
        case = propose_case(incident) if incident.outcomes else None
        return {"proposed_case": case.model_dump(mode="json") if case else None}

    return learn
