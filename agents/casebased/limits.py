"""Limits that are reached, read from numbers: `50/50 connections`, `inodes 100 %`, `idle=0`."""

import re
from collections.abc import Iterator

from ...tools.digest.models import LogDigest
from .quantities import used_up
from .signs import Sign

_OF = re.compile(r"(?<![\w./:-])(\d{1,9}) ?(?:/|of|out of) ?(\d{1,9})(?![\w./:-])")
_SHARE = re.compile(r"(?<![\w.])(\d{2,3})(?:\.\d+)? ?%")
_ONLY = re.compile(r"\b(?:idle|free|available)\s?[=:]\s?0\b", re.I)
_AROUND = 32  # characters in which the resource is named
_FULL = 97  # percent
_STRENGTH = 0.55
_HARMLESS = re.compile(
    r"\b(?:cached?|hits?|success\w*|completed?|done|progress|uploaded|downloaded|read|sent|ready|healthy|req)\b",
    re.I,
)


def reached_limits(digest: LogDigest) -> list[Sign]:
    """Return a sign for each line on which a resource is used up, by its numbers."""
    signs = []
    for line in digest.evidence:
        for start, end in _spans(line.text):
            around = line.text[max(0, start - _AROUND) : end + _AROUND]
            mode = used_up(around)
            if mode is not None and not _HARMLESS.search(around):
                signs.append(Sign(mode, "limit reached", line, 2, _STRENGTH, (start, end)))
                break
    return signs


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for match in _OF.finditer(text):
        if match[1] == match[2] and int(match[1]) > 1:
            yield match.span()
    for match in _SHARE.finditer(text):
        if _FULL <= int(match[1]) <= 100:
            yield match.span()
    for match in _ONLY.finditer(text):
        yield match.span()
