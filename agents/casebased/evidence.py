"""Choosing the lines that prove a cause, and citing them word for word."""

from collections.abc import Iterable

from ...tools.digest.models import Citation, EvidenceLine
from .ranking import Cause
from .signs import Sign

_MAX_QUOTE = 240
_MAX_LINES = 3


def proof_lines(cause: Cause) -> list[EvidenceLine]:
    """Return up to three lines that prove `cause`, best first, one per shape.

    A line counts by its strongest sign and by how many signs it carries; of equals the earlier one.
    """
    by_line: dict[str, list[Sign]] = {}
    for sign in cause.signs:
        by_line.setdefault(sign.line.id, []).append(sign)
    ranked = sorted(
        by_line.values(), key=lambda signs: (-_strength(signs), signs[0].line.time or "9", _place(signs[0]))
    )
    chosen: dict[str, EvidenceLine] = {}
    for signs in ranked:
        line = signs[0].line
        chosen.setdefault(line.template or line.text, line)
    return list(chosen.values())[:_MAX_LINES]


def cite(lines: Iterable[EvidenceLine]) -> list[Citation]:
    """Return a citation per line; the quote is the line's own text."""
    return [Citation(id=line.id, quote=line.text.strip()[:_MAX_QUOTE]) for line in lines if line.text.strip()]


def _strength(signs: list[Sign]) -> float:
    best = max(sign.strength for sign in signs)
    return best + 0.02 * min(4, len({sign.span for sign in signs}))


def _place(sign: Sign) -> int:
    return sign.line.line
