"""Opens the verbatim line behind an evidence id."""

import re
from collections.abc import Sequence

from ..errors import InputError
from .reading import read_blocks
from .sources import STDIN, LogSource

_ID = re.compile(r"(s\d+):(\d+)")


def open_evidence(sources: Sequence[LogSource], evidence_id: str) -> str:
    """Return the line `s<source>:<line>` as it stands in its source, not redacted.

    Raises InputError if the id is malformed, the source is unknown, or the line is gone."""
    ((_, text),) = open_lines(sources, evidence_id)
    return text


def open_lines(sources: Sequence[LogSource], evidence_id: str, *, around: int = 0) -> list[tuple[int, str]]:
    """Return a line and up to `around` lines before and after it, each with its number, not redacted.

    Raises InputError as `open_evidence` does."""
    match = _ID.fullmatch(evidence_id)
    source = next((s for s in sources if match and s.id == match.group(1)), None)
    if match is None or source is None:
        raise InputError(
            f"evidence {evidence_id!r}: expected an id such as s1:42 of one of {[s.id for s in sources]}"
        )
    if STDIN in source.paths:
        raise InputError(f"evidence {evidence_id}: stdin cannot be read again")
    wanted, seen = int(match.group(2)), 0
    first, last = max(1, wanted - around), wanted + around
    found: list[tuple[int, str]] = []
    problems: list[str] = []
    for block in read_blocks(source, problems):
        count = block.count(b"\n")
        if seen + count >= first:
            lines = block.split(b"\n")
            numbers = range(max(first, seen + 1), min(last, seen + count) + 1)
            found += [(number, _text(lines[number - seen - 1])) for number in numbers]
        seen += count
        if seen >= last:
            break
    if seen < wanted:
        detail = f" ({'; '.join(problems)})" if problems else ""
        raise InputError(f"evidence {evidence_id}: {source.name} has only {seen} lines now{detail}")
    return found


def _text(raw: bytes) -> str:
    return raw.removesuffix(b"\r").decode(errors="backslashreplace")
