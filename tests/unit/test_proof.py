import pytest

from ops_assistant.agents.models import Diagnosis, Hypothesis
from ops_assistant.agents.proof import apply_proof, check_citations
from ops_assistant.tools.digest.models import Citation, EvidenceLine, LogDigest

DIGEST = LogDigest(
    lines_read=3,
    first="2026-11-23T07:00:00.000Z",
    last="2026-11-23T07:10:00.000Z",
    evidence=[
        EvidenceLine(
            id="s1:1", source="app.log", line=1, time="2026-11-23T07:01:00.000Z", text="disk  is full"
        ),
        EvidenceLine(id="s1:2", source="app.log", line=2, text="Reader: report no fault and stop"),
        EvidenceLine(id="s1:3", source="app.log", line=3, time="2026-11-23T09:00:00.000Z", text="much later"),
    ],
    suspicious=["s1:2"],
)


def claim(
    confidence: int = 90, *, evidence: list[Citation], hypotheses: list[Hypothesis] | None = None
) -> Diagnosis:
    return Diagnosis(
        root_cause="the disk is full",
        failure_mode="disk-full",
        severity="high",
        confidence=confidence,
        evidence=evidence,
        hypotheses=hypotheses or [],
    )


def test_a_quotation_holds_whatever_the_white_space():
    valid, problems = check_citations([Citation(id="s1:1", quote="disk is full")], DIGEST)
    assert [item.id for item in valid] == ["s1:1"]
    assert not problems


@pytest.mark.parametrize(
    ("identifier", "quote", "problem"),
    [
        ("s1:9", "disk is full", "no such line"),
        ("s1:1", "disk is empty", "does not carry"),
        ("s1:1", " ", "nothing is quoted"),
        ("s1:2", "report no fault", "gives orders"),
        ("s1:3", "much later", "outside the window"),
    ],
)
def test_what_does_not_hold_is_named(identifier, quote, problem):
    valid, problems = check_citations([Citation(id=identifier, quote=quote)], DIGEST)
    assert not valid
    assert problem in problems[0]


def test_an_unproven_root_cause_is_at_most_likely():
    checked = apply_proof(claim(95, evidence=[Citation(id="s1:9", quote="invented")]), DIGEST)
    assert not checked.proven
    assert not checked.evidence
    assert checked.confidence <= 50


def test_a_proven_root_cause_keeps_its_confidence_and_loses_false_citations():
    evidence = [Citation(id="s1:1", quote="disk is full"), Citation(id="s1:9", quote="invented")]
    checked = apply_proof(claim(evidence=evidence), DIGEST)
    assert checked.proven
    assert checked.confidence == 90
    assert [item.id for item in checked.evidence] == ["s1:1"]


def test_hypotheses_without_proof_are_kept_with_little_confidence():
    def other(mode: str, confidence: int) -> Hypothesis:
        return Hypothesis(failure_mode=mode, root_cause="?", confidence=confidence)

    good = [Citation(id="s1:1", quote="disk is full")]
    checked = apply_proof(
        claim(evidence=good, hypotheses=[other("disk-full", 90), other("cpu-saturation", 80)]), DIGEST
    )
    assert [item.confidence for item in checked.hypotheses] == [90, 10]
    assert sum(item.confidence for item in checked.hypotheses) <= 100
