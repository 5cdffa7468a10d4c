"""The tools a model may use to look for more evidence, and the actions as tools that only plan.

No tool here changes anything. An action tool returns the exact preview of what would be done; doing it
needs a person's approval, which lives outside any model's reach.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from langchain_core.tools import BaseTool, StructuredTool, tool

from .actions import CATALOGUE, plan_action
from .actions.base import ActionSpec, Backend
from .digest import LogDigest, digest_logs, render_digest
from .errors import InputError
from .inventory import Inventory
from .knowledge import KnowledgeBase
from .metrics import read_metrics
from .redaction import Redactor

_TOKENS = 1_500
"""Size of one tool answer, in tokens: several must fit an incident's budget."""

_NEIGHBOURS = 4
"""Evidence lines shown beside one that is opened."""


def evidence_tools(knowledge_base: KnowledgeBase, inventory: Inventory, redactor: Redactor) -> list[BaseTool]:
    """Return `fetch_logs`, `get_metrics` and `search_cases`. Only files that the inventory names can be read."""

    @tool
    def fetch_logs(service: Annotated[str, "Service name as listed in the inventory."]) -> str:
        """Read all log files of one service and return their digest."""
        known = inventory.get(service)
        if known is None or not known.logs:
            return f"no_data: the inventory names no log files of {service!r}"
        try:
            return render_digest(digest_logs(known.logs, redactor=redactor), budget_tokens=_TOKENS)
        except InputError as error:
            return f"error: {error}"

    @tool
    def get_metrics(path: Annotated[str, "Metric file (CSV or JSON) beside the service's logs."]) -> str:
        """Return what moved in a metric file, the metrics that moved most first."""
        if not _is_beside_logs(Path(path), inventory):
            return "error: only metric files beside log files of the inventory can be read"
        try:
            return "\n".join(metric.text() for metric in read_metrics(Path(path), limit=20)) or "no_data"
        except InputError as error:
            return f"error: {error}"

    @tool
    def search_cases(query: Annotated[str, "Symptoms or error words."]) -> str:
        """Search the historical cases; returns id, failure mode, title and root cause of the best three."""
        hits = knowledge_base.search(query, top_k=3)
        return "\n".join(
            f"{hit.case.id} [{hit.case.failure_mode}] {hit.case.title}: {hit.case.root_cause}" for hit in hits
        )

    return [fetch_logs, get_metrics, search_cases]


def open_evidence_tool(digest: LogDigest) -> BaseTool:
    """Return `open_evidence` over one incident's digest, which holds more lines than a prompt shows."""

    @tool
    def open_evidence(evidence_id: Annotated[str, "Id of an evidence line, e.g. s1:42."]) -> str:
        """Return an evidence line with the evidence lines nearest to it in the same source."""
        line = digest.line(evidence_id)
        if line is None:
            return f"no_data: there is no evidence line {evidence_id!r}"
        beside = sorted(
            (item for item in digest.evidence if item.source == line.source),
            key=lambda item: (abs(item.line - line.line), item.line),
        )[: 1 + _NEIGHBOURS]
        return "\n".join(f"[{item.id}] {item.text}" for item in sorted(beside, key=lambda item: item.line))

    return open_evidence


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


def _is_beside_logs(path: Path, inventory: Inventory) -> bool:
    folders = {Path(log).resolve().parent for service in inventory.services for log in service.logs}
    return path.resolve().parent in folders
