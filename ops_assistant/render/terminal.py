"""A run in a terminal. Foreign text is printed as text: no markup, control characters written out."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ..agents.models import Diagnosis, LogAnalysis, Recommendation, Solution
from ..graph.incident import Incident
from ..graph.models import Outcome, Plan, Verification
from ..tools.digest.models import LogDigest
from ..tools.markdown import visible
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
    if incident.log_analysis:
        section(out, "What the logs say", _analysis(incident.log_analysis, digest))
    if incident.diagnosis:
        section(out, "Diagnosis", _diagnosis(incident.diagnosis, digest))
    if incident.recommendation:
        section(out, "What to do", *_recommendation(incident.recommendation))
    if incident.plan:
        section(out, f"Plan {incident.plan.hash[:12]}", *_plan(incident.plan))
    _print_done(out, incident)
    if notes := incident.notes():
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
        section(out, "Decision", shown(f"{decision.kind} by {decision.by} through {decision.door}{why}"))
    if incident.outcomes:
        section(out, "What was done", *map(_outcome, incident.outcomes))
    if incident.verification:
        section(out, "Verification", *_verification(incident.verification))


def _analysis(analysis: LogAnalysis, digest: LogDigest) -> Table:
    read = (
        f"{digest.lines_read} of {digest.lines_read} lines, {digest.lines_outside_window} outside the window, "
        f"{digest.lines_unparsed} without a time"
    )
    return facts(
        [
            ("error type", analysis.error_type),
            ("message", analysis.error_message),
            ("affected components", ", ".join(analysis.affected_components) or "none named"),
            ("error count", str(analysis.error_count)),
            ("first occurrence", analysis.first_occurrence or "not dated"),
            ("pattern", analysis.pattern),
            ("read", read),
        ]
    )  # fmt: skip


def _diagnosis(diagnosis: Diagnosis, digest: LogDigest) -> Group:
    proof = "proven" if diagnosis.proven else "likely, not proven by a line"
    confidence = f"{diagnosis.confidence}%" + (f", {proof}" if diagnosis.verdict == "fault" else "")
    parts: list[Any] = [
        facts(
            [
                ("root cause", Text(visible(diagnosis.root_cause), "bold")),
                ("failure mode", diagnosis.failure_mode),
                ("severity", Text(diagnosis.severity, COLOURS[diagnosis.severity])),
                ("confidence", confidence),
                ("impact", diagnosis.impact_scope),
                ("possible triggers", "; ".join(diagnosis.possible_triggers)),
                ("missing", "; ".join(diagnosis.missing_evidence)),
            ]
        )
    ]
    if diagnosis.evidence:
        parts.append(Text("evidence", "dim"))
        parts += [Padding(line, (0, 0, 0, 2)) for line in _evidence(diagnosis, digest)]
    if len(diagnosis.hypotheses) > 1:  # the first is the diagnosis above
        parts.append(Text("other hypotheses, not facts", "dim"))
        parts += [
            bullet(f"{item.confidence}% {item.failure_mode}: {item.root_cause}")
            for item in diagnosis.hypotheses[1:]
        ]
    if diagnosis.similar_cases:
        parts.append(Text("similar historical cases", "dim"))
        for case in diagnosis.similar_cases:
            outcome = f" ({case.outcome})" if case.outcome else ""
            parts.append(bullet(f"{case.id} {case.score:.2f} {case.title}{outcome}"))
            if case.why:
                parts.append(
                    Padding(Text(visible("because: " + "; ".join(case.why[:4])), "dim"), (0, 0, 0, 4))
                )
    return Group(*parts)


def _evidence(diagnosis: Diagnosis, digest: LogDigest) -> Iterable[Text]:
    for citation in diagnosis.evidence:
        line = digest.line(citation.id)
        said = f"{line.source}: {line.text}" if line else "(line not found)"
        yield Text.assemble((f"[{citation.id}] ", "magenta"), visible(said))


def _recommendation(recommendation: Recommendation) -> list[Any]:
    parts: list[Any] = []
    for solution in sorted(recommendation.solutions, key=lambda item: item.priority):
        parts += _solution(solution)
    if recommendation.preventive_measures:
        parts.append(Text("prevention", "dim"))
        parts += [bullet(item) for item in recommendation.preventive_measures]
    return parts or [shown("nothing to do")]


def _solution(solution: Solution) -> list[Any]:
    steps = [shown(f"{number}. {step}") for number, step in enumerate(solution.steps, start=1)]
    details = facts(
        [
            ("estimated time", solution.estimated_time),
            ("risks", "; ".join(solution.risks)),
            ("verify", "; ".join(solution.verification)),
            ("undo", "; ".join(solution.rollback)),
        ]
    )
    return [
        Text(visible(f"priority {solution.priority}: {solution.description}"), "bold"),
        *(Padding(step, (0, 0, 0, 2)) for step in steps),
        Padding(details, (0, 0, 0, 2)),
    ]


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
