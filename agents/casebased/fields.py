"""Which parts of a log line its program did not write itself: requests, user agents, query text, names."""

import re
from functools import lru_cache

_METHOD = r"(?:GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS|CONNECT|TRACE|PROPFIND)"
_FOREIGN = re.compile(
    rf'''"{_METHOD}\s[^"]*"                                  # a request line, quoted
    |\b{_METHOD}\s\S+                                        # or bare
    |\bHTTP/[\d.]+"\s\d{{3}}\s\S+\s("[^"]*"(?:\s"[^"]*")*)     # referrer and user agent of an access log
    |\b(?:user[_-]?agent|agent|ua|referr?er|ur[il]|path|query(?:_string)?|params?|body|comment|search|
        user(?:name)?|login|title|subject|filename|message_body|text)
       ["']?\s*[=:]\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;}}]+)
    |\b(?:STATEMENT|statement|execute\s\S+|SQL|sql):\s.*        # what a client sent to a database
    ''',
    re.X,
)  # fmt: skip


@lru_cache(maxsize=4096)
def foreign_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return where `text` repeats words of users or clients, as (start, end) pairs in order."""
    return tuple(match.span() for match in _FOREIGN.finditer(text))


def is_foreign(text: str, start: int, end: int) -> bool:
    """Return whether `text[start:end]` lies within words that the program only repeats."""
    return any(left <= start and end <= right for left, right in foreign_spans(text))
