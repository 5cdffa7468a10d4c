# ruff: noqa: E501 - a pattern is read more easily on one line
"""The shape of a message: variable parts masked, short codes kept, near-equal shapes merged by word slot.

Codes (HTTP status, exit code, errno) stay literal in a shape: merged with the other numbers, a 500 among a million
200s would vanish. Everything else that holds a digit, and ids that look random, becomes `<*>`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

STAR = "<*>"
MAX_WORDS = 120  # words beyond are cut from a shape: lines of megabytes have no useful tail
MANY_CODES = (
    20  # distinct codes in one slot: more than a status or an exit code has, so it is some other number
)
Shape = tuple[str, ...]

CODE = re.compile(
    r"""(?:HTTP/\d(?:\.\d)?["']?\s|\bHTTP\s|\b(?:GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\s\S+\s(?:->\s)?|\s(?:-?\d+/){4}\+?-?\d+\s"""
    r"""|\b[A-Z]{3,}_[A-Z_]+/|\((?=\d{1,3}:\s[A-Z])|\((?=\d{4},\s["'])|\b(?:status|status[_ ]?code|code|errno|exit|exit[_ ](?:code|status)|signal|rc|errcode|retcode|returned|err|error[_ ]?code)"""
    r"""["']?(?:=|:\s?|\s)["']?)(-?\d{1,5})\b(?![.:/-]\d)""",
    re.I,
)
_SEGMENT = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[A-Za-z0-9]*[0-9][A-Za-z0-9]*|(?<![A-Za-z])[a-f]{8,}(?![A-Za-z])"
)
_SHORT_NAME = re.compile(r"[A-Za-z]{1,2}[0-9]+")  # dn228, v2: as variable as a bare number
_HEXWORD = re.compile(r"(?:0x)?[0-9a-fA-F]{4,}")
_MIXED = re.compile(r"[0-9][A-Za-z]+[0-9]|[A-Za-z][0-9]+[A-Za-z]")
_NUMBER = re.compile(r"[0-9]+")
_LABELLED = re.compile(
    r"[A-Za-z](?::|\(|\.\.)|\|"
)  # `sts:5`, `Open(0)`, `a|5`: the letters are no part of an id
_STARS = re.compile(r"(?:(?<![A-Za-z0-9>])[-+])?<\*>(?:[.:,/_+-]?<\*>|%)*")
_DATE = re.compile(
    r"(?:\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:day|sday|nesday|rsday|urday)?,? +)?"
    r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:uary|ruary|ch|il|e|y|ust|t?(?:em|o)ber)?,? +\d\d?\b"
    r"(?: +\d\d:\d\d:\d\d)?(?: +(?:UTC|GMT|[A-Z][SD]T|CES?T))?(?: +\d{4}\b)?"
)
# A number's unit and its repetition in another unit belong to the number: `1293 bytes (1.26 KB)`, `<1 sec`.
_UNIT = r"(?: ?(?:B|[KMGTkmgt]i?[Bb]|[Bb]ytes?|[num]?s|secs?|seconds?|mins?|minutes?|hours?)\b)"
_QUANTITY = re.compile(rf"(?<!\S)[<>~]?<\*>(?:{_UNIT}(?: \(<\*>{_UNIT}?\))?)?(?=[\s,;.)]|$)")
_HIDE = str.maketrans("0123456789", "".join(chr(0xE000 + n) for n in range(10)))
_SHOW = str.maketrans("".join(chr(0xE000 + n) for n in range(10)), "0123456789")


def _mask_segment(match: re.Match[str]) -> str:
    text = match.group()
    if (
        text.isdigit()
        or "-" in text
        or _SHORT_NAME.fullmatch(text)
        or _HEXWORD.fullmatch(text)
        or (len(text) >= 5 and _MIXED.search(text))
    ):
        return STAR
    return _NUMBER.sub(STAR, text)


def keep_codes(message: str) -> str:
    """Return the message with the digits of its codes out of the masks' reach (private-use characters)."""
    return CODE.sub(
        lambda match: match.group()[: match.start(1) - match.start()] + match.group(1).translate(_HIDE),
        message,
    )


def shape_of(message: str) -> Shape:
    """Return the words of a message with its variable parts masked."""
    text = _SEGMENT.sub(_mask_segment, _DATE.sub(STAR, keep_codes(message[:4000])))
    text = _QUANTITY.sub(STAR, _STARS.sub(STAR, text)).translate(_SHOW)
    return tuple(text.split(None, MAX_WORDS)[:MAX_WORDS])


_DIGIT = re.compile(r"[0-9]")
# Answers of success: which one is seldom the point. `/` follows systemd's exit codes (203/EXEC).
_SUCCESS = re.compile(r"(?<![0-9.])([23])0[0-8](?![0-9/.])")
_CODE_LABEL = re.compile(r"[\"'{]*([A-Za-z][\w.-]*)[\"']?[=:]")


def code_merge(shapes: Iterable[tuple[str, Shape]]) -> dict[tuple[str, Shape], Shape]:
    """Map each (kind, shape) to its shape with codes of success as `<2xx>` or `<3xx>`, where that makes several equal.

    Codes of failure stay apart: a 500 is never hidden among 200s, nor a 503 among 500s."""
    items = list(shapes)
    classes = {item: tuple(_SUCCESS.sub(r"<\1xx>", word) for word in item[1]) for item in items}
    sharers = Counter((kind, classes[(kind, shape)]) for kind, shape in items)
    return {item: merged if sharers[(item[0], merged)] > 1 else item[1] for item, merged in classes.items()}


def slot_value(shape: Shape, position: int, word: str) -> tuple[str, str]:
    """Return (name, value) of the word that a merge took out of a slot; a code is named by its label."""
    before = shape[position - 1].strip(":=,[]()\"'") if position else ""
    code = _SUCCESS.search(word) if shape[position] != STAR else None
    if code is None:
        return before or f"word {position + 1}", word
    label = _CODE_LABEL.match(word)
    return (label.group(1) if label else before if before.isalpha() else "status"), code.group()


def loose_merge(shapes: Iterable[tuple[str, Shape]]) -> dict[tuple[str, Shape], Shape]:
    """Map each (kind, shape) to its shape with partly masked words masked wholly, where that makes several equal.

    `broadcast_<*>_piece<*>` and `rdd_<*>` become `<*>`; a label before `=` stays."""
    items = list(shapes)
    loose = {item: tuple(map(_loose_word, item[1])) for item in items}
    sharers = Counter((kind, loose[(kind, shape)]) for kind, shape in items)
    return {item: bare if sharers[(item[0], bare)] > 1 else item[1] for item, bare in loose.items()}


def _loose_word(word: str) -> str:
    if STAR not in word or _LABELLED.search(word) or _DIGIT.search(word):
        return word
    label, equals, _ = word.partition("=")
    return f"{label}={STAR}" if equals and STAR not in label else STAR


def slot_merge(shapes: Iterable[tuple[str, Shape]], minimum: int) -> dict[tuple[str, Shape], Shape]:
    """Map each (kind, shape) to its merged shape: shapes that differ in one word, with `minimum` or more words there.

    Codes (the only words with digits) merge with codes alone, and only if there are more of them than a status has.
    Only shapes of the same kind (e.g. level and component) merge. Shapes that merge with none map to themselves."""
    result = {item: item[1] for item in shapes}
    alike = Counter(
        (kind, len(shape)) for kind, shape in result
    )  # merging needs as many of a kind and length
    current = {item: item[1] for item in result if alike[(item[0], len(item[1]))] >= minimum}
    for _ in range(3):  # a second slot can open only after the first has closed
        slots: dict[tuple[str, int, bool, Shape], set[str]] = defaultdict(set)
        for (kind, _), shape in current.items():
            for position, word in enumerate(shape):
                if word != STAR and len(shape) > 1:
                    slots[_slot(kind, shape, position)].add(word)
        wide = {
            slot: len(words)
            for slot, words in slots.items()
            if len(words) >= (max(minimum, MANY_CODES) if slot[2] else minimum)
        }
        if not wide:
            break
        for item, shape in current.items():
            best, best_position = 0, -1
            for position in range(len(shape)):
                size = wide.get(_slot(item[0], shape, position), 0)
                if size > best:
                    best, best_position = size, position
            if best_position >= 0:
                current[item] = (*shape[:best_position], STAR, *shape[best_position + 1 :])
    return result | current


def _slot(kind: str, shape: Shape, position: int) -> tuple[str, int, bool, Shape]:
    """A word's place: equal for shapes that differ in that word only."""
    is_code = _DIGIT.search(shape[position]) is not None
    return kind, position, is_code, shape[:position] + shape[position + 1 :]


def code_pattern(text: str) -> re.Pattern[bytes] | None:
    """Return a pattern that finds the codes of lines like this one: up to three, by the literal text before each.

    A syslog priority in front is a code too: it holds the level."""
    if re.match(r"<\d{1,3}>", text):
        return re.compile(rb"^<(\d{1,3})>", re.M)
    parts = []
    for match in list(CODE.finditer(text))[:3]:
        before = text[max(match.start(1) - 14, 0) : match.start(1)]
        before = before[before.rfind(" ", 0, -1) + 1 :] if " " in before[:-1] else before
        literal = "".join(r"\d" if char.isdigit() else re.escape(char) for char in before)
        parts.append(re.sub(r"(?:\\d)+", r"\\d+", literal) + r"(-?\d{1,5})\b")
    return re.compile(r"[^\n]*?".join(parts).encode()) if parts else None


def rare_word_merge(shapes: Iterable[tuple[str, Shape]], minimum: int) -> dict[tuple[str, Shape], Shape]:
    """Map each (kind, shape) to the shape with its rare words masked, if `minimum` or more shapes then are equal.

    A word is rare if fewer than `minimum` of the shapes hold it, and it is no code. This merges what slot_merge cannot: lines with random
    words in several places at once. Shapes that would lose more than half of their words stay as they are."""
    items = list(shapes)
    counts = Counter(word for _, shape in items for word in set(shape))
    masked: dict[tuple[str, Shape], Shape] = {}
    for kind, shape in items:
        bare = tuple(word if counts[word] >= minimum or _DIGIT.search(word) else STAR for word in shape)
        kept = sum(1 for word in bare if word != STAR)
        masked[(kind, shape)] = bare if 2 * kept >= sum(1 for word in shape if word != STAR) else shape
    sharers = Counter((kind, masked[(kind, shape)]) for kind, shape in items)
    return {item: bare if sharers[(item[0], bare)] >= minimum else item[1] for item, bare in masked.items()}
