"""How sure a verdict is, in percent: a logistic curve over a few plain facts."""

import math
from collections.abc import Sequence

from .ranking import Cause

# Chosen on the public incidents of eight programs (84), so that confidence stays below the accuracy seen there:
# on programs it was not chosen on it is right less often. `ops-assistant evaluate` prints the reliability table.
_BASE, _SCORE, _LEAD, _NAMED = -1.85, 3.2, 2.2, 0.6


def fault_confidence(causes: Sequence[Cause]) -> int:
    """Return the confidence (0 to 100) in the first of the ranked causes."""
    if not causes:
        return 0
    first = causes[0]
    second = causes[1].score if len(causes) > 1 else 0.0
    named = any(sign.weight == 3 and sign.strength > 0.5 for sign in first.signs[:3])
    z = _BASE + _SCORE * first.score + _LEAD * (first.score - second) + _NAMED * named
    return _percent(z)


def healthy_confidence(score: float) -> int:
    """Return the confidence that nothing is wrong, from the log-odds of health."""
    return _percent(score)


def shares(causes: Sequence[Cause], first: int) -> list[int]:
    """Return the confidence of each cause: `first` for the first, no more than that for the others, by score."""
    if not causes:
        return []
    rest = sum(cause.score for cause in causes[1:])
    left = 100 - first
    others = [min(first, round(left * 0.8 * cause.score / max(rest, 0.8))) for cause in causes[1:]]
    return [first, *others]


def _percent(z: float) -> int:
    return round(100 / (1 + math.exp(-z)))
