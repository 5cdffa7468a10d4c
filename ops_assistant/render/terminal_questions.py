"""What a run waits for, in a terminal: the question, what is known, and the command of each answer."""

from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from .terminal_parts import COLOURS, bullet, facts, section, shown

if TYPE_CHECKING:
    from ..run import Run


def print_question(run: "Run", out: Console) -> None:
    """Print what a person is asked, if anything."""
    question = run.question
    if question is None:
        return
    if error := question.get("error"):
        section(out, "The last answer was not accepted", shown(error))
    if "reconcile" in question:
        section(
            out, "An action has stopped the plan: what has become of it?", *_action(question["reconcile"])
        )
    elif "symptom" in question:
        section(out, "The plan was executed and the symptom is still there", *_symptom(question["symptom"]))
    else:
        section(out, "Decide", *_approval(run.thread_id[:8], question))


def _action(asked: dict[str, Any]) -> list[Any]:
    action, outcome = asked["action"], asked["outcome"]
    preview = action["preview"]
    call = ", ".join(f"{name}={value!r}" for name, value in preview["args"].items())
    what = " ".join(preview["argv"]) if preview["kind"] == "argv" else f"{preview['call']}({call})"
    known = facts(
        [
            ("action", f"{action['id']} {action['type']} through {action['backend']}, risk {action['risk']}"),
            ("status", Text(outcome["status"], COLOURS[outcome["status"]])),
            ("started", f"{_time(asked['started_at'])} by {asked['started_by']}"),
            ("approved by", asked["approved_by"]),
            ("probe", asked["probe"]),
        ]
    )
    return [
        known,
        Panel(shown(what), box=box.ROUNDED, expand=False),
        shown(outcome["output"]),
        *_choices(asked),
    ]


def _symptom(asked: dict[str, Any]) -> list[Any]:
    known = facts(
        [
            ("symptom", Text(asked["status"], COLOURS[asked["status"]])),
            ("done", "; ".join(asked["done"])),
            ("look again", asked["look_again"]),
        ]
    )
    checks = [
        bullet(f"{check['what']}: {check['result']}; {check['detail']}")
        for check in asked["checks"]
        if check["result"] != "unknown"
    ]
    return [known, *checks, *_choices(asked)]


def _approval(short: str, question: dict[str, Any]) -> list[Any]:
    needed, given = question["approvals_needed"], question["approved_by"]
    people = [("people", f"{len(given)} of {needed} have approved: {', '.join(given)}")] if given else []
    if needed > 1 and not given:
        people = [("people", f"{needed} different people must approve")]
    return [
        facts(
            [
                ("why again", question.get("notice", "")),
                ("changed", "; ".join(question.get("changes", []))),
                *people,
                ("approve", f"ops-assistant approve {short}"),
                ("change it", f"ops-assistant edit {short} PLAN.json"),
                ("another one", f"ops-assistant reject {short} --reason WHY"),
                ("end it", f"ops-assistant abort {short}"),
            ]
        )
    ]


def _choices(asked: dict[str, Any]) -> list[Any]:
    return [
        Text("your choices", "dim"),
        facts(
            [
                row
                for choice in asked["choices"]
                for row in ((choice["choice"], choice["means"]), (" ", Text(choice["command"], "dim")))
            ]
        ),
    ]


def _time(iso: str) -> str:
    return f"{iso[:19].replace('T', ' ')} UTC"
