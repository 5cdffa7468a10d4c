"""Log lines as people read them: without their header, cut where a sentence may end, times in words."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from ...tools.digest.parse import ANSI, LineParser

_PARSER = LineParser(datetime(2000, 1, 1, tzinfo=UTC))  # only the words are read, not the time
_HEADER = re.compile(
    r"""^(?:\[[^\]]{0,40}\]|\d+\#\d+:|\*\d+|LOG:|Caused\sby:|Exception\sin\sthread\s"[^"]*"
    |[\w.-]*@[\w.\[\]-]*\s|[\s|:-])+""",
    re.X,
)


@lru_cache(maxsize=2048)
def message(text: str) -> str:
    """Return the line's words on one line, without time, level and the names that only say who wrote it."""
    plain = " ".join(_PARSER.parse(ANSI.sub("", text.strip())).message.split())
    return _HEADER.sub("", plain) or plain or " ".join(text.split())


def shortened(text: str, limit: int) -> str:
    """Return `text` cut at a word so that it has at most `limit` characters, with an ellipsis if it was cut."""
    if len(text) <= limit:
        return text
    return text[: text.rfind(" ", limit // 2, limit)].rstrip(" ,;:(-") + "…"


def around(text: str, words: str, limit: int) -> str:
    """Return the part of `text` that holds `words`, at most about `limit` characters, with ellipses where it is cut."""
    place = text.lower().find(words.lower())
    if len(text) <= limit or place + len(words) <= limit * 3 // 4:
        return shortened(text, limit)
    start = text.rfind(" ", 0, max(1, place - limit // 4)) + 1
    return f"…{shortened(text[start:], limit)}"


def span_of_times(first: str, last: str) -> str:
    """Return two ISO 8601 times as people write them: `between 03:15:28 and 03:15:30 UTC on 20 February 2026`."""
    start, end = (datetime.fromisoformat(item).astimezone(UTC) for item in (first, last))
    day = f"{start.day} {start:%B %Y}"
    if f"{start:%X}" == f"{end:%X}" and start.date() == end.date():
        return f"at {start:%X} UTC on {day}"
    if start.date() == end.date():
        return f"between {start:%X} and {end:%X} UTC on {day}"
    return f"between {start:%X} UTC on {day} and {end:%X} UTC on {end.day} {end:%B %Y}"
