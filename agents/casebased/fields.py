"""Which parts of a log line say nothing about the program: words of its clients, and counts of zero."""

import re
from functools import lru_cache

_METHOD = r"(?:GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS|CONNECT|TRACE|PROPFIND)"
_FOREIGN = re.compile(
    rf'''"{_METHOD}\s[^"]*"                                  # a request line, quoted
    |\b{_METHOD}\s\S+                                        # or bare
    |\b(?:user[_-]?agent|agent|ua|referr?er|ur[il]|path|query(?:_string)?|params?|body|comment|search|
        user(?:name)?|login|title|subject|filename|message_body|text)
       ["']?\s*[=:]\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;}}]+)
    |\b(?:STATEMENT|statement|execute\s\S+):\s.*                # what a client sent to a database
    |\b(?:SQL|sql):\s(?i:select|insert|update|delete|merge|with|create|alter|drop|call)\b.*
    ''',
    re.X,
)  # fmt: skip


# Referrer and user agent of an access log, after the request, the status and the size.
_AGENT = re.compile(r'\bHTTP/[\d.]+"\s\d{3}\s\S+\s(?P<words>"[^"]*"(?:\s"[^"]*")*)')


@lru_cache(maxsize=4096)
def foreign_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return where `text` repeats words of users or clients, as (start, end) pairs."""
    agents = [match.span("words") for match in _AGENT.finditer(text)]
    return (*(match.span() for match in _FOREIGN.finditer(text)), *agents)


def is_foreign(text: str, start: int, end: int) -> bool:
    """Return whether `text[start:end]` begins and ends within words that the program only repeats."""
    spans = foreign_spans(text)
    return any(left <= start < right for left, right in spans) and any(
        left < end <= right for left, right in spans
    )


# `0 remaining in queue`, `errors=0`, `"failed": 0`: the words are there, what they name is not.
_ZERO_BEFORE = re.compile(r"(?<![\w.:/=-])0 ?%? (?:\w+ ){0,3}$")
_ZERO_AFTER = re.compile(r"\w*[\"']?\s?[=:]\s?0(?![\w.,:/%-])")


def counts_nothing(text: str, start: int, end: int) -> bool:
    """Return whether `text[start:end]` is what the line counts none of."""
    return bool(_ZERO_BEFORE.search(text[:start])) or bool(_ZERO_AFTER.match(text, end))
