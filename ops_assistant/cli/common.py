"""What several commands share: opening the assistant, finding a run by the start of its id, printing JSON."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from ..tools.errors import InputError, NothingToActOn

if TYPE_CHECKING:
    from ..assistant import OpsAssistant
    from ..events import Event
    from ..run import Run

ThreadArgument = Annotated[
    str, typer.Argument(metavar="THREAD", help="Thread id of the run, or its first characters.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who decides; default: the user logged in.")]
EngineOption = Annotated[
    str | None, typer.Option("--engine", metavar="auto|case-based|llm", help="Which engine to use.")
]


def open_assistant(engine: str | None = None) -> "OpsAssistant":
    """Open the assistant with the settings of environment and `.env`."""
    from ..assistant import OpsAssistant
    from ..settings import load_settings

    return OpsAssistant(load_settings(engine=engine))


def find_run(assistant: "OpsAssistant", thread: str) -> "Run":
    """Open the run whose thread id is, or starts with, `thread`."""
    matches = assistant.find(thread) if len(thread) >= 4 else []
    if len(matches) > 1:
        raise InputError(f"{thread!r} is the start of several thread ids; give more characters")
    if not matches:
        raise NothingToActOn(f"there is no run {thread!r}; `ops-assistant pending` lists those that wait")
    return assistant.open(matches[0])


def print_json(value: Any) -> None:
    """Print one JSON value on stdout."""
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def progress(event: "Event") -> None:
    """Say on stderr what a run does."""
    if line := progress_line(event):
        typer.echo(line, err=True)


def progress_line(event: "Event") -> str | None:
    """Return one line about an event, or None if it is not worth one."""
    if event.kind != "node" or event.node.startswith("__"):
        return None
    return f"  {event.node:<16} {_detail(event.node, event.data)}".rstrip()


def _detail(node: str, data: dict[str, Any]) -> str:
    describe = _DETAILS.get(node)
    return describe(data) if describe is not None else ""


def _collected(data: dict[str, Any]) -> str:
    read = sum(item["digest"]["lines_read"] for item in data.get("collected", []))
    return f"{read} of {read} lines read"


def _planned(data: dict[str, Any]) -> str:
    plan = data.get("plan")
    return f"{len(plan['actions'])} actions planned" if plan else "no action planned"


def _decided(data: dict[str, Any]) -> str:
    decision = data.get("decision")
    return f"{decision['kind']} by {decision['by']}" if decision else ""


def _executed(data: dict[str, Any]) -> str:
    outcomes = data.get("outcomes")
    return f"{outcomes[-1]['action_id']} {outcomes[-1]['type']}: {outcomes[-1]['status']}" if outcomes else ""


_DETAILS: dict[str, Callable[[dict[str, Any]], str]] = {
    "collect": _collected,
    "analyse_logs": lambda data: (
        f"{data['log_analysis']['error_type']}, {data['log_analysis']['error_count']} error lines"
    ),
    "diagnose": lambda data: f"{data['diagnosis']['failure_mode']}, {data['diagnosis']['confidence']}%",
    "recommend": _planned,
    "record_decision": _decided,
    "execute_action": _executed,
    "verify": lambda data: str((data.get("verification") or {}).get("status", "")),
}
