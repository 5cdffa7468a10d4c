"""The report as Markdown: facts with their lines, hypotheses apart, what was done, what was not looked at.

Foreign text (log lines, names out of logs, a model's prose) is escaped or fenced, so that it can
neither format the page nor link out of it.
"""

from collections import Counter
from collections.abc import Iterable

from ..agents.models import Diagnosis, Recommendation
from ..tools.digest import LogDigest
from ..tools.markdown import bullets, code, fenced, plain
from ..tools.metric_reading import is_metric
from .coverage import Coverage
from .incident import Incident
from .models import Decision, Outcome, Plan, RunStatus, Verification
from .report_diagnosis import (
    diagnosis_markdown,
    facts_markdown,
    healthy_markdown,
    hypotheses_markdown,
    similar_markdown,
)
from .report_recommendation import recommendation_markdown


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
    digest = incident.digest or LogDigest()
    seen = incident.coverage or Coverage()
    sections: list[tuple[str, str]] = []
    if diagnosis := incident.diagnosis:
        sections.append(("Diagnosis", diagnosis_markdown(diagnosis)))
    if incident.log_analysis or diagnosis:
        sections.append(("Facts", facts_markdown(incident.log_analysis, diagnosis, digest)))
    if diagnosis:
        sections.append(("Hypotheses, not facts", hypotheses_markdown(diagnosis)))
    if incident.recommendation:
        sections.append(("What to do", recommendation_markdown(incident.recommendation)))
    if incident.plan:
        sections.append(("Plan", plan_markdown(incident.plan)))
    if incident.decision:
        sections.append(("Decision", _decision(incident.decision)))
    if incident.outcomes:
        sections.append(("What was done", _outcomes(incident.outcomes)))
    if incident.verification:
        sections.append(("Verification", _verification(incident.verification)))
    notes = [note for note in incident.notes() if note not in seen.not_checked]
    sections += [
        ("Checked and healthy", healthy_markdown(seen)),
        ("Not checked", bullets(map(plain, seen.not_checked))),
        ("What was read", _read(digest, seen)),
        ("Similar historical cases", similar_markdown(diagnosis.similar_cases) if diagnosis else ""),
        ("Models", plain(incident.model_use())),
        ("Notes", bullets(map(plain, notes))),
    ]
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections if text)
    return f"{_head(incident, status)}\n\n{body}\n"


def proposal_markdown(
    diagnosis: Diagnosis, recommendation: Recommendation, plan: Plan, digest: LogDigest
) -> str:
    """Return what a person reads in a chat before deciding."""
    sections = [
        ("Diagnosis", diagnosis_markdown(diagnosis)),
        ("Facts", facts_markdown(None, diagnosis, digest)),
        ("Hypotheses, not facts", hypotheses_markdown(diagnosis)),
        ("What to do", recommendation_markdown(recommendation)),
        ("Plan: waits for your decision", plan_markdown(plan)),
    ]
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in sections if text)


def plan_markdown(plan: Plan) -> str:
    """Return the actions exactly as they run."""
    actions = "\n\n".join(
        f"- **{action.id}** {code(action.type)}, risk {action.risk}, {action.effect}, through {code(action.backend)}"
        + (f": {plain(action.reason)}" if action.reason else "")
        + f"\n\n{fenced(action.preview.text())}"
        for action in plan.actions
    )
    return f"Plan {code(plan.hash[:12])}, a decision is valid until {plan.expires_at:%Y-%m-%d %H:%M} UTC.\n\n{actions}"


def _head(incident: Incident, status: RunStatus) -> str:
    alert = incident.alert
    if alert is None:
        return f"# Incident\n\nStatus: **{status}**."
    when = f", {alert.timestamp:%Y-%m-%d %H:%M:%S} UTC" if alert.timestamp else ""
    return f"# {plain(alert.title)}\n\nAlert of severity {alert.severity}{when}. Status: **{status}**."


def _decision(item: Decision) -> str:
    why = f": {plain(item.comment)}" if item.comment else ""
    said = f"{item.kind} by {plain(item.by)} through {plain(item.door)} at {item.decided_at:%Y-%m-%d %H:%M:%S} UTC{why}"
    return "\n\n".join(filter(None, [said, bullets(map(plain, item.changes))]))


def _outcomes(items: Iterable[Outcome]) -> str:
    return "\n\n".join(
        f"- **{item.action_id}** {code(item.type)}: **{item.status}**{' (simulated)' if item.simulated else ''}, "
        f"started {item.started_at:%H:%M:%S} UTC{_settled(item.settled)}\n\n{fenced(item.output)}"
        for item in items
    )


def _verification(item: Verification) -> str:
    checks = bullets(f"{plain(check.what)}: {check.result}; {plain(check.detail)}" for check in item.checks)
    return "\n\n".join(filter(None, [f"**{item.status}**{_settled(item.settled)}", checks]))


def _settled(by: str) -> str:
    return f"; decided: {plain(by)}" if by else ""


def _read(digest: LogDigest, seen: Coverage) -> str:
    sources = [
        f"{code(item.name)} ({plain(item.format)}): {item.lines_read} lines" for item in digest.sources
    ]
    metrics = Counter(line.source for line in digest.evidence if is_metric(line))
    sources += [f"{code(name)}: {count} metrics" for name, count in metrics.items()]
    parts = [
        f"{digest.lines_read} of {digest.lines_read} lines read, {digest.lines_outside_window} outside the window, "
        f"{digest.lines_unparsed} without a time.",
        bullets(sources),
    ]
    if seen.fetched:
        parts += ["Fetched after the first diagnosis:", bullets(map(plain, seen.fetched))]
    return "\n\n".join(filter(None, parts))
