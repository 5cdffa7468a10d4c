"""An incident's audit as one self-contained file: a page to read, and every entry as a JSON line to check."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from ..tools.errors import InputError
from ..tools.markdown import code, plain
from .audit import Audit, AuditEntry, chain_problems
from .canonical import canonical_json

_FENCE = "````"
_BEGIN, _END = f"{_FENCE}jsonl", _FENCE


def export_text(audit: Audit, thread_id: str) -> str:
    """Return the Markdown of an incident's record; its last block holds the entries, one JSON object a line."""
    entries = audit.entries(thread_id)
    head = entries[-1].hash if entries else ""
    lines = [
        f"# Audit of incident {code(thread_id)}",
        "",
        f"{len(entries)} entries; head {code(head)}. Each entry's hash covers its content and "
        "the hashes of the entry before it in the whole audit (`prev`) and in this incident (`thread_prev`). "
        "Check this file with `ops-assistant audit verify FILE`.",
        "",
        *(_line(entry) for entry in entries),
        "",
        "## Entries",
        "",
        _BEGIN,
        *(canonical_json(entry.model_dump()) for entry in entries),
        canonical_json({"end": thread_id, "entries": len(entries), "mac": audit.end_mac(thread_id, entries)}),
        _END,
        "",
    ]
    return "\n".join(lines)


def export_problems(path: Path, audit: Audit) -> tuple[list[AuditEntry], list[str]]:
    """Return an exported file's entries and what is wrong with them; raises `InputError` for another kind of file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    lines = text.splitlines()
    if _BEGIN not in lines:
        raise InputError(f"{path}: holds no audit entries; expected a file of `ops-assistant audit export`")
    start = lines.index(_BEGIN) + 1
    block = lines[start : lines.index(_END, start) if _END in lines[start:] else len(lines)]
    entries: list[AuditEntry] = []
    problems: list[str] = []
    end: dict[str, object] | None = None
    for number, line in enumerate(block, start=start + 1):
        try:
            value = json.loads(line)
            if isinstance(value, dict) and "end" in value:
                end = value
            else:
                entries.append(AuditEntry.model_validate(value))
        except (ValueError, ValidationError):
            problems.append(f"line {number} is no audit entry any more")
    problems += chain_problems(entries, whole=False)
    if end is None:
        problems.append("the end of the record is missing: its tail was cut off")
    elif end.get("entries") != len(entries):
        problems.append(f"the record has {len(entries)} entries, but was written with {end.get('entries')}")
    elif end.get("mac") != audit.end_mac(str(end["end"]), entries):
        problems.append("the end of the record was not signed by this installation")
    return entries, problems


def _line(entry: AuditEntry) -> str:
    about = {key: entry.body[key] for key in _TOLD if entry.body.get(key)}
    told = "; ".join(f"{key} {plain(str(value))[:300]}" for key, value in about.items())
    return f"- {entry.thread_seq}. {entry.at[:19]} **{plain(entry.kind)}** {told}".rstrip()


_TOLD: Sequence[str] = (
    "by", "account", "door", "comment", "changes", "why", "service", "message", "detail", "type", "status", "choice",
    "evidence", "output", "step", "model", "tool", "arguments", "characters", "sha256", "text",
)  # fmt: skip
