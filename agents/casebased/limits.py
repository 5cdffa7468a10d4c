"""Limits that are reached, read from numbers: `50/50 connections`, `inodes 100 %`, `idle=0`."""

import re
from collections.abc import Iterator

from ...tools.digest.models import LogDigest
from .signs import Sign

_OF = re.compile(r"(?<![\w./:-])(\d{1,9}) ?(?:/|of|out of) ?(\d{1,9})(?![\w./:-])")
_SHARE = re.compile(r"(?<![\w.])(\d{2,3})(?:\.\d+)? ?%")
_ONLY = re.compile(r"\b(?:idle|free|available)\s?[=:]\s?0\b", re.I)
_AROUND = 32  # characters in which the resource is named
_FULL = 97  # percent
_STRENGTH = 0.55
# Resources by the words around the numbers; the first that fits counts.
_RESOURCES = [
    (re.compile(rf"\b(?:{words})", re.I), mode)
    for words, mode in (
        (
            r"inodes?\b|descriptors?\b|open.?files?\b|fds?\b|nofile\b|file.?handles?\b",
            "file-descriptor-exhaustion",
        ),
        (r"pool\b|pooled\b", "db-connection-pool-exhausted"),
        (r"threads?\b|workers?\b|children\b|executors?\b|processes\b|pids?\b|slots?\b", "thread-exhaustion"),
        (r"connections?\b|conns?\b|clients?\b|sessions?\b", "too-many-connections"),
        (r"quota\b|allowance\b|plan\b|monthly\b", "quota-exceeded"),
        (r"queued?\b|backlog\b|buffer\b|mailbox\b", "queue-backlog"),
        (r"disk\b|file.?system\b|volume\b|partition\b|space\b|storage\b", "disk-full"),
        (r"heap\b|old gen\b", "heap-out-of-memory"),
        (r"maxmemory\b|cache\b", "cache-memory-full"),
        (r"cpu\b|processor\b", "cpu-saturation"),
        (r"memory\b|rss\b|mem\b", "oom-killed"),
    )
]
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
            mode = next((mode for pattern, mode in _RESOURCES if pattern.search(around)), None)
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
