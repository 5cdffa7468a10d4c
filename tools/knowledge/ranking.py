"""Fusing what signatures, words and vectors say into one score per case, between 0 and 1."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .models import Case, Hit, SignatureHit
from .outcomes import outcome_text, ranking_factor
from .words import words

# How much one signature alone says for its case, by its weight: 3 names the cause, 1 is a shared symptom.
_STRENGTH = {1: 0.2, 2: 0.5, 3: 0.85}
_REPEATED = 0.85  # what a score is worth for the order, per better case of the same failure mode
_DUPLICATE = 0.6  # share of common words (Jaccard) from which two cases of one failure mode are one


@dataclass(frozen=True)
class Weights:
    """How far each component is believed (0 to 1). Zero leaves it out, as the benchmarks' ablation does."""

    signatures: float = 1.0
    lexical: float = 0.5
    vectors: float = 0.5


@dataclass
class Candidate:
    """What the components found for one case; `lexical` and `vectors` are shares, 0 to 1."""

    case: Case
    lexical: float = 0.0
    vectors: float = 0.0
    signatures: Sequence[SignatureHit] = ()
    terms: Sequence[str] = ()


def signature_strength(hits: Iterable[SignatureHit], line_weights: Mapping[str, float], bare: float) -> float:
    """Return what all signatures of a case say together: 1 minus the product of their doubts.

    A signature counts by its strongest line; `bare` is the weight of text without evidence id. One whose
    text is part of another that was found too says nothing new and does not count.
    """
    doubt, told = 1.0, list[str]()
    for hit in sorted(hits, key=lambda hit: (-hit.weight, -len(hit.signature))):
        text = hit.signature.lower()
        if any(text in longer or longer in text for longer in told):
            continue
        told.append(text)
        heard = max((line_weights.get(item, bare) for item in hit.evidence_ids), default=bare)
        # Even in a common INFO line a signature that names the cause keeps half of its strength.
        doubt *= 1 - _STRENGTH[hit.weight] * (0.5 + 0.5 * heard)
    return 1 - doubt


def fused(candidate: Candidate, strength: float, weights: Weights) -> float:
    """Return the score: independent doubts multiplied, then moved a little by how the remedy went."""
    text = min(1.0, weights.lexical * candidate.lexical + weights.vectors * candidate.vectors)
    score = 1 - (1 - weights.signatures * strength) * (1 - text)
    return min(1.0, score * ranking_factor(candidate.case.outcome))


def explain(candidate: Candidate) -> list[str]:
    """Return why a case was found, for a person."""
    why = []
    for hit in _distinct(candidate.signatures)[:5]:
        where = f" in {', '.join(hit.evidence_ids[:3])}" if hit.evidence_ids else ""
        why.append(f"signature `{hit.words or hit.signature}`{where}")
    if candidate.terms:
        why.append(f"words: {', '.join(candidate.terms)}")
    if candidate.vectors >= 0.5:
        why.append(f"similar in meaning ({candidate.vectors:.2f})")
    if candidate.case.outcome.tried:
        why.append(outcome_text(candidate.case.outcome))
    return why


def _distinct(hits: Sequence[SignatureHit]) -> list[SignatureHit]:
    """Return the hits whose words are not part of another hit's words."""
    kept: list[SignatureHit] = []
    for hit in sorted(hits, key=lambda hit: -len(hit.words)):
        if not any(hit.words.lower() in other.words.lower() for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda hit: (-hit.weight, -len(hit.words)))


def varied(hits: Iterable[Hit]) -> list[Hit]:
    """Return `hits` in an order that shows other failure modes before the third case of the same one."""
    shown: dict[str, int] = {}
    placed = []
    for hit in hits:
        earlier = shown.get(hit.case.failure_mode, 0)
        shown[hit.case.failure_mode] = earlier + 1
        placed.append((hit.score * _REPEATED**earlier, hit))
    return [hit for _, hit in sorted(placed, key=lambda item: -item[0])]


def without_duplicates(hits: Sequence[Hit], limit: int) -> list[Hit]:
    """Return the first `limit` hits, near-duplicates merged into the better one, which names them."""
    kept: list[tuple[Hit, frozenset[str]]] = []
    for hit in hits:
        own = _outline(hit.case)
        twin = next(
            (
                other
                for other, outline in kept
                if other.case.failure_mode == hit.case.failure_mode
                and len(own & outline) >= _DUPLICATE * len(own | outline)
            ),
            None,
        )
        if twin is not None:
            twin.why.append(f"also: {hit.case.id}")
        elif len(kept) == limit:
            break
        else:
            kept.append((hit, own))
    return [hit for hit, _ in kept]


def _outline(case: Case) -> frozenset[str]:
    return frozenset(words(" ".join([case.title, *case.symptoms, *case.systems])))
