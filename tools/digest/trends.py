"""Numbers in a template that move steadily: a heap that climbs, a queue that grows."""

import itertools
import re

from .models import Trend

_NUMBER = re.compile(r"(?<![\w.:-])-?\d+(?:\.\d+)?(?![\d:]|[.]\d|-\d)")
_NAME = re.compile(r"([A-Za-z][\w.-]*(?: [A-Za-z][\w.-]*)?)[\"']?\s*[=: ]*[\"'(]*$")
MIN_SAMPLES = 6  # lines from which a number is followed


def find_trends(texts: list[str], limit: int = 3) -> list[Trend]:
    """Return the numbers in sampled lines of one group, oldest first, that mostly go one way, and far."""
    if len(texts) < MIN_SAMPLES:
        return []
    columns = [list(_NUMBER.finditer(text)) for text in texts]
    width = len(columns[-1])
    columns = [column for column in columns if len(column) == width]
    if len(columns) < MIN_SAMPLES or width > 40:
        return []
    found = []
    for slot in range(width):
        values = [float(column[slot].group()) for column in columns]
        direction = _direction(values)
        if direction:
            text = columns[-1][slot].string
            name = _NAME.search(text[: columns[-1][slot].start()][-60:])
            trend = Trend(
                name=name.group(1) if name else f"number {slot + 1}", first=values[0], last=values[-1],
                minimum=min(values), maximum=max(values), samples=len(values),
                direction="up" if direction > 0 else "down",
            )  # fmt: skip
            found.append((trend, _is_counter(values)))
    return [trend for trend, _ in sorted(found, key=lambda pair: pair[1])][:limit]


def _direction(values: list[float]) -> int:
    """1 or -1 if at least 80 % of the moves go that way and the range is passed through, else 0."""
    moves = [b - a for a, b in itertools.pairwise(values) if b != a]
    if len(moves) < MIN_SAMPLES - 1 or len(moves) < len(values) / 2:
        return 0
    span = max(values) - min(values)
    for sign in (1, -1):
        share = sum(1 for move in moves if move * sign > 0) / len(moves)
        if share >= 0.8 and sign * (values[-1] - values[0]) >= 0.7 * span and span > 0.1 * abs(values[0]):
            return sign
    return 0


def _is_counter(values: list[float]) -> bool:
    """A number that goes up in equal steps counts something (a batch number); it says less than one that grows."""
    steps = {round(b - a, 6) for a, b in itertools.pairwise(values)}
    return len(steps) == 1
