"""The report as Markdown: facts with their lines, hypotheses apart, what was done, what was not looked at.

Foreign text (log lines, names out of logs, a model's prose) is escaped or fenced, so that it can
neither format the page nor link out of it.
"""

from collections.abc import Iterable, Sequence

from ..agents.models import Diagnosis, Hypothesis, LogAnalysis, Recommendation, SimilarCase, Solution
from ..tools.digest import LogDigest
from ..tools.digest.models import Citation
from ..tools.markdown import bullets, code, fenced, plain
from .incident import Incident
from .models import Decision, Outcome, Plan, RunStatus, Verification


def summary_line(incident: Incident, status: RunStatus) -> str:
    """Return the incident in one sentence."""
    diagnosis = incident.diagnosis
    if diagnosis is None:
        return f"{status}: no diagnosis was reached"
    service = incident.alert.service if incident.alert else "the service"
    if diagnosis.verdict == "no-fault":
        return f"{service}: no fault ({diagnosis.confidence}%): {diagnosis.root_cause}"
    if diagnosis.verdict == "not-enough-evidence":
        return f"{service}: not enough evidence to name a cause: {diagnosis.root_cause}"
    return f"{service}: {diagnosis.failure_mode} ({diagnosis.confidence}%): {diagnosis.root_cause}"


def report_markdown(incident: Incident, status: RunStatus) -> str:
    """Return the whole report."""
    parts: list[str] = []
    if alert := incident.alert:
        when = f", {alert.timestamp:%Y-%m-%d %H:%M:%S} UTC" if alert.timestamp else ""
        parts += [
            f"# {plain(alert.title)}",
            f"Severity {alert.severity}{when}. Status: **{status}**.",
        ]
    digest = incident.digest or LogDigest()
    if incident.log_analysis:
        parts += ["## What the logs say", log_analysis_markdown(incident.log_analysis)]
    if incident.diagnosis:
        parts += ["## Diagnosis", diagnosis_markdown(incident.diagnosis, digest)]
    if incident.recommendation and incident.recommendation.solutions:
        parts += ["## What to do", recommendation_markdown(incident.recommendation)]
    if incident.plan:
        parts += ["## Plan", plan_markdown(incident.plan)]
    if incident.decision:
        parts += ["## Decision", _decision(incident.decision)]
    if incident.outcomes:
        parts += ["## What was done", _outcomes(incident.outcomes)]
    if incident.verification:
        parts += ["## Verification", _verification(incident.verification)]
    parts += ["## What was read", _read(digest)]
    if notes := incident.notes():
        parts += ["## Notes", bullets(plain(note) for note in notes)]
    return "\n\n".join(parts) + "\n"


def proposal_markdown(
    diagnosis: Diagnosis, recommendation: Recommendation, plan: Plan, digest: LogDigest
) -> str:
    """Return what a person reads in a chat before deciding."""
    return "\n\n".join(
        [
            "## Diagnosis", diagnosis_markdown(diagnosis, digest), "## What to do",
            recommendation_markdown(recommendation), "## Plan: waits for your decision", plan_markdown(plan),
        ]
    )  # fmt: skip


def log_analysis_markdown(analysis: LogAnalysis) -> str:
    """Return the log analysis as a list."""
    return bullets(
        [
            f"error type: **{plain(analysis.error_type)}**",
            f"message: {code(analysis.error_message)}",
            f"affected components: {', '.join(code(name) for name in analysis.affected_components) or 'none named'}",
            f"error lines: {analysis.error_count}",
            f"first occurrence: {analysis.first_occurrence or 'not dated'}",
            f"pattern: {plain(analysis.pattern)}",
        ]
    )


def diagnosis_markdown(diagnosis: Diagnosis, digest: LogDigest) -> str:
    """Return verdict, cause, proof and the other hypotheses."""
    proof = "proven by the lines below" if diagnosis.proven else "likely; no line proves it by itself"
    head = f"**{plain(diagnosis.root_cause)}**"
    facts = [
        f"verdict: {diagnosis.verdict}; failure mode: {code(diagnosis.failure_mode)}",
        f"severity: {diagnosis.severity}; confidence: {diagnosis.confidence}%"
        + (f" ({proof})" if diagnosis.verdict == "fault" else ""),
        f"impact: {plain(diagnosis.impact_scope) or 'not known'}",
    ]
    if diagnosis.possible_triggers:
        facts.append(f"possible triggers: {'; '.join(map(plain, diagnosis.possible_triggers))}")
    if diagnosis.missing_evidence:
        facts.append(f"missing: {'; '.join(map(plain, diagnosis.missing_evidence))}")
    parts = [head, bullets(facts)]
    if diagnosis.evidence:
        parts += ["Evidence:", fenced(evidence_text(diagnosis.evidence, digest))]
    if diagnosis.hypotheses and (checks := diagnosis.hypotheses[0].confirm_by):
        parts += ["To confirm it:", bullets(map(plain, checks[:3]))]
    if len(diagnosis.hypotheses) > 1:  # the first is the diagnosis above
        parts += ["Other hypotheses, not facts:", bullets(map(_hypothesis, diagnosis.hypotheses[1:]))]
    if diagnosis.similar_cases:
        parts += ["Similar historical cases:", bullets(map(_case, diagnosis.similar_cases))]
    return "\n\n".join(parts)


def evidence_text(citations: Sequence[Citation], digest: LogDigest) -> str:
    """Return the cited lines verbatim (redacted), each with its id and source."""
    lines = []
    for citation in citations:
        line = digest.line(citation.id)
        lines.append(
            f"[{citation.id}] {line.source}: {line.text}" if line else f"[{citation.id}] (line not found)"
        )
    return "\n".join(lines)


def recommendation_markdown(recommendation: Recommendation) -> str:
    """Return the solutions by priority and the preventive measures."""
    parts = [_solution(item) for item in sorted(recommendation.solutions, key=lambda item: item.priority)]
    if recommendation.preventive_measures:
        parts.append("Prevention:\n\n" + bullets(map(plain, recommendation.preventive_measures)))
    return "\n\n".join(parts)


def plan_markdown(plan: Plan) -> str:
    """Return the actions exactly as they run."""
    actions = "\n\n".join(
        f"- **{action.id}** {code(action.type)}, risk {action.risk}, {action.effect}, through {code(action.backend)}"
        + (f": {plain(action.reason)}" if action.reason else "")
        + f"\n\n{fenced(action.preview.text())}"
        for action in plan.actions
    )
    return f"Plan {code(plan.hash[:12])}, a decision is valid until {plan.expires_at:%Y-%m-%d %H:%M} UTC.\n\n{actions}"


def _hypothesis(item: Hypothesis) -> str:
    text = f"{item.confidence}% {code(item.failure_mode)}: {plain(item.root_cause)}"
    if item.against:
        text += f" Against it: {'; '.join(map(plain, item.against))}."
    if item.confirm_by:
        text += f" To tell: {'; '.join(map(plain, item.confirm_by[:2]))}"
    return text


def _case(item: SimilarCase) -> str:
    why = f": {'; '.join(map(plain, item.why[:4]))}" if item.why else ""
    outcome = f" ({plain(item.outcome)})" if item.outcome else ""
    return f"{code(item.id)} {plain(item.title)}, score {item.score:.2f}{why}{outcome}"


def _solution(item: Solution) -> str:
    steps = "\n".join(f"{number}. {plain(step)}" for number, step in enumerate(item.steps, start=1))
    extra = [("time", item.estimated_time), ("risks", "; ".join(item.risks)), ("verify", "; ".join(item.verification)),
             ("undo", "; ".join(item.rollback))]  # fmt: skip
    rest = bullets(f"{name}: {plain(text)}" for name, text in extra if text)
    return f"### {item.priority}. {plain(item.description)}\n\n{steps}\n\n{rest}"


def _decision(item: Decision) -> str:
    why = f": {plain(item.comment)}" if item.comment else ""
    return f"{item.kind} by {plain(item.by)} through {plain(item.door)} at {item.decided_at:%Y-%m-%d %H:%M:%S} UTC{why}"


def _outcomes(items: Iterable[Outcome]) -> str:
    return "\n\n".join(
        f"- **{item.action_id}** {code(item.type)}: **{item.status}**{' (simulated)' if item.simulated else ''}, "
        f"started {item.started_at:%H:%M:%S} UTC\n\n{fenced(item.output)}"
        for item in items
    )


def _verification(item: Verification) -> str:
    checks = bullets(f"{plain(check.what)}: {check.result}; {plain(check.detail)}" for check in item.checks)
    return f"**{item.status}**\n\n{checks}" if checks else f"**{item.status}**"


def _read(digest: LogDigest) -> str:
    sources = bullets(
        f"{code(item.name)} ({plain(item.format)}): {item.lines_read} lines" for item in digest.sources
    )
    return (
        f"{digest.lines_read} of {digest.lines_read} lines read, {digest.lines_outside_window} outside the window, "
        f"{digest.lines_unparsed} without a time.\n\n{sources}"
    )
