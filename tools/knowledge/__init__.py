"""Historical cases that find themselves: seed, user cases, outcomes, hybrid retrieval.

Light at import: Chroma, BM25, RE2 and the embedding model are imported at the first search.
"""

from .base import KnowledgeBase
from .loading import failure_modes, load_cases
from .models import Case, CaseAction, CaseOutcome, Confusion, Hit, Signature, SignatureHit
from .outcomes import outcome_text
from .signatures import SignatureMatcher

__all__ = [
    "Case",
    "CaseAction",
    "CaseOutcome",
    "Confusion",
    "Hit",
    "KnowledgeBase",
    "Signature",
    "SignatureHit",
    "SignatureMatcher",
    "failure_modes",
    "load_cases",
    "outcome_text",
]
