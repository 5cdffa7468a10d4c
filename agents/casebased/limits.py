"""Limits that are reached, read from numbers: `50/50 connections`, `inodes 100 %`, `idle=0`."""

import re
from collections.abc import Iterator

from ...tools.digest.models import LogDigest
from .quantities import used_up
from .signs import Sign

_OF = re.compile(r"(?<![\w./:-])(\d{1,9}) ?(?:/|of|out of) ?(\d{1,9})(?![\w./:-])")
# The limit behind its name: `clients connected 512 max 512`, `fds=1023 soft_limit=1024`.
_UP_TO = re.compile(
    r"(?<![\w./:-])(\d{1,9})\b[^\d\n]{1,20}?\b(?:soft_?|hard_?)?(?:max\w*|limit|capacity)[=: ]{1,3}"
    r"(\d{1,9})(?![\w./:-])",
    re.I,
)
_SHARE = re.compile(r"(?<![\w.])(\d{2,3})(?:\.\d+)? ?%")
_ONLY = re.compile(r"\b(?:idle|free|available)\s?[=:]\s?0\b", re.I)
_AROUND = 32  # characters in which the resource is named
_BEFORE = 12  # characters
_FULL = 97  # percent
_STRENGTH = 0.55
_HARMLESS = re.compile(
    r"\b(?:cached?|hits?|success\w*|completed?|done|progress|uploaded|downloaded|read|sent|ready|healthy|req)\b",
    re.I,
)


# What stands before a number of things that are taken, whatever is counted behind it.
_TAKEN = re.compile(r"\b(?:active|busy|in[_ -]?use|used|open|connected)\s?[=:]?\s?$", re.I)


def reached_limits(digest: LogDigest) -> list[Sign]:
    """Return a sign for each line on which a resource is used up, by its numbers."""
    signs = []
    for line in digest.evidence:
        for start, end in _spans(line.text):
            around = line.text[max(0, start - _AROUND) : end + _AROUND]
            mode = used_up(around)
            taken = _TAKEN.search(line.text[max(0, start - _BEFORE) : start])
            if mode is not None and (taken or not _HARMLESS.search(around)):
                signs.append(Sign(mode, "limit reached", line, 2, _STRENGTH, (start, end)))
                break
    return signs


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for match in _OF.finditer(text):
        if match[1] == match[2] and int(match[1]) > 1:
            yield match.span()
    for match in _UP_TO.finditer(text):
        used, limit = int(match[1]), int(match[2])
        if limit > 1 and _FULL * limit <= 100 * used <= 100 * limit:
            yield match.span()
    for match in _SHARE.finditer(text):
        if _FULL <= int(match[1]) <= 100:
            yield match.span()
    for match in _ONLY.finditer(text):
        yield match.span()
