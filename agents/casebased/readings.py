"""Numbers with their names, as metrics and log lines give them: `in_use=10`, `sessions 48 (limit 50)`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...tools.digest.models import EvidenceLine
from ...tools.metrics import metric_course
from .fields import is_foreign
from .text import message

LIMIT = frozenset(("max", "maximum", "limit", "limits", "capacity", "size", "slots", "soft", "hard"))
FREE = frozenset(("free", "available", "avail", "idle", "remaining", "left"))
USED = frozenset(
    ("used", "active", "open", "current", "busy", "usage",
     "connected", "borrowed", "allocated", "acquired", "taken", "checkedout", "established")
)  # fmt: skip
COUNTER = frozenset(("total", "sum"))
_BESIDE = frozenset(("bytes", "count", "number", "in", "use", "config", "spec", "settings", "status", "of"))
_LEVELS = frozenset(("info", "debug", "warn", "warning", "error", "level", "msg"))

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "millis": 1e-3, "milliseconds": 1e-3, "s": 1.0, "sec": 1.0, "secs": 1.0,
            "seconds": 1.0, "min": 60.0, "minutes": 60.0, "h": 3600.0, "hours": 3600.0, "days": 86400.0}  # fmt: skip
_MULTIPLES = {"kb": 1e3, "kib": 1024.0, "mb": 1e6, "mib": 1024.0**2, "gb": 1e9, "gib": 1024.0**3,
              "k": 1e3, "m": 1e6, "g": 1e9}  # fmt: skip
_PERCENT = frozenset(("percent", "pct", "percentage"))
# A number of its own: no part of a time, an address, a version or a name.
_VALUE = r"(-?\d{1,15}(?:\.\d+)?)(?!\d|\.\d|-\d|[\w.:/-]*[:/]\d)"
_NUMBER = rf"(?<![\w.:/+-]){_VALUE}"
_UNIT = r"(?:\s?(%|[A-Za-zµ]{1,12})(?![\w/]))?"
_PAIR = re.compile(rf"(?:[\"']([A-Za-z][\w .-]*)[\"']\s?:|([A-Za-z][\w.-]*)\s?=)\s?[\"']?{_VALUE}{_UNIT}")
# A record of one metric, `{"gauge": "fs.usage", "value": 1.0}`: the number is called what the gauge is.
_GAUGE, _GAUGED = re.compile(r'"(?:metric|gauge|name|key)"\s?:\s?"([\w.-]+)"'), "value"
_OF = re.compile(r"(?<![\w./:-])(\d{1,9}) ?(?:/|of|out of) ?(\d{1,9})(?![\w./:-])")
_CLAUSE = re.compile(r"(?:[^,;()|\[\]{}.]|\.(?!\s))+")
_PLAIN = re.compile(_NUMBER + _UNIT)
_BEFORE, _AFTER = 5, 2  # words that name a number in running text


@dataclass(frozen=True)
class Reading:
    """One number of one thing: as a metric over a while, in a line as it was then."""

    line: EvidenceLine
    words: tuple[str, ...]  # its name, in lower case
    about: str  # what else says of what it is: a metric's labels, a line's words
    first: float
    last: float
    minimum: float
    maximum: float
    steady: bool = True
    seconds: float | None = None  # how long, if it is a time
    share: bool = False  # a percentage
    role: str = ""  # `used` or `limit` by its place, as in `7 of 7`

    @property
    def name(self) -> str:
        """Its words."""
        return " ".join(self.words)

    @property
    def stem(self) -> frozenset[str]:
        """What is measured, without role and unit."""
        return frozenset(self.words) - LIMIT - FREE - USED - COUNTER - _BESIDE

    def has(self, words: frozenset[str]) -> bool:
        """Whether one of `words` is in its name."""
        return not words.isdisjoint(self.words)


def reading_of_metric(line: EvidenceLine) -> Reading | None:
    """Return what a metric among the evidence tells."""
    course = metric_course(line.text)
    if course is None:
        return None
    base, _, labels = course.name.partition("{")
    words = name_words(base)
    scale = _scale_of(words)
    return Reading(
        line, words, labels, course.first, course.last, course.minimum, course.maximum, course.steady,
        seconds=None if scale is None else scale * max(abs(course.minimum), abs(course.maximum)),
        share=not _PERCENT.isdisjoint(words),
    )  # fmt: skip


def readings_of_line(line: EvidenceLine) -> list[Reading]:
    """Return the numbers with names on a log line, in their order."""
    text = (line.text if line.text.lstrip().startswith("{") else message(line.text))[:2000]
    about = " ".join(name_words(text))
    found: dict[int, Reading] = {}

    def add(name: str, value: float, unit: str, at: int, role: str = "") -> None:
        words = tuple(word for word in name_words(name) if word not in _LEVELS)
        low = unit.lower()
        scale = None if role else _SECONDS.get(low) or (None if low else _scale_of(words))
        value *= _MULTIPLES.get(low, 1.0)
        if words and not is_foreign(text, at, at + 1):
            found.setdefault(at, Reading(
                line, words, about, value, value, value, value,
                seconds=None if scale is None else scale * abs(value),
                share=unit == "%" or not _PERCENT.isdisjoint(words), role=role,
            ))  # fmt: skip

    taken: list[tuple[int, int]] = []
    for match in _OF.finditer(text):
        name = _name_around(text, *match.span())
        add(name, float(match[1]), "", match.start(1), "used")
        add(name, float(match[2]), "", match.start(2), "limit")
        taken.append(match.span())
    gauge = _GAUGE.search(text)
    for match in _PAIR.finditer(text):
        if not _inside(match.start(3), taken):
            name = match[1] or match[2]
            add(
                gauge[1] if gauge and name == _GAUGED else name,
                float(match[3]),
                match[4] or "",
                match.start(3),
            )
            taken.append(match.span(3))
    for clause in _CLAUSE.finditer(text):
        for match in _PLAIN.finditer(text, *clause.span()):
            if not _inside(match.start(1), taken):
                unit = match[2] or ""
                known = unit == "%" or unit.lower() in _SECONDS or unit.lower() in _MULTIPLES
                end = match.end() if known else match.end(1)
                add(
                    _named_by(text, clause.span(), (match.start(1), end)),
                    float(match[1]),
                    unit if known else "",
                    match.start(1),
                )
    return [found[at] for at in sorted(found)]


def _scale_of(words: tuple[str, ...]) -> float | None:
    """Return how many seconds the unit is that a name ends with: `duration_ms`."""
    return next((_SECONDS[word] for word in reversed(words) if word in _SECONDS), None)


def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name, in lower case: `heap_used_mb` and `HeapUsed` have several."""
    words = (word.lower() for word in _WORD.findall(name))
    # `maxclients` and `maxmemory` are one word where they are set.
    return tuple(
        part for word in words for part in (("max", word[3:]) if re.match(r"max[^i]\w\w", word) else (word,))
    )


def _inside(place: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _named_by(text: str, clause: tuple[int, int], number: tuple[int, int]) -> str:
    """Return the words of a clause next to a number: those before it, else those behind it."""
    before = re.findall(r"[A-Za-z][\w-]*", re.split(r"\d", text[clause[0] : number[0]])[-1])[-_BEFORE:]
    after = re.findall(r"[A-Za-z][\w-]*", re.split(r"\d", text[number[1] : clause[1]])[0])[:_AFTER]
    if text[number[0] : number[1]].endswith("%"):
        return " ".join([*before, *after]) or "share"
    is_bare = text[number[0] : number[1]][-1].isdigit()
    return " ".join(before or after) or ("" if is_bare else "duration")


def _name_around(text: str, start: int, end: int) -> str:
    return " ".join(list(_iter_words(text[:start]))[-_BEFORE:] + list(_iter_words(text[end:]))[:_AFTER])


def _iter_words(text: str) -> Iterator[str]:
    return (match.group() for match in re.finditer(r"[A-Za-z][\w-]*", text))
