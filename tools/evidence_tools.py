"""The tools a model may use to look for more evidence, and the actions as tools that only plan.

No tool here changes anything. An action tool returns the exact preview of what would be done; doing it
needs a person's approval, which lives outside any model's reach.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from langchain_core.tools import BaseTool, StructuredTool, tool

from .actions import CATALOGUE, plan_action
from .actions.base import ActionSpec, Backend
from .digest import EvidenceLine, render_digest
from .errors import InputError
from .evidence_desk import EvidenceDesk
from .inventory import Inventory
from .knowledge import KnowledgeBase

_TOKENS = 380
"""Size of one tool answer, in tokens: several must fit an incident's budget."""


def evidence_tools(knowledge_base: KnowledgeBase, desk: EvidenceDesk) -> list[BaseTool]:
    """Return `fetch_logs`, `get_metrics`, `open_evidence` and `search_cases` for one incident.

    Only what the inventory names can be read. What is read joins `desk.digest`; the answers show it with the
    ids that it has there.
    """

    @tool
    def fetch_logs(service: Annotated[str, "Service name as listed in the inventory."]) -> str:
        """Read all log files of one service, in the incident's time window, and return their digest."""
        return _told(lambda: render_digest(desk.read_logs(service), budget_tokens=_TOKENS))

    @tool
    def get_metrics(service: Annotated[str, "Service name as listed in the inventory."]) -> str:
        """Return the metrics of one service in the incident's time window, those that moved most first."""
        return _told(lambda: _lines(desk.read_metrics(service)))

    @tool
    def open_evidence(evidence_id: Annotated[str, "Id of an evidence line, e.g. s1:42."]) -> str:
        """Return an evidence line with the lines that stand before and after it in its log."""
        return _told(lambda: _lines(desk.open_line(evidence_id)))

    @tool
    def search_cases(query: Annotated[str, "Symptoms or error words."]) -> str:
        """Search the historical cases; returns id, failure mode, title and root cause of the best three."""
        hits = knowledge_base.search(query, top_k=3)
        return "\n".join(
            f"{hit.case.id} [{hit.case.failure_mode}] {hit.case.title}: {hit.case.root_cause}" for hit in hits
        )

    return [fetch_logs, get_metrics, open_evidence, search_cases]


def action_tools(inventory: Inventory, backends: Mapping[str, Backend]) -> list[BaseTool]:
    """Return one tool per action of the catalogue; each plans, none executes."""
    return [_action_tool(spec, inventory, backends) for spec in CATALOGUE.values()]


def _action_tool(spec: ActionSpec, inventory: Inventory, backends: Mapping[str, Backend]) -> BaseTool:
    def plan(**params: Any) -> str:
        try:
            planned = plan_action(spec.name, params, inventory=inventory, backends=backends)
        except InputError as error:
            return f"error: {error}"
        return f"planned, not executed; needs approval: {planned.preview.text()} (risk {planned.risk})"

    return StructuredTool.from_function(
        func=plan,
        name=spec.name,
        description=f"Plan, without executing: {spec.description}",
        args_schema=spec.params,
    )


def _told(read: Callable[[], str]) -> str:
    """Return what was read, or why nothing was: a model that asks in vain must not end the run."""
    try:
        return read()
    except InputError as error:
        return f"no_data: {error}"


def _lines(evidence: Iterable[EvidenceLine]) -> str:
    return "\n".join(f"[{line.id}] {line.text}" for line in evidence)
