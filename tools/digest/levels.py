"""The level of a log line, in all the spellings that loggers use."""

import re

from .models import Level

LEVELS: tuple[Level, ...] = ("fatal", "error", "warn", "info", "debug", "none")

_SPELLINGS: dict[Level, str] = {
    "fatal": "emerg emergency panic alert fatal ftl crit critical dpanic failure",
    "error": "error err eror severe",
    "warn": "warn warning wrn",
    "info": "notice note info information informational inf log system config",
    "debug": "debug dbg trace trc verbose fine finer finest debug1 debug2 debug3 debug4 debug5",
}
_WORDS: dict[str, Level] = {word: level for level, words in _SPELLINGS.items() for word in words.split()}
_LETTERS: dict[str, Level] = {
    "F": "fatal", "A": "fatal", "C": "fatal", "E": "error", "W": "warn", "N": "info", "I": "info", "D": "debug",
    "V": "debug", "T": "debug", ".": "debug", "-": "debug", "*": "info", "#": "warn",
}  # fmt: skip
_SYSLOG: tuple[Level, ...] = ("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug")

_NUMBERS: tuple[tuple[int, Level], ...] = (
    (60, "fatal"),
    (50, "error"),
    (40, "warn"),
    (30, "info"),
    (10, "debug"),
)

_KEY_VALUE = re.compile(
    # A bare digit is a verbosity as often as a severity, so it is left out.
    r"""(?<![\w-])(?:level|lvl|severity|loglevel|log\.level|levelname|severity_text|prio|priority)["']?\s*[=:]\s*["']?([A-Za-z]\w*|\d\d+)""",
    re.I,
)
_LETTER_FORMS = [
    re.compile(pattern)
    for pattern in (
        r"([IWEFD])\d{4} \d\d:\d\d:\d\d\.",  # klog
        r"([DIWEFA]), \[\d{4}-",  # Ruby
        r"\d+:[XCSM] \d\d? \w{3} \d{4} [\d:.]+ ([.*#-]) ",  # Redis
        r"[\d/: T.,+Z-]{14,36} ([IWEFCDN]) [|\]]",  # etcd before 3.5
        r"[\d: .-]{14,24}\s+\d+\s+\d+ ([VDIWEFA]) ",  # Android
        r"\d{4}-\d\d-\d\dT[\d:.+Z-]+ ([IWEFD]) +[A-Z]+ +\[",  # MongoDB before 4.4
    )
]
_LEVEL_WORD = "|".join(
    sorted(
        (word for word in _WORDS if word not in {"failure", "alert", "fine", "config"}), key=len, reverse=True
    )
)
_PROSE = frozenset(("log", "system", "note", "verbose", "panic"))  # before a colon also ordinary words
# Upper case anywhere in the head; any case only where punctuation shows that it is a level.
_UPPER = re.compile(rf"(?<![\w/.=&-])({_LEVEL_WORD.upper()}|ALERT|FINE|CONFIG)(?=[\]\s:|>,)]|$)")
_BRACKETED = re.compile(rf"(?:[\[<(](?:[\w-]+:)?|\t)({_LEVEL_WORD}|alert)(?: *[\]>)]|\t)", re.I)
# After the name of who speaks: `zoneload: error: zone ...` (BIND), `nsd[59]: error: ...`, ` : Error: ...` (FreeRADIUS).
_SPOKEN = "|".join(word for word in _LEVEL_WORD.split("|") if word not in _PROSE)
_SPEAKER = re.compile(rf"(?:^|[\s\]])[\w./-]*(?:\[\d+\])?\s?: ({_SPOKEN}): ", re.I)
# Monolog's `channel.ERROR: message`.
_CHANNEL = re.compile(rf"(?:^|[\s\]])[\w-]+\.({_LEVEL_WORD.upper()}|ALERT|EMERGENCY): ")
_LEADING = re.compile(rf"[\s\]|:-]*({_LEVEL_WORD})(?::(?!/)| *\||\s{{2,}}|\]|, )", re.I)
# Severities as digits: stunnel's `LOG3[`, Samba's `[2026/11/25 01:13:48,  0]` with 0 for what went wrong.
_STUNNEL = re.compile(r"[\d. :]{10,24}LOG([0-7])\[")
_SAMBA = re.compile(r"\[\d{4}/\d\d/\d\d [\d:.]+, +(\d{1,2})[,\]]")
_SAMBA_LEVELS: tuple[Level, ...] = ("error", "warn", "info", "info")
_ANSI_LEVEL = re.compile(
    r"^\W*(panic: |fatal error: |Exception in thread |Traceback \(most recent|Unhandled |Uncaught )"
)
_PRI = re.compile(r"<(\d{1,3})>")
HEAD = 120  # a level stands in the head of a line; further on it is prose


def level_of_word(word: str) -> Level:
    """Return the level for a word (`WARN`, `severe`, `E`), `none` if it is not one."""
    known = _WORDS.get(word.lower())
    return known or _LETTERS.get(word, "none")


def level_of_value(value: object) -> Level:
    """Return the level for the value of a level key: a word, a pino or Python number, or a syslog severity."""
    if isinstance(value, str):
        return level_of_number(int(value)) if value.isdigit() else level_of_word(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return level_of_number(int(value))
    return "none"


def level_of_number(number: int) -> Level:
    """Return the level for 0-7 (syslog) or 10-60 (pino, bunyan, Python)."""
    if 0 <= number < len(_SYSLOG):
        return _SYSLOG[number]
    return next((level for limit, level in _NUMBERS if number >= limit), "none")


def find_level(line: str, after_stamp: int = 0) -> tuple[Level, int]:  # noqa: PLR0911 - one return per form
    """Return the level of a text line and the column after it (0 if the level is not a word of its own).

    `after_stamp` is the column at which the line's time stamp ends."""
    head = line[: after_stamp + HEAD]
    for form in _LETTER_FORMS:
        match = form.match(head)
        if match:
            column = match.end(1) if match.end(1) > after_stamp else 0
            return _LETTERS[match.group(1)], column
    if (digit := _digit_level(head)) is not None:
        return digit, 0
    best: re.Match[str] | None = None
    for pattern in (_UPPER, _BRACKETED, _SPEAKER, _CHANNEL):
        match = pattern.search(head, max(after_stamp - 1, 0))
        if match and (best is None or match.start(1) < best.start(1)):
            best = match
    leading = _LEADING.match(head, after_stamp)
    if leading and (best is None or leading.start(1) < best.start(1)):
        best = leading
    if best is None:
        best = _UPPER.search(head[:after_stamp]) or _BRACKETED.search(head[:after_stamp])
        if best:
            return _WORDS[best.group(1).lower()], 0
    key_value = _KEY_VALUE.search(line, 0, after_stamp + 400)
    if key_value and (level := level_of_value(key_value.group(1))) != "none":
        return level, 0
    if best:
        return _WORDS[best.group(1).lower()], best.end(1)
    if (pri := _PRI.match(head)) is not None:
        return _SYSLOG[int(pri.group(1)) & 7], 0
    spoken = _ANSI_LEVEL.match(line[after_stamp:])
    if spoken:
        return ("fatal" if spoken.group(1)[0] in "pf" else "error"), 0
    return "none", 0


def _digit_level(head: str) -> Level | None:
    """Return the level of a head that gives it as a digit and nothing else, None if it is no such head."""
    if match := _STUNNEL.match(head):
        return _SYSLOG[int(match.group(1))]
    if match := _SAMBA.match(head):
        return dict(enumerate(_SAMBA_LEVELS)).get(int(match.group(1)), "debug")
    return None
