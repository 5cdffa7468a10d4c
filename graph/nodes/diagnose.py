"""`diagnose`: what broke and why, with proof checked by code; may send for more evidence, bounded in rounds."""

from typing import Any, Literal

from langgraph.types import Command, Overwrite

from ...agents.models import Diagnosis, LogAnalysis
from ...tools.alert import Alert
from ...tools.digest import LogDigest, LogSource, Window
from ...tools.evidence_desk import OPENED, EvidenceDesk
from ...tools.metric_sources import MetricRef, metric_name
from ..coverage import coverage
from ..dependencies import Dependencies, current_thread_id, usage_json
from ..more_evidence import branches, more_evidence
from ..state import IncidentState
from .base import Node

MAX_ROUNDS = 2
"""How often a diagnosis may send for more evidence."""

Target = Literal["collect", "recommend", "report"]


def make_diagnose(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node."""

    def diagnose(state: IncidentState) -> Command[Target]:
        alert = Alert.model_validate(state["alert"])
        desk = _desk(state, alert, deps)
        analysis = LogAnalysis.model_validate(state["log_analysis"])
        budget = deps.budget(state.get("usage"))
        diagnosis = deps.diagnostician.run(alert, desk.digest, analysis, budget=budget, desk=desk)
        diagnosis = _better(state.get("diagnosis") if state.get("rounds") else None, diagnosis)
        update: dict[str, Any] = {
            "diagnosis": diagnosis.model_dump(mode="json"),
            "usage": usage_json(budget),
            **_fetched_by_model(state, desk),
        }
        now = {**state, **update}
        rounds = state.get("rounds", 0)
        if rounds < MAX_ROUNDS and (more := more_evidence(now, diagnosis, desk.digest, deps.inventory)):
            update["rounds"] = rounds + 1
            update["sources"] = [*now["sources"], *(item.model_dump(mode="json") for item in more.sources)]
            update["metrics"] = [*now["metrics"], *(item.model_dump(mode="json") for item in more.metrics)]
            update["fetched"] = [*now["fetched"], *more.said]
            if more.window is not None:
                update["window"] = more.window.model_dump(mode="json")
            return Command(update=update, goto=branches(now, more))
        update["collected"] = Overwrite([])  # the digest stands; partial ones need not stay in checkpoints
        update["coverage"] = _coverage(now, diagnosis, desk, deps)
        if diagnosis.verdict == "fault":
            return Command(update=update, goto="recommend")
        deps.store.set_status(current_thread_id(), "running", diagnosis.verdict)
        return Command(update=update, goto="report")

    return diagnose


def _desk(state: IncidentState, alert: Alert, deps: Dependencies) -> EvidenceDesk:
    return EvidenceDesk(
        LogDigest.model_validate(state["digest"]),
        inventory=deps.inventory,
        redactor=deps.redactor,
        window=Window.model_validate(state["window"]),
        alert_time=alert.timestamp,
        sources=[LogSource.model_validate(item) for item in state["sources"]],
        metrics=[MetricRef.model_validate(item) for item in state.get("metrics", [])],
    )


def _better(earlier: dict[str, Any] | None, later: Diagnosis) -> Diagnosis:
    """Return the later diagnosis, or the model's proven one of the round before if the model failed since.

    A case-based result that names a fault with proof saw more evidence and stands.
    """
    if earlier is None or later.degraded_because is None or (later.verdict == "fault" and later.proven):
        return later
    first = Diagnosis.model_validate(earlier)
    if first.engine != "llm" or first.verdict != "fault" or not first.proven:
        return later
    reason = f"kept from before more evidence was fetched, since {later.degraded_because}"
    return first.model_copy(update={"degraded_because": reason})


def _fetched_by_model(state: IncidentState, desk: EvidenceDesk) -> dict[str, Any]:
    """Return the update that makes what a model's tools fetched part of the run, like what `collect` reads."""
    before: dict[str, Any] = {"metrics": state.get("metrics", []), "fetched": state.get("fetched", [])}
    if not desk.parts:
        return before
    round_ = state.get("rounds", 0)
    said = [f"logs: {item.name}" for item in desk.sources if item.id in desk.parts]
    said += [f"metrics: {metric_name(item.source)}" for item in desk.metrics if item.id in desk.parts]
    if OPENED in desk.parts:
        said.append(f"{len(desk.parts[OPENED].evidence)} lines around lines of evidence")
    return {
        "digest": desk.digest.model_dump(mode="json"),
        "sources": [item.model_dump(mode="json") for item in desk.sources],
        "metrics": [item.model_dump(mode="json") for item in desk.metrics],
        "collected": [
            # Opened lines of an earlier round are a part of their own.
            {"key": f"{key}{round_}" if key == OPENED else key, "digest": part.model_dump(mode="json")}
            for key, part in desk.parts.items()
        ],
        "fetched": [*before["fetched"], *(f"asked for by the model: {what}" for what in said)],
    }


def _coverage(
    now: dict[str, Any], diagnosis: Diagnosis, desk: EvidenceDesk, deps: Dependencies
) -> dict[str, Any]:
    return coverage(
        desk.digest,
        diagnosis,
        service=now["alert"]["service"],
        inventory=deps.inventory,
        sources=desk.sources,
        metrics=desk.metrics,
        window=Window.model_validate(now["window"]),
        fetched=now["fetched"],
    ).model_dump(mode="json")
