"""Proof, checked in code: a claim counts only with a line that exists, is in the window and carries its quote."""

import re
from collections.abc import Iterable

from ..tools.digest.models import Citation, EvidenceLine, LogDigest
from ..tools.metric_reading import is_metric
from .models import Diagnosis, Hypothesis

_MIN_QUOTE = 4  # characters; less proves nothing
_LIKELY = 50  # percent: what an unproven root cause can have at most
_UNPROVEN_HYPOTHESIS = 25
_UNPROVEN_FACTOR = 0.6
_SPACE = re.compile(r"\s+")


def check_citations(citations: Iterable[Citation], digest: LogDigest) -> tuple[list[Citation], list[str]]:
    """Return the citations that hold, each once, and for every other one a sentence that says why it does not."""
    lines = {line.id: line for line in digest.evidence}
    suspicious = frozenset(digest.suspicious)
    valid: dict[tuple[str, str], Citation] = {}
    problems = []
    for citation in citations:
        problem = _problem(citation, lines.get(citation.id), digest, suspicious)
        if problem:
            problems.append(f"{citation.id or '(no id)'}: {problem}")
        else:
            valid[(citation.id, citation.quote)] = citation
    return list(valid.values()), problems


def apply_proof(diagnosis: Diagnosis, digest: LogDigest) -> Diagnosis:
    """Return `diagnosis` with only what is proven as fact.

    Citations that do not hold are dropped. A root cause without one becomes a hypothesis: `proven` is
    False and the confidence at most 50; hypotheses without proof stay, with little confidence.
    """
    valid, _ = check_citations(diagnosis.evidence, digest)
    hypotheses = [_proven_hypothesis(item, digest) for item in diagnosis.hypotheses]
    if not valid and hypotheses and hypotheses[0].failure_mode == diagnosis.failure_mode:
        valid = hypotheses[0].evidence
    confidence = diagnosis.confidence
    if not valid:
        confidence = min(_LIKELY, round(confidence * _UNPROVEN_FACTOR))
    return diagnosis.model_copy(
        update={
            "evidence": valid,
            "hypotheses": _within_hundred(hypotheses, diagnosis.failure_mode, confidence),
            "confidence": confidence,
            "proven": bool(valid),
        }
    )


def _problem(
    citation: Citation, line: EvidenceLine | None, digest: LogDigest, suspicious: frozenset[str]
) -> str | None:
    if line is None:
        return "no such line of evidence"
    quote = _plain(citation.quote)
    if len(quote) < _MIN_QUOTE:
        return "nothing is quoted"
    if quote not in _plain(line.text):
        return f"the line does not carry the words {citation.quote[:80]!r}"
    if line.id in suspicious:
        return "the line gives orders to its reader and proves nothing"
    # A metric was cut to the window when it was read; the first and last line of the logs say nothing about it.
    if (
        line.time
        and not is_metric(line)
        and digest.first
        and digest.last
        and not digest.first <= line.time <= digest.last
    ):
        return f"the line is of {line.time}, outside the window"
    return None


def _proven_hypothesis(hypothesis: Hypothesis, digest: LogDigest) -> Hypothesis:
    valid, _ = check_citations(hypothesis.evidence, digest)
    confidence = hypothesis.confidence if valid else min(hypothesis.confidence, _UNPROVEN_HYPOTHESIS)
    return hypothesis.model_copy(update={"evidence": valid, "confidence": confidence})


def _within_hundred(hypotheses: list[Hypothesis], mode: str, confidence: int) -> list[Hypothesis]:
    """Give the diagnosis' own hypothesis its confidence, and the others what is left of 100 percent."""
    left = 100
    bounded = []
    for place, item in enumerate(hypotheses):
        share = confidence if place == 0 and item.failure_mode == mode else item.confidence
        share = max(0, min(share, left))
        left -= share
        bounded.append(item.model_copy(update={"confidence": share}))
    return bounded


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
