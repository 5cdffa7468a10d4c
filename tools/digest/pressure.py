"""When random ids defeat the usual key (almost every line is new): keys from the words that can be trusted.

Words that hold a digit are dropped, and words of irregular case (`kJhGfDsQ`, but `OutOfMemoryError` too) unless they
have been seen often. All other words stay, so a line with an unheard-of plain word still gets a key of its own.
"""

import re
from collections import Counter

from .shapes import STAR

# Anchored at word starts and possessive: without that the search is quadratic in the length of a word.
_DIGIT_WORD = re.compile(rb"(?<!\S)[^\s0-9]*+[0-9]\S*+")
_IRREGULAR = re.compile(rb"(?<!\S)(?=\S*?(?:[a-z][A-Z]|[A-Z][A-Z][a-z]))\S++")
_OFTEN = 3  # times in one block; a random word of eight letters or more does not come twice
_MAX_WORDS = 50_000


class Vocabulary:
    """Words of irregular case that are names, not ids."""

    def __init__(self) -> None:
        self._known: set[bytes] = set()
        self._blocks = 0

    def keys(self, block: bytes) -> bytes:
        """Return the block with only trusted words in each line; irregular words it repeats become trusted."""
        plain = _DIGIT_WORD.sub(b"", block)
        if self._blocks % 8 == 0 and len(self._known) < _MAX_WORDS:
            counts = Counter(_IRREGULAR.findall(plain))
            self._known.update(word for word, count in counts.items() if count >= _OFTEN)
        self._blocks += 1
        known = self._known
        return _IRREGULAR.sub(lambda m: m[0] if m[0] in known else b"", plain)

    def mask(self, message: str) -> str:
        """Return a message with its untrusted irregular words masked."""
        raw = message.encode(errors="replace")
        masked = _IRREGULAR.sub(lambda m: m[0] if m[0] in self._known else STAR.encode(), raw)
        return masked.decode(errors="replace")
