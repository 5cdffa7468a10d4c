"""The diagnostician without a model: signs, causal precedence, health, proof and calibrated confidence."""

from ...tools.alert import Alert
from ...tools.digest.models import EvidenceLine, LogDigest
from ...tools.knowledge import KnowledgeBase, outcome_text
from ...tools.knowledge.loading import NO_FAULT
from ...tools.knowledge.models import Hit
from ..models import Diagnosis, Hypothesis, LogAnalysis, SimilarCase
from ..proof import apply_proof
from . import impact, wording
from .confidence import fault_confidence, healthy_confidence, shares
from .evidence import cite, proof_lines
from .health import Health, judge
from .lines import is_trouble
from .missing import missing_evidence
from .objects import fill, named_objects
from .ranking import Cause
from .reasoning import ranked_causes
from .systems import GENERIC, NamedSystems, usable
from .text import shortened

_TOP_K = 60  # cases: all that carry signatures, and the most alike
_ENOUGH = 0.2  # score below which no known failure mode fits
_HYPOTHESES = 3
_SIMILAR = 3
_ALIKE = 0.05  # score from which likeness in words alone is worth a hypothesis
_CONFUSED = 0.3  # of the doubt that is left, for what the first cause is most often taken for
_EXPLANATION = 240  # characters


def diagnose(
    alert: Alert, digest: LogDigest, analysis: LogAnalysis, knowledge_base: KnowledgeBase
) -> Diagnosis:
    """Return the verdict with ranked hypotheses; every claim that stands cites verified lines.

    `no-fault` if the logs show normal work; `not-enough-evidence` with mode `unknown` if no known failure
    mode fits, or if there are no logs.
    """
    hits = knowledge_base.search_digest(digest, alert_text=f"{alert.service} {alert.message}", top_k=_TOP_K)
    causes = ranked_causes(alert, digest, hits)
    fitting = usable(hits, NamedSystems(alert, digest))
    for cause in causes[:_HYPOTHESES]:
        cause.hits = [hit for hit in fitting if hit.case.failure_mode == cause.mode]
        if not cause.hits and (case := knowledge_base.get(f"{GENERIC}-{cause.mode}")) is not None:
            cause.hits = [Hit(case=case, score=0.0)]
    health = judge(alert, digest, causes)
    if health.score > 0 and digest.lines_read > digest.lines_outside_window:
        verdict = _healthy(alert, digest, causes, health)
    elif causes and causes[0].score >= _ENOUGH and causes[0].signs:
        verdict = _fault(alert, digest, causes)
    else:
        verdict = _unknown(alert, digest, analysis, causes)
    return apply_proof(verdict.model_copy(update={"similar_cases": _similar(fitting, causes)}), digest)


def _fault(alert: Alert, digest: LogDigest, causes: list[Cause]) -> Diagnosis:
    first = causes[0]
    proof = proof_lines(first)
    case = first.hits[0].case if first.hits else None
    return Diagnosis(
        verdict="fault",
        root_cause=wording.root_cause(alert, first, proof),
        failure_mode=first.mode,
        severity=impact.severity(alert, digest, healthy=False),
        impact_scope=impact.scope(alert, digest, case.impact if case else ""),
        possible_triggers=impact.triggers(alert, digest, case.triggers if case else []),
        confidence=fault_confidence(causes),
        hypotheses=_hypotheses(alert, causes, fault_confidence(causes)),
        evidence=cite(proof),
        missing_evidence=missing_evidence(alert, digest, first),
    )


def _healthy(alert: Alert, digest: LogDigest, causes: list[Cause], health: Health) -> Diagnosis:
    confidence = healthy_confidence(health.score)
    raised = [line for line in digest.evidence if is_trouble(line)]
    text = wording.healthy(alert, digest, health.normal, raised)
    evidence = cite([*health.normal[:2], *raised[:1]])
    own = Hypothesis(failure_mode="no-fault", root_cause=text, confidence=confidence, evidence=evidence)
    return Diagnosis(
        verdict="no-fault",
        root_cause=text,
        failure_mode="no-fault",
        severity=impact.severity(alert, digest, healthy=True),
        impact_scope="None seen in the logs.",
        possible_triggers=impact.triggers(alert, digest, []),
        confidence=confidence,
        hypotheses=[own, *_hypotheses(alert, causes, (100 - confidence) // 2)[: _HYPOTHESES - 1]],
        evidence=evidence,
    )


def _unknown(alert: Alert, digest: LogDigest, analysis: LogAnalysis, causes: list[Cause]) -> Diagnosis:
    cited = {citation.id for citation in analysis.evidence}
    troubles = [line for line in digest.evidence if is_trouble(line)]
    seen: list[EvidenceLine] = [line for line in troubles if line.id in cited] or troubles
    weak = min(30, fault_confidence(causes))
    return Diagnosis(
        verdict="not-enough-evidence",
        root_cause=wording.unknown(alert, digest, seen),
        failure_mode="unknown",
        severity=impact.severity(alert, digest, healthy=False),
        impact_scope=impact.scope(alert, digest, ""),
        possible_triggers=impact.triggers(alert, digest, []),
        confidence=weak,
        hypotheses=_hypotheses(alert, causes, weak),
        evidence=cite(seen[:2]),
        missing_evidence=missing_evidence(alert, digest, None),
    )


def _hypotheses(alert: Alert, causes: list[Cause], first: int) -> list[Hypothesis]:
    """Return the two or three best causes with what speaks for and against each.

    Behind the first, only what lines or much likeness support; if that is nothing, what the first one is
    most often taken for, so that a person knows how to tell them apart.
    """
    best = causes[:1] + [cause for cause in causes[1:_HYPOTHESES] if cause.signs or cause.score >= _ALIKE]
    found = [
        Hypothesis(
            failure_mode=cause.mode,
            root_cause=wording.root_cause(alert, cause, proof_lines(cause)),
            confidence=share,
            evidence=cite(proof_lines(cause)),
            against=_against(cause, best[0]),
            confirm_by=_checks(alert, cause),
        )
        for cause, share in zip(best, shares(best, first), strict=True)
    ]
    supported = [item for place, item in enumerate(found) if place == 0 or item.confidence > 0]
    return (
        supported
        if len(supported) > 1
        else [*supported, *_lookalike(alert, causes[:1], min(first, round((100 - first) * _CONFUSED)))]
    )


def _lookalike(alert: Alert, leading: list[Cause], share: int) -> list[Hypothesis]:
    """Return the failure mode that the leading cause is most often confused with, and how to tell."""
    confusions = [item for cause in leading for hit in cause.hits[:1] for item in hit.case.confused_with[:1]]
    return [
        Hypothesis(
            failure_mode=item.failure_mode,
            root_cause=wording.root_cause(alert, Cause(item.failure_mode, 0.0, 0.0, []), []),
            confidence=share,
            against=["No line of the logs shows it."],
            confirm_by=[item.tell],
        )
        for item in confusions
        if item.failure_mode not in (leading[0].mode, NO_FAULT)
    ]


def _against(cause: Cause, first: Cause) -> list[str]:
    reasons = list(cause.against)
    if not cause.signs:
        reasons.append("No line names it; only the wording is alike.")
    elif all(sign.weight == 1 for sign in cause.signs):
        reasons.append("Its signs are symptoms that other causes have too.")
    if cause.explained_by and cause is not first:
        reasons.append(f"Its signs are what {cause.explained_by} looks like from outside.")
    tells = {item.failure_mode: item.tell for hit in cause.hits[:1] for item in hit.case.confused_with}
    if cause is not first and first.mode in tells:
        reasons.append(tells[first.mode])
    return reasons[:3]


def _checks(alert: Alert, cause: Cause) -> list[str]:
    objects = named_objects(line.text for line in proof_lines(cause))
    return (
        [fill(check, alert.service, objects) for check in cause.hits[0].case.checks[:2]] if cause.hits else []
    )


def _similar(hits: list[Hit], causes: list[Cause]) -> list[SimilarCase]:
    """Return the most alike cases of `hits`, which are sorted, those of the leading causes first."""
    order = {cause.mode: place for place, cause in enumerate(causes[:_HYPOTHESES])}
    ranked = sorted(hits, key=lambda hit: order.get(hit.case.failure_mode, _HYPOTHESES))
    return [
        SimilarCase(
            id=hit.case.id,
            title=hit.case.title,
            failure_mode=hit.case.failure_mode,
            score=round(hit.score, 3),
            why=[*hit.why[:3], f"there: {shortened(hit.case.root_cause, _EXPLANATION)}"],
            outcome=outcome_text(hit.case.outcome),
        )
        for hit in ranked[:_SIMILAR]
    ]
