"""Signs: signatures of cases found on lines of evidence, each with how strongly it speaks for its failure mode."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ...tools.alert import Alert
from ...tools.digest.models import EvidenceLine, LogDigest
from ...tools.knowledge.models import Hit, SignatureHit
from ...tools.metric_reading import is_metric
from .fields import counts_nothing, is_foreign
from .lines import goes_on, is_client_noise, is_frame, is_setting, refers
from .systems import NamedSystems

# How much one signature says about the root cause, by its weight.
_STRENGTH = {3: 0.8, 2: 0.45, 1: 0.15}
_ABSENT_SYSTEM = 0.75  # a case of a product that is named nowhere in alert and logs
_TELLING = 24  # characters from which a product's phrase is hardly said by others
_ABSENT_AND_SHORT = 0.45
_FOREIGN = 0.1  # words that a user or client chose
_NOISE = 0.2  # a line that only records a client's request in vain
_SUSPICIOUS = 0.1  # a line that gives orders to a reader
_PART_OF_LONGER = 0.5  # the words are part of a longer, known phrase that means something else
_PHRASE = 140  # characters up to which words that a pattern found are one phrase
_ELSEWHERE = 0.7  # the words stand in the record's stack, not on the line itself
_LEVEL = {"fatal": 1.0, "error": 1.0, "warn": 0.85, "none": 0.95, "info": 0.85, "debug": 0.7}
_SETTING = 0.2  # a line that tells how something is set
_GOES_ON = 0.4  # the program does without it
_REFERS = 0.4  # a line that points to others for the cause
_HEDGED = 0.6  # the program only guesses: `Perhaps out of memory?`
_GUESS = re.compile(r"\b(?:perhaps|maybe|may be|might be|possibly|probably)\b", re.I)
_NEAR = 16  # characters before the words in which a guess is announced
_CHATTER = 0.75  # what programs say at start and in passing holds many words of trouble: `limit`, `timeout`


@dataclass(frozen=True)
class Sign:
    """One signature on one line. `span` is where it stands in the line's text, None if only in its stack."""

    mode: str
    origin: str  # id of the case, or what in the structure shows it
    line: EvidenceLine
    weight: int
    strength: float
    span: tuple[int, int] | None

    @property
    def quote(self) -> str:
        """Return the words of the line that carry the sign, or its beginning."""
        if self.span is None:
            return self.line.text.strip()[:200]
        return self.line.text[self.span[0] : self.span[1]].strip() or self.line.text.strip()[:200]


def gather(alert: Alert, digest: LogDigest, hits: Iterable[Hit]) -> list[Sign]:
    """Return every sign in `digest`, in the order of the hits; words of the alert alone are no sign."""
    lines = {line.id: line for line in digest.evidence if not is_metric(line)}  # those tell by numbers
    suspicious = frozenset(digest.suspicious)
    named = NamedSystems(alert, digest)
    signs = []
    for hit in hits:
        present = named.holds(hit.case)
        for found in hit.signatures:
            for line, span in _placed(found, lines):
                if is_frame(line.text) or (span is not None and counts_nothing(line.text, *span)):
                    continue
                strength = _STRENGTH[found.weight] * _said_by(line, found.weight)
                if not present:
                    strength *= _ABSENT_SYSTEM if len(found.signature) >= _TELLING else _ABSENT_AND_SHORT
                if span is None:
                    strength *= _ELSEWHERE
                elif is_foreign(line.text, *span):
                    strength *= _FOREIGN
                elif _GUESS.search(line.text, max(0, span[0] - _NEAR), span[1]):
                    strength *= _HEDGED
                if line.id in suspicious:
                    strength *= _SUSPICIOUS
                signs.append(Sign(hit.case.failure_mode, hit.case.id, line, found.weight, strength, span))
    return _without_parts(signs)


def _said_by(line: EvidenceLine, weight: int) -> float:
    """Return what is left of a signature's strength on a line of this level and kind."""
    loud = line.level in ("fatal", "error")
    factor = _LEVEL[line.level]
    if line.level in ("info", "debug") and weight < 3:
        factor *= _CHATTER
    if not loud and weight < 3 and is_setting(line.text):
        factor *= _SETTING
    if not loud and goes_on(line.text):
        factor *= _GOES_ON
    if refers(line.text):
        factor *= _REFERS
    if is_client_noise(line.text):
        factor *= _NOISE
    return factor


def _without_parts(signs: list[Sign]) -> list[Sign]:
    """Weaken signs whose words are only a part of a longer known phrase of another mode on the same line.

    `Quota exceeded` says little within `Disk quota exceeded`, as `No space left` within `inotify: no space left`.
    """
    phrases: dict[str, list[Sign]] = {}
    for sign in signs:
        if sign.span is not None and sign.weight >= 2 and sign.span[1] - sign.span[0] <= _PHRASE:
            phrases.setdefault(sign.line.id, []).append(sign)
    return [
        replace(sign, strength=sign.strength * _PART_OF_LONGER)
        if any(_contains(phrase, sign) for phrase in phrases.get(sign.line.id, ()))
        else sign
        for sign in signs
    ]


def _contains(phrase: Sign, sign: Sign) -> bool:
    if phrase.mode == sign.mode or phrase.span is None or sign.span is None or phrase.span == sign.span:
        return False
    inside = phrase.span[0] <= sign.span[0] and sign.span[1] <= phrase.span[1]
    return inside and phrase.weight >= sign.weight


def _placed(
    found: SignatureHit, lines: dict[str, EvidenceLine]
) -> Sequence[tuple[EvidenceLine, tuple[int, int] | None]]:
    """Return the lines that carry the signature; those that only head its stack trace if no line does."""
    cited = [lines[item] for item in found.evidence_ids if item in lines]
    spans = [(line, _find(found, line.text)) for line in cited]
    placed = [(line, span) for line, span in spans if span is not None]
    return placed or [(line, None) for line, _ in spans if not _holds(found, line.text)]


def _find(found: SignatureHit, text: str) -> tuple[int, int] | None:
    """Return where the signature stands in `text`."""
    if found.literal:
        words = found.signature.strip().lower()
        start = text.lower().find(words)
        while start > 0 and _splits_word(text, start):
            start = text.lower().find(words, start + 1)
        return (start, start + len(words)) if start >= 0 else None
    pattern = _compiled(found.signature)
    match = pattern.search(text) if pattern is not None else None
    while match is not None and match.start() > 0 and _splits_word(text, match.start()):
        match = pattern.search(text, match.start() + 1)
    return match.span() if match else None


def _splits_word(text: str, start: int) -> bool:
    """Return whether `start` is inside a word: `source` in `resource`, but not `Timeout` in `SocketTimeout`."""
    before, here = text[start - 1], text[start]
    return here.isalnum() and before.isalnum() and not (before.islower() and here.isupper())


def _holds(found: SignatureHit, text: str) -> bool:
    """Return whether the letters of a literal stand in `text`, be it inside longer words."""
    return found.literal and found.signature.strip().lower() in text.lower()


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(f"(?i){pattern}", options)
    except re2.error:
        return None
