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
    match = _ID.fullmatch(evidence_id)
    source = next((s for s in sources if match and s.id == match.group(1)), None)
    if match is None or source is None:
        raise InputError(
            f"evidence {evidence_id!r}: expected an id such as s1:42 of one of {[s.id for s in sources]}"
        )
    if STDIN in source.paths:
        raise InputError(f"evidence {evidence_id}: stdin cannot be read again")
    wanted, seen = int(match.group(2)), 0
    problems: list[str] = []
    for block in read_blocks(source, problems):
        lines = block.count(b"\n")
        if seen + lines >= wanted:
            raw = block.split(b"\n", wanted - seen)[wanted - seen - 1]
            return raw.removesuffix(b"\r").decode(errors="backslashreplace")
        seen += lines
    detail = f" ({'; '.join(problems)})" if problems else ""
    raise InputError(f"evidence {evidence_id}: {source.name} has only {seen} lines now{detail}")
