"""What is known of a key, i.e. of all lines that are equal but for digits."""

import re
from enum import Enum, auto
from typing import NamedTuple

from .groups import Group
from .parse import Parsed

_WORDS = re.compile(rb"(?<![0-9A-Za-z])[A-Za-z]{2,}(?![0-9A-Za-z])")


class Kind(Enum):
    """How the lines of a key are counted; MIXED: keys of different shapes that became equal."""

    PLAIN = auto()
    CODE = auto()
    MIXED = auto()
    STRUCTURED = auto()
    FRAME = auto()
    TRACE_EVENT = auto()
    BLANK = auto()


class Entry(NamedTuple):
    """What is known of a key; `like` and `words` are of its first line, `ids` finds the request ids of its lines."""

    kind: Kind
    group: Group | None = None
    codes: re.Pattern[bytes] | None = None
    ids: re.Pattern[bytes] | None = None
    like: Parsed | None = None
    words: bytes = b""


def codes_of(codes: re.Pattern[bytes], lines: list[bytes]) -> list[object]:
    """Return the codes of each line."""
    found: list[object] = codes.findall(b"\n".join(lines))
    if len(found) != len(lines):  # a line without the code, or with more: one by one
        found = [match.groups() if (match := codes.search(line)) else None for line in lines]
    return found


def words_of(line: bytes) -> bytes:
    """Return the plain words of a line."""
    return b" ".join(_WORDS.findall(line))
