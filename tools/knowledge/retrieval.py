"""Hybrid retrieval over a fixed list of cases: signatures, BM25 and vectors, fused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..digest.models import LogDigest
from .lexical import LexicalIndex, Scores
from .models import Case, Hit, SignatureHit
from .ranking import Candidate, Weights, explain, fused, signature_strength, varied, without_duplicates
from .signatures import Passage, SignatureMatcher
from .vectors import VectorIndex, where_clause
from .votes import Vote, line_weights, readable, search_passages, votes
from .words import readable_forms, words

_DEPTH = 40  # candidates each component brings in
_MAX_WORDS = 64
# Cosine similarities of unrelated and of same-subject texts under mean-pooled token vectors.
_FAR, _NEAR = 0.2, 0.75
_VOTE_SHARE = 0.5  # what the nearest case gains from one full vote


@dataclass(frozen=True)
class Filter:
    """Restricts a search; empty fields do not. A case without environments passes every one."""

    systems: frozenset[str] = frozenset()
    failure_mode: str | None = None
    environment: str | None = None

    def passes(self, case: Case) -> bool:
        """Return whether `case` is wanted."""
        return (
            (not self.systems or not self.systems.isdisjoint(case.systems))
            and self.failure_mode in (None, case.failure_mode)
            and (self.environment is None or not case.environments or self.environment in case.environments)
        )

    def where(self) -> dict[str, Any] | None:
        """Return the same condition for Chroma."""
        conditions: list[dict[str, Any]] = []
        if self.systems:
            systems: list[dict[str, Any]] = [{f"system:{name}": True} for name in sorted(self.systems)]
            conditions.append({"$or": systems} if len(systems) > 1 else systems[0])
        if self.failure_mode is not None:
            conditions.append({"failure_mode": self.failure_mode})
        if self.environment is not None:
            conditions.append({"$or": [{f"environment:{self.environment}": True}, {"environment:*": True}]})
        return where_clause(conditions)


ANY = Filter()
SENTENCES = Weights()
LOG_LINES = Weights(vectors=0.2)  # the model knows sentences; log lines are hardly that


class Retriever:
    """Searches `cases`, whose order is that of the documents in `lexical`."""

    def __init__(
        self,
        cases: Sequence[Case],
        matcher: SignatureMatcher,
        lexical: LexicalIndex | None,
        vectors: VectorIndex,
    ) -> None:
        self._cases = cases
        self._rows = {case.id: row for row, case in enumerate(cases)}
        self._matcher, self._lexical, self._vectors = matcher, lexical, vectors

    def replace_cases(self, cases: Sequence[Case]) -> None:
        """Take the same cases with newer outcomes."""
        self._cases = cases

    def text(self, text: str, *, top_k: int, only: Filter, weights: Weights = SENTENCES) -> list[Hit]:
        """Return the cases nearest to what a person wrote."""
        found = self._matcher.match_passages([Passage(text, ())])
        spoken = [Vote(text, 1.0)]
        return self._ranked(found, {}, spoken, top_k=top_k, only=only, weights=weights, vote_share=1.0)

    def digest(
        self,
        digest: LogDigest,
        *,
        alert_text: str = "",
        top_k: int,
        only: Filter = ANY,
        weights: Weights = LOG_LINES,
    ) -> list[Hit]:
        """Return the cases that the digest's lines vote for."""
        found = self._matcher.match_passages(search_passages(digest, alert_text))
        return self._ranked(
            found,
            line_weights(digest),
            votes(digest, alert_text),
            top_k=top_k,
            only=only,
            weights=weights,
            vote_share=_VOTE_SHARE,
        )

    def _ranked(
        self,
        signatures: Mapping[str, list[SignatureHit]],
        heard: Mapping[str, float],
        spoken: Sequence[Vote],
        *,
        top_k: int,
        only: Filter,
        weights: Weights,
        vote_share: float,
    ) -> list[Hit]:
        query = _query_words(spoken)
        lexical = self._lexical_scores(query) if weights.lexical else None
        near = self._vector_scores(spoken, only, vote_share) if weights.vectors else {}
        rows = {self._rows[case_id] for case_id in signatures} | set(near)
        if lexical is not None:
            rows |= set(_best(lexical, only, self._cases))
        scored = []
        for row in rows:
            case = self._cases[row]
            if not only.passes(case):
                continue
            candidate = Candidate(
                case=case,
                lexical=float(lexical[row]) if lexical is not None else 0.0,
                vectors=near.get(row, 0.0),
                signatures=signatures.get(case.id, ()),
            )
            strength = signature_strength(candidate.signatures, heard, bare=0.6)
            score = fused(candidate, strength, weights)
            if score > 0:
                scored.append((score, candidate))
        scored.sort(key=lambda item: (-item[0], item[1].case.id))
        forms = readable_forms(vote.text for vote in spoken)
        hits = []
        for score, candidate in scored[: top_k * 4]:  # some will be merged
            if self._lexical is not None and candidate.lexical:
                stems = self._lexical.words_of(self._rows[candidate.case.id], query)
                candidate.terms = [forms[item] for item in stems if item in forms]
            hits.append(
                Hit(
                    case=candidate.case,
                    score=score,
                    why=explain(candidate),
                    signatures=list(candidate.signatures),
                )
            )
        return without_duplicates(varied(hits), top_k)

    def _lexical_scores(self, query: Mapping[str, float]) -> Scores | None:
        return self._lexical.scores(query) if self._lexical is not None and query else None

    def _vector_scores(self, spoken: Sequence[Vote], only: Filter, share: float) -> dict[int, float]:
        """Return per row how near the votes are, 0 to 1; several votes for one case add up, with doubt."""
        texts = [(clean, vote.weight) for vote in spoken if (clean := readable(vote.text))]
        if not texts or not self._cases:
            return {}
        ids, similarities = self._vectors.query([text for text, _ in texts], _DEPTH, only.where())
        doubt: dict[int, float] = {}
        for (_, weight), found, row_similarities in zip(texts, ids, similarities, strict=True):
            nearest: dict[int, float] = {}
            for identifier, similarity in zip(found, row_similarities, strict=True):
                row = self._rows.get(identifier.rpartition("#")[0])
                # A case that another host stored in a shared index is unknown here.
                if row is not None and row not in nearest:
                    nearest[row] = min(1.0, max(0.0, (float(similarity) - _FAR) / (_NEAR - _FAR)))
            for row, closeness in nearest.items():
                doubt[row] = doubt.get(row, 1.0) * (1 - share * weight * closeness)
        return {row: 1 - value for row, value in doubt.items()}


def _query_words(spoken: Sequence[Vote]) -> dict[str, float]:
    """Return the words of all votes, each with the weight of the strongest vote that holds it."""
    query: dict[str, float] = {}
    for vote in spoken:
        for word in words(vote.text):
            query[word] = max(query.get(word, 0.0), vote.weight)
    chosen = sorted(query.items(), key=lambda item: -item[1])
    return dict(chosen[:_MAX_WORDS])


def _best(scores: Scores, only: Filter, cases: Sequence[Case]) -> list[int]:
    depth = min(_DEPTH, len(scores))
    if only != ANY:
        allowed = np.fromiter((only.passes(case) for case in cases), dtype=bool, count=len(cases))
        scores = np.where(allowed, scores, 0)
    top = np.argpartition(scores, len(scores) - depth)[len(scores) - depth :]
    return [int(row) for row in top if scores[row] > 0]
