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

if TYPE_CHECKING:
    from ..graph.store import RunRow
    from ..run import Run

_COLOURS = {
    "critical": "bold red", "high": "red", "medium": "yellow", "low": "green",
    "succeeded": "green", "failed": "bold red", "unknown": "bold yellow",
    "recovered": "green", "unchanged": "yellow", "worse": "bold red", "unverified": "yellow",
    "awaiting_approval": "bold yellow", "completed": "green", "rejected": "yellow", "aborted": "yellow",
}  # fmt: skip


def console() -> Console:
    """Return the console for stdout: colours and width of the terminal; never cut when piped."""
    made = Console(highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(highlight=False, width=120)


def print_run(run: "Run", to: Console | None = None) -> None:
    """Print everything a run has found and done, and what it waits for."""
    out = to or console()
    incident = run.incident
    out.print(Rule(_text(incident.alert.title if incident.alert else run.thread_id)))
    out.print(
        Text.assemble("run ", (run.thread_id, "bold"), ", ", (run.status, _COLOURS.get(run.status, "")))
    )
    digest = incident.digest or LogDigest()
    if incident.log_analysis:
        _section(out, "What the logs say", _analysis(incident.log_analysis, digest))
    if incident.diagnosis:
        _section(out, "Diagnosis", _diagnosis(incident.diagnosis, digest))
    if incident.recommendation:
        _section(out, "What to do", *_recommendation(incident.recommendation))
    if incident.plan:
        _section(out, f"Plan {incident.plan.hash[:12]}", *_plan(incident.plan))
    _print_done(out, incident)
    if notes := incident.notes():
        _section(out, "Notes", *map(_bullet, notes))
    if run.status == "awaiting_approval":
        short = run.thread_id[:8]
        out.print()
        out.print(_text(f"Decide: ops-assistant approve {short} (or: edit {short} PLAN.json,"))
        out.print(_text(f"reject {short} --reason WHY, abort {short})"))


def print_result(run: "Run") -> None:
    """Print what came of a decision."""
    out = console()
    _print_done(out, run.incident)
    out.print(
        Text.assemble("run ", (run.thread_id, "bold"), ": ", (run.status, _COLOURS.get(run.status, "")))
    )
    if run.status == "awaiting_approval" and run.plan:
        _section(out, f"Another plan waits: {run.plan.hash[:12]}", *_plan(run.plan))


def print_rows(rows: Sequence["RunRow"]) -> None:
    """Print runs as a table."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("run", "since (UTC)", "service", "severity", "alert"):
        table.add_column(name, no_wrap=name != "alert")
    for row in rows:
        table.add_row(
            row["thread_id"][:8], row["updated_at"][:16].replace("T", " "), _text(row["service"]),
            Text(row["severity"], _COLOURS.get(row["severity"], "")), _text(row["message"]),
        )  # fmt: skip
    console().print(table)


def _print_done(out: Console, incident: Incident) -> None:
    if decision := incident.decision:
        why = f": {decision.comment}" if decision.comment else ""
        _section(out, "Decision", _text(f"{decision.kind} by {decision.by} through {decision.door}{why}"))
    if incident.outcomes:
        _section(out, "What was done", *map(_outcome, incident.outcomes))
    if incident.verification:
        _section(out, "Verification", *_verification(incident.verification))


def _section(out: Console, title: str, *parts: Any) -> None:
    out.print()
    out.print(Text(title, "bold cyan"))
    for part in parts:
        out.print(Padding(part, (0, 0, 0, 2)))


def _facts(rows: Iterable[tuple[str, str | Text]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        if value:
            table.add_row(name, value if isinstance(value, Text) else _text(value))
    return table


def _analysis(analysis: LogAnalysis, digest: LogDigest) -> Table:
    read = (
        f"{digest.lines_read} of {digest.lines_read} lines, {digest.lines_outside_window} outside the window, "
        f"{digest.lines_unparsed} without a time"
    )
    return _facts(
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
        _facts(
            [
                ("root cause", Text(visible(diagnosis.root_cause), "bold")),
                ("failure mode", diagnosis.failure_mode),
                ("severity", Text(diagnosis.severity, _COLOURS[diagnosis.severity])),
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
            _bullet(f"{item.confidence}% {item.failure_mode}: {item.root_cause}")
            for item in diagnosis.hypotheses[1:]
        ]
    if diagnosis.similar_cases:
        parts.append(Text("similar historical cases", "dim"))
        for case in diagnosis.similar_cases:
            outcome = f" ({case.outcome})" if case.outcome else ""
            parts.append(_bullet(f"{case.id} {case.score:.2f} {case.title}{outcome}"))
            if case.why:
                parts.append(
                    Padding(Text(visible("because: " + "; ".join(case.why[:4])), "dim"), (0, 0, 0, 4))
                )
    return Group(*parts)


def _evidence(diagnosis: Diagnosis, digest: LogDigest) -> Iterable[Text]:
    for citation in diagnosis.evidence:
        line = digest.line(citation.id)
        shown = f"{line.source}: {line.text}" if line else "(line not found)"
        yield Text.assemble((f"[{citation.id}] ", "magenta"), visible(shown))


def _recommendation(recommendation: Recommendation) -> list[Any]:
    parts: list[Any] = []
    for solution in sorted(recommendation.solutions, key=lambda item: item.priority):
        parts += _solution(solution)
    if recommendation.preventive_measures:
        parts.append(Text("prevention", "dim"))
        parts += [_bullet(item) for item in recommendation.preventive_measures]
    return parts or [_text("nothing to do")]


def _solution(solution: Solution) -> list[Any]:
    steps = [_text(f"{number}. {step}") for number, step in enumerate(solution.steps, start=1)]
    facts = _facts(
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
        Padding(facts, (0, 0, 0, 2)),
    ]


def _plan(plan: Plan) -> list[Any]:
    parts: list[Any] = []
    for action in plan.actions:
        reason = f": {action.reason}" if action.reason else ""
        head = f"{action.id} {action.type}, risk {action.risk}, {action.effect}, through {action.backend}{reason}"
        parts += [_text(head), Panel(_text(action.preview.text()), box=box.ROUNDED, expand=False)]
    parts.append(Text(f"a decision is valid until {plan.expires_at:%Y-%m-%d %H:%M} UTC", "dim"))
    return parts


def _outcome(outcome: Outcome) -> Group:
    simulated = " (simulated)" if outcome.simulated else ""
    head = Text.assemble(
        f"{outcome.action_id} {outcome.type}: ", (outcome.status, _COLOURS[outcome.status]), simulated
    )
    return Group(head, Padding(_text(outcome.output), (0, 0, 0, 2)))


def _verification(verification: Verification) -> list[Any]:
    return [
        Text(verification.status, _COLOURS[verification.status]),
        *(_bullet(f"{check.what}: {check.result}; {check.detail}") for check in verification.checks),
    ]


def _bullet(text: str) -> Padding:
    return Padding(_text(f"- {text}"), (0, 0, 0, 2))


def _text(text: str) -> Text:
    return Text(visible(text, keep_newlines=True))
