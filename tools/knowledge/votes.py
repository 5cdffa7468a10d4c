"""Which lines of a digest speak, and how loudly: severe and rare ones weigh more."""

import math
import re
from typing import NamedTuple

from ..digest.models import Level, LogDigest
from .signatures import Passage, passages

_SEVERITY: dict[Level, float] = {
    "fatal": 1.0,
    "error": 1.0,
    "warn": 0.8,
    "none": 0.65,
    "info": 0.5,
    "debug": 0.4,
}
_ALERT_WEIGHT = 0.6  # an alert names the symptom; the cause is in the logs
_MAX_VOTES = 16
_MAX_CHARS = 300
# Numbers, times, ids and placeholders say nothing to a model of words.
_NOISE = re.compile(r"<\*>|\b[0-9a-fA-F]{8,}\b|\b\d[\d:.,TZ+-]*\b")


class Vote(NamedTuple):
    """A text that takes part in the search, with its weight (0 to 1)."""

    text: str
    weight: float


def line_weights(digest: LogDigest) -> dict[str, float]:
    """Return the weight (0 to 1) of each evidence line by id.

    A line that was logged once weighs 1, one logged 1000 times 0.4; lines that are new or burst weigh more.
    """
    templates = {item.id: item for item in digest.templates}
    weights = {}
    for line in digest.evidence:
        template = templates.get(line.template or "")
        count = template.count if template else 1
        rarity = max(0.4, 1 / (1 + 0.5 * math.log10(max(1, count))))
        fresh = 1.2 if template and template.change in ("new", "burst") else 1.0
        weights[line.id] = min(1.0, _SEVERITY[line.level] * rarity * fresh)
    return weights


def votes(digest: LogDigest, alert_text: str = "") -> list[Vote]:
    """Return the strongest texts of `digest`, one per template, and the alert's text."""
    weights = line_weights(digest)
    best: dict[str, Vote] = {}
    for line in digest.evidence:
        key = line.template or line.text
        if key not in best or weights[line.id] > best[key].weight:
            best[key] = Vote(line.text[:_MAX_CHARS], weights[line.id])
    for stack in digest.stacks:
        text = f"{stack.exception} {stack.message} {stack.deepest_own_frame or ''}"
        best[text] = Vote(text[:_MAX_CHARS], 1.0)
    chosen = sorted(best.values(), key=lambda vote: -vote.weight)[:_MAX_VOTES]
    if alert_text.strip():
        chosen.append(Vote(alert_text[:_MAX_CHARS], _ALERT_WEIGHT))
    return chosen


def search_passages(digest: LogDigest, alert_text: str = "") -> list[Passage]:
    """Return the texts in which signatures are looked for; the alert's text has no evidence id."""
    found = passages(digest)
    return [*found, Passage(alert_text, ())] if alert_text.strip() else found


def readable(text: str) -> str:
    """Return `text` without numbers, ids and placeholders."""
    return " ".join(_NOISE.sub(" ", text).split())
