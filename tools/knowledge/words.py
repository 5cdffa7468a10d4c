"""Words for lexical search: of log lines, of identifiers in them, and of people's sentences."""

import re
from collections.abc import Iterable

# Words with at least one letter; digits inside stay (`ora`, `53300` handled below).
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*|\d{3,6}\b")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# Codes such as ORA-12519, E11000, SQLSTATE 53300: the number is the meaning. Longer runs are ids.
_HEX_ID = re.compile(r"^(?=.*\d)[0-9a-f]{6,}$")

_STOP_TEXT = """a an and any are as at be been but by can cannot could did do does for from get gets got
had has have he her his how i if in into is it its itself just me more most my no nor not
now of off on once only or other our out over own she should since so some such t than
that the their them then there these they this those to too until up us very was we were
what when where which while who whom why will with would you your"""
STOP = frozenset(_STOP_TEXT.split())


def words(text: str) -> list[str]:
    """Return the stems of the words in `text`, in order; `OutOfMemoryError` gives itself and its parts."""
    found = []
    for token in _WORD.findall(text):
        lower = token.lower()
        if lower in STOP or _HEX_ID.match(lower):
            continue
        found.append(stem(lower))
        if token != lower and not token.isupper():
            parts = [part.lower() for part in _CAMEL.findall(token)]
            if len(parts) > 1:
                found += [stem(part) for part in parts if len(part) > 1 and part not in STOP]
    return found


def readable_forms(texts: Iterable[str]) -> dict[str, str]:
    """Return for each stem in `texts` a word as it stands there, without numbers and very short words."""
    forms: dict[str, str] = {}
    for text in texts:
        for token in _WORD.findall(text):
            if len(token) > 2 and not token.isdigit():
                forms.setdefault(stem(token.lower()), token)
    return forms


def stem(word: str) -> str:
    """Return `word` without common English endings: `connections`, `connected`, `connecting` meet."""
    for ending, left in (("ations", 3), ("ation", 3), ("ings", 4), ("ing", 4), ("ions", 4), ("ion", 4),
                         ("ies", 3), ("ed", 4), ("es", 4), ("ly", 4), ("s", 3), ("e", 4)):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= left and not word.endswith("ss"):
            return word[: -len(ending)]
    return word
