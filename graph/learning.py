"""From a finished run to a proposed case: what was seen, what was done, and how it went."""

import re
from datetime import date

from ..tools.knowledge.models import Case, CaseAction, CaseOutcome, Signature
from .incident import Incident

_MASKED = re.compile(r"<\*>|\[[a-z-]+:[0-9a-f]+\]|\d+")


def propose_case(incident: Incident) -> Case | None:
    """Return the case this run could teach, or None if it has no proven cause.

    Signatures are the longest fixed stretches of the lines that proved the cause.
    """
    alert, diagnosis, digest = incident.alert, incident.diagnosis, incident.digest
    if alert is None or diagnosis is None or digest is None or not diagnosis.proven:
        return None
    lines = [line for citation in diagnosis.evidence if (line := digest.line(citation.id))]
    signatures = [Signature(text=text, weight=2) for line in lines[:4] if (text := _fixed_words(line.text))]
    solutions = incident.recommendation.solutions if incident.recommendation else []
    if not signatures or not solutions:
        return None
    best = min(solutions, key=lambda item: item.priority)
    worked = all(item.status == "succeeded" for item in incident.outcomes)
    recovered = incident.verification is not None and incident.verification.status == "recovered"
    stem = re.sub(r"[^a-z0-9]+", "-", f"{alert.service}-{diagnosis.failure_mode}".lower()).strip("-")
    return Case(
        id=f"{stem[:60]}-{re.sub(r'[^a-z0-9]', '', alert.id.lower())[-12:] or 'case'}",
        title=f"{alert.service}: {alert.message}"[:160],
        failure_mode=diagnosis.failure_mode,
        systems=[re.sub(r"[^a-z0-9.-]", "-", alert.service.lower())],
        symptoms=[alert.message, incident.log_analysis.pattern if incident.log_analysis else alert.message],
        signatures=signatures,
        root_cause=f"{diagnosis.root_cause} (proven by the log lines of incident {alert.id})",
        impact=diagnosis.impact_scope,
        triggers=diagnosis.possible_triggers,
        checks=(diagnosis.hypotheses[0].confirm_by[:3] if diagnosis.hypotheses else [])
        or [f"Look for: {signatures[0].text}"],
        solution=best.steps,
        actions=[
            CaseAction(type=item.type, params=item.params, effect=item.effect, reason=item.reason)
            for item in (incident.plan.actions if incident.plan else [])
        ],
        verification=best.verification or ["The error lines stop and the alert clears."],
        rollback=best.rollback,
        risks=best.risks,
        estimated_time=best.estimated_time or "15-30 min",
        prevention=(incident.recommendation.preventive_measures[:5] if incident.recommendation else [])
        or ["To be written by the person who confirms this case."],
        outcome=CaseOutcome(tried=1, worked=int(worked and recovered), last=date.today()),
        source="learned",
    )


def _fixed_words(line: str) -> str | None:
    """Return the longest stretch of a line without numbers or placeholders, if it says anything."""
    parts = [part.strip(" \t:;,.=\"'()[]") for part in _MASKED.split(line)]
    longest = max(parts, key=len, default="")
    return longest if len(longest) >= 12 else None
