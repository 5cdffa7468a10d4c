"""`diagnose`: what broke and why, with proof checked by code; may send for more evidence, bounded in rounds."""

from typing import Any, Literal

from langgraph.types import Command, Overwrite

from ...agents.models import Diagnosis, LogAnalysis
from ...tools.alert import Alert
from ...tools.digest import LogDigest, LogSource, Window, discover_sources
from ...tools.errors import InputError
from ..dependencies import Dependencies, current_thread_id, usage_json
from ..state import IncidentState
from .base import Node
from .intake import collect_all

MAX_ROUNDS = 2
"""How often a diagnosis may send for more evidence."""

# Causes that live in another service: its own log says more than its callers' logs.
_ELSEWHERE = {"dependency-unreachable", "upstream-timeout", "db-connection-pool-exhausted", "unknown"}

Target = Literal["collect", "recommend", "report"]


def make_diagnose(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node."""

    def diagnose(state: IncidentState) -> Command[Target]:
        alert = Alert.model_validate(state["alert"])
        digest = LogDigest.model_validate(state["digest"])
        analysis = LogAnalysis.model_validate(state["log_analysis"])
        budget = deps.budget(state.get("usage"))
        diagnosis = deps.diagnostician.run(alert, digest, analysis, budget=budget)
        update: dict[str, Any] = {"diagnosis": diagnosis.model_dump(mode="json"), "usage": usage_json(budget)}
        if state.get("rounds", 0) < MAX_ROUNDS and (more := more_evidence(state, diagnosis, digest, deps)):
            update |= more
            update["rounds"] = state.get("rounds", 0) + 1
            return Command(update=update, goto=collect_all({**state, **more}))
        update["collected"] = Overwrite([])  # the digest stands; partial ones need not stay in checkpoints
        if diagnosis.verdict == "fault":
            return Command(update=update, goto="recommend")
        deps.store.set_status(current_thread_id(), "running", diagnosis.verdict)
        return Command(update=update, goto="report")

    return diagnose


def more_evidence(
    state: IncidentState, diagnosis: Diagnosis, digest: LogDigest, deps: Dependencies
) -> dict[str, Any] | None:
    """Return what to read next (`sources`, `window`), or None if there is nothing more to be had."""
    if (
        diagnosis.verdict == "not-enough-evidence"
        and digest.lines_outside_window
        and state["window"].get("start")
    ):
        # The window was too narrow (or the clocks differ): read everything.
        return {"sources": state["sources"], "window": Window().model_dump(mode="json")}
    if diagnosis.verdict != "fault" or diagnosis.failure_mode in _ELSEWHERE:
        fresh = _dependency_sources(state, deps)
        if fresh:
            return {"sources": [*state["sources"], *fresh], "window": state["window"]}
    return None


def _dependency_sources(state: IncidentState, deps: Dependencies) -> list[dict[str, Any]]:
    """Return the log sources of the service's direct dependencies that were not read yet."""
    service = deps.inventory.get(state["alert"]["service"])
    if service is None:
        return []
    read = {path for source in state["sources"] for path in source["paths"]}
    fresh: list[dict[str, Any]] = []
    for name in service.depends_on:
        dependency = deps.inventory.get(name)
        if dependency is None or not dependency.logs:
            continue
        try:
            sources, _notes = discover_sources(dependency.logs)
        except InputError:
            continue  # an inventory may name logs of another host
        for source in sources:
            if read.isdisjoint(source.paths):
                number = len(state["sources"]) + len(fresh) + 1
                fresh.append(
                    LogSource(id=f"s{number}", name=source.name, paths=source.paths).model_dump(mode="json")
                )
    return fresh
