"""What of a case is indexed: several short texts for the vectors, one bag of words for BM25."""

import hashlib
import re

from .loading import failure_modes
from .models import Case
from .vectors import Entry
from .words import words

# Raise when the texts below change, so that stores built before are brought up to date.
VERSION = 1

# What is left of a pattern once its operators are gone: the words a program prints.
_OPERATORS = re.compile(r"\\[a-zA-Z]|\[[^\]]*\]|\{[^}]*\}|[\\^$.|?*+()]")


def case_entries(case: Case) -> list[Entry]:
    """Return the views of `case`: a mean of token vectors blurs long texts, so each view has one subject."""
    views = {
        "symptoms": [case.title, *case.symptoms, case.impact],
        "signs": signature_words(case),
        "cause": [failure_modes().get(case.failure_mode, ""), case.root_cause, *case.triggers],
    }
    metadata: dict[str, str | bool] = {
        "case": case.id,
        "failure_mode": case.failure_mode,
        "source": case.source,
        **{f"system:{name}": True for name in case.systems},
        **{f"environment:{name}": True for name in case.environments or ["*"]},
    }
    entries = []
    for view, parts in views.items():
        text = ". ".join(part for part in parts if part)
        if text:
            digest = hashlib.blake2b(f"{VERSION}{metadata}{text}".encode(), digest_size=12).hexdigest()
            entries.append(Entry(f"{case.id}#{view}", text, digest, metadata))
    return entries


def case_words(case: Case) -> list[str]:
    """Return the words of `case` for BM25; title and symptoms count twice, remedies not at all.

    Remedies name tools and settings of many neighbours ("check the disk, the DNS, the pool"), which
    draws in cases that are about something else.
    """
    described = " ".join([case.title, *case.symptoms, case.failure_mode, " ".join(case.systems)])
    rest = " ".join(
        [case.root_cause, case.impact, *case.triggers, *signature_words(case),
         failure_modes().get(case.failure_mode, "")]
    )  # fmt: skip
    return words(described) * 2 + words(rest)


def signature_words(case: Case) -> list[str]:
    """Return the plain words of the case's signatures."""
    return [item.text or _OPERATORS.sub(" ", item.pattern or "") for item in case.signatures]
