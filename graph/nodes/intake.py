"""`intake`: validate the alert (or make one of a person's words), keep its logs as evidence, name the sources."""

from pathlib import Path
from typing import Any, Literal

from langgraph.types import Command, Overwrite, Send

from ...tools.alert import Alert
from ...tools.digest import LogDigest, LogSource, default_window, discover_sources
from ...tools.errors import InputError
from ...tools.metric_sources import MetricRef
from ..canonical import canonical_json, sha256_hex
from ..dependencies import Dependencies, current_thread_id
from ..evidence import INLINE_NAME, keep_inline_logs
from ..identity import account
from ..messages import ai_message, alert_from_text, last_human, text_of
from ..state import IncidentState
from .base import Node

MESSAGE_CHARACTERS = 2_000
"""How much of a pasted message stays in the conversation."""

Target = Literal["collect", "analyse_logs", "await_approval", "__end__"]


def make_intake(deps: Dependencies) -> Node[IncidentState, Command[Target]]:
    """Return the node. It starts a run over: whatever an earlier run left on the thread is cleared."""

    def intake(state: IncidentState) -> Command[Target]:
        thread_id = current_thread_id()
        spoken = last_human(state.get("messages", []))
        taken = state.get("taken", {})
        is_new_alert = "alert" in state and _fingerprint(state["alert"]) != taken.get("alert")
        if spoken is not None and not is_new_alert and state.get("plan") and _is_small_talk(text_of(spoken)):
            note = "A plan waits for your decision; approve, edit or reject it."
            return Command(update={"messages": [ai_message(note)]}, goto="await_approval")
        try:
            if is_new_alert:
                alert = Alert.parse(state["alert"])
            elif spoken is not None:
                alert = alert_from_text(text_of(spoken))
            else:
                raise InputError("nothing to look at: give an `alert`, or a message with log lines")
            sources, notes = _sources(alert, deps, thread_id)
        except InputError as error:
            if spoken is None:
                raise
            # In a chat a misunderstanding is answered, not raised.
            return Command(update={"messages": [ai_message(str(error))]}, goto="__end__")
        kept = alert.model_copy(update={"logs": None, "message": deps.redactor.redact(alert.message)})
        deps.store.register_run(
            thread_id, alert_id=kept.id, service=kept.service, severity=kept.severity, message=kept.message,
            requester=account()[0],
        )  # fmt: skip
        update: dict[str, Any] = {
            **_fresh(),
            "alert": kept.model_dump(mode="json"),
            "sources": [source.model_dump(mode="json") for source in sources],
            "metrics": [ref.model_dump(mode="json") for ref in _metrics(alert, deps)],
            "window": default_window(alert.timestamp).model_dump(mode="json"),
            "errors": Overwrite([]),
        }
        if notes:
            unread = LogDigest.nothing(*notes).model_dump(mode="json")
            update["collected"] = Overwrite([{"key": "unread", "digest": unread}])
        update["taken"] = {"alert": _fingerprint(update["alert"])}
        if spoken is not None:
            update["messages"] = [_shortened(spoken, deps)]
        return Command(update=update, goto=collect_all(update) or "analyse_logs")

    return intake


def _fingerprint(alert: dict[str, Any]) -> str:
    """Tell an alert that was just given from the one that this thread has already taken."""
    return sha256_hex(canonical_json(alert))


def _is_small_talk(text: str) -> bool:
    try:
        alert_from_text(text)
    except InputError:
        return True
    return False


def _shortened(message: dict[str, Any], deps: Dependencies) -> dict[str, Any]:
    """Return the person's message redacted and cut: its log lines are kept as evidence, not in every checkpoint."""
    text = deps.redactor.redact(text_of(message))
    if len(text) > MESSAGE_CHARACTERS:
        text = f"{text[:MESSAGE_CHARACTERS]}\n... ({text.count(chr(10)) + 1} lines, kept as evidence)"
    return {**message, "content": text}


def collect_all(state: dict[str, Any]) -> list[Send]:
    """Return one branch of `collect` per log source and metric source."""
    shared = {"window": state["window"], "alert": state["alert"]}
    return [
        *(Send("collect", {"source": source, **shared}) for source in state["sources"]),
        *(Send("collect", {"metric": ref, **shared}) for ref in state["metrics"]),
    ]


def _metrics(alert: Alert, deps: Dependencies) -> list[MetricRef]:
    """Return the metrics that the alert names, else those that the inventory names for its service."""
    service = deps.inventory.get(alert.service)
    wanted = alert.metrics or (service.metrics if service is not None else [])
    return [MetricRef(id=f"m{number}", source=source) for number, source in enumerate(wanted, start=1)]


def _sources(alert: Alert, deps: Dependencies, thread_id: str) -> tuple[list[LogSource], list[str]]:
    """Return the log sources of an alert; inline logs become a file of the evidence folder."""
    paths = keep_inline_logs(alert, deps.evidence_dir(thread_id)).log_sources
    service = deps.inventory.get(alert.service)
    if not paths and service is not None:
        paths = service.logs
    if not paths:
        if alert.metrics or (service is not None and service.metrics):
            return [], []
        raise InputError(
            "alert: no logs; expected log text in `logs`, files in `log_sources`, or log files of "
            f"service {alert.service!r} in the inventory"
        )
    sources, notes = discover_sources(paths)
    inline = (deps.evidence_dir(thread_id) / INLINE_NAME).resolve()
    named = [
        item.model_copy(update={"name": "inline"})
        if [Path(path).resolve() for path in item.paths] == [inline]
        else item
        for item in sources
    ]
    return named, notes


def _fresh() -> dict[str, Any]:
    return {
        "collected": Overwrite([]), "rounds": 0, "fetched": [], "coverage": {},
        "rejected_because": None, "approval_error": None, "approval_notice": None, "answer": None,
        "resolution": None, "resolution_error": None,
        "decision": None, "plan": None, "plan_notes": [], "outcomes": [], "verification": None, "proposed_case": None,
        "usage": {},
    }  # fmt: skip
