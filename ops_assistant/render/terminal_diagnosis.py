"""A diagnosis and its recommendation in a terminal: facts, hypotheses, what was healthy and what was not looked at."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..agents.models import Diagnosis, LogAnalysis, Recommendation, Solution
from ..graph.coverage import Coverage
from ..graph.report_diagnosis import alike
from ..graph.report_recommendation import action_call, action_effect, joined
from ..tools.digest.models import Citation, LogDigest
from ..tools.markdown import visible
from .terminal_parts import COLOURS, bullet, facts, shown


def diagnosis_parts(diagnosis: Diagnosis) -> list[Any]:
    """Return the verdict, the cause, how sure it is, and what is still needed."""
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
            ]
        )
    ]
    parts += _titled("possible triggers", diagnosis.possible_triggers)
    return parts + _titled("to fetch next", diagnosis.missing_evidence)


def fact_parts(analysis: LogAnalysis | None, diagnosis: Diagnosis | None, digest: LogDigest) -> list[Any]:
    """Return the lines of evidence, and what was counted."""
    parts: list[Any] = []
    if diagnosis is not None:
        parts += [Padding(line, (0, 0, 0, 2)) for line in _lines(diagnosis.evidence, digest)]
    if analysis is not None:
        parts.append(_counted(analysis, digest))
    if digest.suspicious:
        orders = [Citation(id=name, quote="") for name in digest.suspicious[:5] if digest.line(name)]
        parts.append(Text("lines that give orders to their reader; not followed", "dim"))
        parts += [Padding(line, (0, 0, 0, 2)) for line in _lines(orders, digest)]
    return parts


def hypothesis_parts(diagnosis: Diagnosis) -> list[Any]:
    """Return what may be, and how to tell; the diagnosis itself too if no line proves it."""
    stands = diagnosis.verdict == "no-fault" or (diagnosis.verdict == "fault" and diagnosis.proven)
    parts: list[Any] = []
    for place, item in enumerate(diagnosis.hypotheses):
        if place or not stands:
            parts.append(bullet(f"{item.confidence}% {item.failure_mode}: {item.root_cause}"))
            against = " ".join(item.against)
            parts += _under(f"against it: {against}" if against else "")
        parts += _under(f"to tell: {'; '.join(item.confirm_by[:2])}" if item.confirm_by and place else "")
    if stands and diagnosis.hypotheses and (checks := diagnosis.hypotheses[0].confirm_by):
        parts += _titled("to confirm the diagnosis", checks[:3])
    return parts


def similar_parts(diagnosis: Diagnosis) -> list[Any]:
    """Return the similar cases with why they are alike and how their remedies went."""
    parts: list[Any] = []
    for case in alike(diagnosis.similar_cases):
        outcome = f" ({case.outcome})" if case.outcome else ""
        parts.append(bullet(f"{case.id} {case.score:.2f} {case.title}{outcome}"))
        parts += _under(f"because: {'; '.join(case.why[:4])}" if case.why else "")
    return parts


def coverage_parts(coverage: Coverage) -> list[tuple[str, list[Any]]]:
    """Return what was healthy, what was not looked at and what was fetched, each with its title."""
    healthy = [bullet(f"{item.kind} {item.name}: {item.detail}") for item in coverage.healthy]
    return [
        ("Checked and healthy", healthy),
        ("Not checked", [bullet(gap) for gap in coverage.not_checked]),
        ("Fetched after the first diagnosis", [bullet(what) for what in coverage.fetched]),
    ]


def recommendation_parts(recommendation: Recommendation) -> list[Any]:
    """Return the solutions by priority, and the prevention."""
    parts: list[Any] = []
    for solution in sorted(recommendation.solutions, key=lambda item: item.priority):
        parts += _solution(solution)
    return parts + _titled("prevention", recommendation.preventive_measures) or [shown("nothing to do")]


def _solution(solution: Solution) -> list[Any]:
    effect = "cure" if solution.effect == "cure" else "relief only, the cause stays"
    rows = [
        ("effect", f"{effect}. {solution.expected_effect}".rstrip()),
        ("estimated time", solution.estimated_time),
        ("risks", joined(solution.risks)),
        ("verify", joined(solution.verification)),
        ("undo", joined(solution.rollback) or "nothing to undo is known"),
        *(
            ("action", f"{action_call(action)} ({action_effect(action)}) {action.reason}".rstrip())
            for action in solution.actions
        ),
    ]
    return [
        Text(visible(f"{solution.priority}. {solution.description}"), "bold"),
        *(Padding(shown(f"{number}. {step}"), (0, 0, 0, 2)) for number, step in enumerate(solution.steps, 1)),
        Padding(facts(rows), (0, 0, 1, 2)),
    ]


def _counted(analysis: LogAnalysis, digest: LogDigest) -> Table:
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
    )


def _lines(citations: Sequence[Citation], digest: LogDigest) -> Iterator[Text]:
    for citation in citations:
        line = digest.line(citation.id)
        text = f"{line.source}: {line.text}" if line else "(line not found)"
        yield Text.assemble((f"[{citation.id}] ", "magenta"), visible(text))


def _titled(title: str, items: Sequence[str]) -> list[Any]:
    return [Text(title, "dim"), *map(bullet, items)] if items else []


def _under(text: str) -> list[Any]:
    return [Padding(Text(visible(text), "dim"), (0, 0, 0, 4))] if text else []
