"""Telemetry in prompts: inside delimiters that it cannot guess, with lines that give orders withheld."""

import re
import secrets
from collections.abc import Collection

from ...tools.digest.models import LogDigest, Template
from ...tools.hostile import instruction_kind
from ...tools.markdown import visible

# Any spelling of our delimiter inside telemetry; the nonce alone is what makes a real one.
_DELIMITER = re.compile(r"<\s*/?\s*evidence", re.IGNORECASE)


def new_nonce() -> str:
    """Return 16 random hex digits; nothing that was logged before this prompt can know them."""
    return secrets.token_hex(8)


def fenced(text: str, nonce: str) -> str:
    """Return `text` inside the nonce's delimiters; control characters and imitations are made harmless."""
    body = _DELIMITER.sub("(evidence", visible(text, keep_newlines=True)).replace(nonce, "")
    return f"<evidence-{nonce}>\n{body}\n</evidence-{nonce}>"


def harmless(text: str) -> str:
    """Return `text` with each line that addresses a model withheld."""
    return "\n".join(
        withheld(kind) if (kind := instruction_kind(line)) else line for line in text.splitlines()
    )


def withheld(kind: str) -> str:
    """Return what stands in a prompt in place of a line that addresses a model."""
    return f"[withheld: this line addresses a model ({kind})]"


def hostile_lines(digest: LogDigest) -> dict[str, str]:
    """Return the evidence lines that address a model: id to kind of attempt."""
    found = {line.id: kind for line in digest.evidence if (kind := instruction_kind(line.text))}
    return {**dict.fromkeys(digest.suspicious, "flagged in the digest"), **found}


def without_hostile_text(digest: LogDigest, hostile: Collection[str]) -> LogDigest:
    """Return a copy of the digest in which text that addresses a model is withheld, for prompts only.

    Done field by field, so that of a template its count, level and times stay.
    """
    lines = [
        line.model_copy(update={"text": withheld(instruction_kind(line.text) or "flagged")})
        if line.id in hostile
        else line
        for line in digest.evidence
    ]
    return digest.model_copy(
        update={
            "evidence": lines,
            "templates": [_template(item, hostile) for item in digest.templates],
            "stacks": [
                item.model_copy(update={"message": withheld(kind), "causes": []})
                if (kind := instruction_kind(" ".join([item.message, *item.causes])))
                else item
                for item in digest.stacks
            ],
            "access": [
                item.model_copy(update={"worst_paths": _harmless_names(item.worst_paths)})
                for item in digest.access
            ],
            "components": _harmless_names(digest.components),
            # A `==> name <==` heading stands in the log and names a source.
            "sources": [
                item.model_copy(update={"name": withheld(kind)})
                if (kind := instruction_kind(item.name))
                else item
                for item in digest.sources
            ],
        }
    )


def _harmless_names(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if not instruction_kind(name)}


def _template(item: Template, hostile: Collection[str]) -> Template:
    words = [item.template, *item.values, *(word for counts in item.values.values() for word in counts)]
    kind = instruction_kind(" ".join([*words, *(trend.name for trend in item.trends)]))
    # Words of an order may fall into the template's variable parts.
    if kind is None and item.examples and all(example in hostile for example in item.examples):
        kind = "flagged"
    return item.model_copy(update={"template": withheld(kind), "values": {}, "trends": []}) if kind else item
