"""The diagnosis as Markdown: facts with their lines, hypotheses apart, what was checked and what was not."""

from collections.abc import Sequence

from ..agents.models import Diagnosis, Hypothesis, LogAnalysis, SimilarCase
from ..tools.digest import LogDigest
from ..tools.digest.models import Citation
from ..tools.markdown import bullets, code, fenced, plain
from .coverage import Coverage

_WHAT_LINES_SHOW = {
    "fault": "These lines prove the root cause:",  # one without proof cites no line
    "no-fault": "These lines show normal work, and what raised the alarm:",
}
_ALIKE = 0.2  # score below which a case is not alike enough to be worth a reader's time


def diagnosis_markdown(diagnosis: Diagnosis) -> str:
    """Return the verdict and the cause, how sure it is, and what is still needed to be surer."""
    rows = [
        f"verdict: {diagnosis.verdict}; failure mode: {code(diagnosis.failure_mode)}",
        f"severity: {diagnosis.severity}; confidence: {diagnosis.confidence}%{_proof(diagnosis)}",
        f"impact: {plain(diagnosis.impact_scope) or 'not known'}",
    ]
    parts = [f"**{plain(diagnosis.root_cause)}**", bullets(rows)]
    if diagnosis.possible_triggers:
        parts += ["Possible triggers:", bullets(map(plain, diagnosis.possible_triggers))]
    if diagnosis.missing_evidence:
        parts += ["To fetch next:", bullets(map(plain, diagnosis.missing_evidence))]
    return "\n\n".join(parts)


def facts_markdown(analysis: LogAnalysis | None, diagnosis: Diagnosis | None, digest: LogDigest) -> str:
    """Return what the lines prove, the lines themselves, and what was counted."""
    parts = []
    if diagnosis is not None and diagnosis.evidence:
        parts.append(_WHAT_LINES_SHOW.get(diagnosis.verdict, "These lines were judged:"))
        parts.append(fenced(evidence_text(diagnosis.evidence, digest)))
    if analysis is not None:
        rows = [
            f"error type: **{plain(analysis.error_type)}**",
            *([f"message: {code(analysis.error_message)}"] if analysis.error_message else []),
            f"affected components: {', '.join(map(code, analysis.affected_components)) or 'none named'}",
            f"error lines: {analysis.error_count}; first: {analysis.first_occurrence or 'not dated'}",
            f"pattern: {plain(analysis.pattern)}",
        ]
        parts.append(bullets(rows))
    if digest.suspicious:
        shown = [Citation(id=name, quote="") for name in digest.suspicious[:5] if digest.line(name)]
        parts += ["Lines that give orders to their reader; they were not followed and prove nothing:"]
        parts.append(fenced(evidence_text(shown, digest)))
    return "\n\n".join(parts) or "No line was cited."


def hypotheses_markdown(diagnosis: Diagnosis) -> str:
    """Return what may be, with what speaks for and against it; empty if there is nothing but facts."""
    others = diagnosis.hypotheses if not _is_fact(diagnosis) else diagnosis.hypotheses[1:]
    parts = [bullets(map(_hypothesis, others))] if others else []
    if _is_fact(diagnosis) and diagnosis.hypotheses and (checks := diagnosis.hypotheses[0].confirm_by):
        parts.insert(0, f"To confirm the diagnosis:\n\n{bullets(map(plain, checks[:3]))}")
        if others:
            parts.insert(1, "Other causes, less likely:")
    return "\n\n".join(parts)


def similar_markdown(cases: Sequence[SimilarCase]) -> str:
    """Return the similar historical cases with why they are alike and how their remedies went."""
    return bullets(map(_case, alike(cases)))


def alike(cases: Sequence[SimilarCase]) -> list[SimilarCase]:
    """Return the cases that are alike enough to be shown to a person."""
    return [case for case in cases if case.score >= _ALIKE]


def healthy_markdown(coverage: Coverage) -> str:
    """Return what was read and shows no trouble."""
    return bullets(f"{item.kind} {code(item.name)}: {plain(item.detail)}" for item in coverage.healthy)


def evidence_text(citations: Sequence[Citation], digest: LogDigest) -> str:
    """Return the cited lines verbatim (redacted), each with its id and source."""
    lines = []
    for citation in citations:
        line = digest.line(citation.id)
        lines.append(
            f"[{citation.id}] {line.source}: {line.text}" if line else f"[{citation.id}] (line not found)"
        )
    return "\n".join(lines)


def _is_fact(diagnosis: Diagnosis) -> bool:
    """Whether the diagnosis itself stands, so that only its alternatives are hypotheses."""
    return diagnosis.verdict == "no-fault" or (diagnosis.verdict == "fault" and diagnosis.proven)


def _proof(diagnosis: Diagnosis) -> str:
    if diagnosis.verdict != "fault":
        return ""
    return " (proven by the lines below)" if diagnosis.proven else " (likely; no line proves it by itself)"


def _hypothesis(item: Hypothesis) -> str:
    cited = ", ".join(citation.id for citation in item.evidence[:3])
    text = f"{item.confidence}% {code(item.failure_mode)}: {plain(item.root_cause)}"
    text += f" For it: {cited}." if cited else " No line shows it."
    if item.against:
        text += f" Against it: {plain(' '.join(item.against))}"
    if item.confirm_by:
        text += f" To tell: {'; '.join(map(plain, item.confirm_by[:2]))}"
    return text


def _case(item: SimilarCase) -> str:
    why = f": {'; '.join(map(plain, item.why[:4]))}" if item.why else ""
    outcome = f" ({plain(item.outcome)})" if item.outcome else ""
    return f"{code(item.id)} {plain(item.title)}, score {item.score:.2f}{why}{outcome}"
