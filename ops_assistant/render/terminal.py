"""A run in a terminal. Foreign text is printed as text: no markup, control characters written out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ..graph.coverage import Coverage
from ..graph.incident import Incident
from ..graph.models import Outcome, Plan, Verification
from ..tools.digest.models import LogDigest
from ..tools.markdown import visible
from .terminal_diagnosis import (
    coverage_parts,
    diagnosis_parts,
    fact_parts,
    hypothesis_parts,
    recommendation_parts,
    similar_parts,
)
from .terminal_parts import COLOURS, bullet, console, facts, section, shown
from .terminal_questions import print_question

if TYPE_CHECKING:
    from ..graph.recovery import Interrupted
    from ..graph.store import RunRow
    from ..run import Run


def print_run(run: "Run", to: Console | None = None) -> None:
    """Print everything a run has found and done, and what it waits for."""
    out = to or console()
    incident = run.incident
    out.print(Rule(shown(incident.alert.title if incident.alert else run.thread_id)))
    out.print(Text.assemble("run ", (run.thread_id, "bold"), ", ", (run.status, COLOURS.get(run.status, ""))))
    digest = incident.digest or LogDigest()
    diagnosis, coverage = incident.diagnosis, incident.coverage or Coverage()
    if diagnosis:
        section(out, "Diagnosis", *diagnosis_parts(diagnosis))
    if incident.log_analysis or diagnosis:
        section(out, "Facts", *fact_parts(incident.log_analysis, diagnosis, digest))
    if diagnosis and (parts := hypothesis_parts(diagnosis)):
        section(out, "Hypotheses, not facts", *parts)
    for title, parts in coverage_parts(coverage):
        if parts:
            section(out, title, *parts)
    if diagnosis and (parts := similar_parts(diagnosis)):
        section(out, "Similar historical cases", *parts)
    if incident.recommendation:
        section(out, "What to do", *recommendation_parts(incident.recommendation))
    if incident.plan:
        section(out, f"Plan {incident.plan.hash[:12]}", *_plan(incident.plan))
    _print_done(out, incident)
    if used := incident.model_use():
        section(out, "Models", shown(used))
    if notes := [note for note in incident.notes() if note not in coverage.not_checked]:
        section(out, "Notes", *map(bullet, notes))
    print_question(run, out)


def print_result(run: "Run") -> None:
    """Print what came of a decision."""
    out = console()
    _print_done(out, run.incident)
    out.print(Text.assemble("run ", (run.thread_id, "bold"), ": ", (run.status, COLOURS.get(run.status, ""))))
    if run.waits_for == "approval" and run.plan:
        section(out, f"Another plan waits: {run.plan.hash[:12]}", *_plan(run.plan))
    print_question(run, out)


def print_rows(rows: Sequence["RunRow"]) -> None:
    """Print runs as a table."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("run", "since (UTC)", "service", "severity", "alert"):
        table.add_column(name, no_wrap=name != "alert")
    for row in rows:
        table.add_row(
            row["thread_id"][:8], row["updated_at"][:16].replace("T", " "), shown(row["service"]),
            Text(row["severity"], COLOURS.get(row["severity"], "")), shown(row["message"]),
        )  # fmt: skip
    console().print(table)


def print_interrupted(items: Sequence["Interrupted"]) -> None:
    """Print the interrupted runs, and what each needs."""
    out = console()
    section(out, "Interrupted: nobody works on these")
    for item in items:
        short = item.thread_id[:8]
        head = f"{short}  {item.service}, last sign of life {item.since:%Y-%m-%d %H:%M:%S} UTC"
        out.print(Padding(Text(visible(head), "bold"), (1, 0, 0, 2)))
        rows = [("alert", item.message), ("stands", item.detail), ("needs", item.needs)]
        out.print(Padding(facts([*rows, ("do", f"ops-assistant resume {short}")]), (0, 0, 0, 4)))
    out.print()
    out.print(shown("Go on with all of them: ops-assistant resume --all"))


def _print_done(out: Console, incident: Incident) -> None:
    if decision := incident.decision:
        why = f": {decision.comment}" if decision.comment else ""
        told = shown(f"{decision.kind} by {decision.by} through {decision.door}{why}")
        section(out, "Decision", told, *map(bullet, decision.changes))
    if incident.outcomes:
        section(out, "What was done", *map(_outcome, incident.outcomes))
    if incident.verification:
        section(out, "Verification", *_verification(incident.verification))


def _plan(plan: Plan) -> list[Any]:
    parts: list[Any] = []
    for action in plan.actions:
        reason = f": {action.reason}" if action.reason else ""
        head = f"{action.id} {action.type}, risk {action.risk}, {action.effect}, through {action.backend}{reason}"
        parts += [shown(head), Panel(shown(action.preview.text()), box=box.ROUNDED, expand=False)]
    parts.append(Text(f"a decision is valid until {plan.expires_at:%Y-%m-%d %H:%M} UTC", "dim"))
    return parts


def _outcome(outcome: Outcome) -> Group:
    simulated = " (simulated)" if outcome.simulated else ""
    head = Text.assemble(
        f"{outcome.action_id} {outcome.type}: ", (outcome.status, COLOURS[outcome.status]), simulated
    )
    return Group(head, Padding(shown(outcome.output), (0, 0, 0, 2)))


def _verification(verification: Verification) -> list[Any]:
    return [
        Text(verification.status, COLOURS[verification.status]),
        *(bullet(f"{check.what}: {check.result}; {check.detail}") for check in verification.checks),
        *([bullet(f"decided: {verification.settled}")] if verification.settled else []),
    ]
