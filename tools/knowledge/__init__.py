"""Historical cases that find themselves: seed, user cases, outcomes, hybrid retrieval, learning, import.

Light at import: Chroma, BM25, RE2 and the embedding model are imported at the first search.
"""

from .base import KnowledgeBase
from .curation import Curation
from .learning import Learned, find_repeat, learn, propose_case
from .loading import failure_modes, load_cases
from .models import Case, CaseAction, CaseOutcome, Confusion, Hit, Signature, SignatureHit
from .outcomes import outcome_text
from .passages import PassageHit, RunbookPassage
from .signatures import SignatureMatcher

__all__ = [
    "Case",
    "CaseAction",
    "CaseOutcome",
    "Confusion",
    "Curation",
    "Hit",
    "KnowledgeBase",
    "Learned",
    "PassageHit",
    "RunbookPassage",
    "Signature",
    "SignatureHit",
    "SignatureMatcher",
    "failure_modes",
    "find_repeat",
    "learn",
    "load_cases",
    "outcome_text",
    "propose_case",
]
