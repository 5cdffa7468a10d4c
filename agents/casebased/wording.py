"""The sentences of a diagnosis, with the incident's own names and words in them."""

import re

from ...tools.alert import Alert
from ...tools.digest.models import EvidenceLine, LogDigest
from ...tools.metric_reading import is_metric
from .objects import described, named_objects
from .phrases import PHRASES
from .programs import program_of
from .ranking import Cause
from .text import around, message, shortened

_MAX_EXCERPT = 200
_MAX_FACTS = 3
_TELLING = ("PATH", "USER", "DATABASE", "TABLE", "COLUMN")
# Numbers that tell how much of what is in use: `50/50 connections in use`, `waiting threads: 120`, `limit=1024`.
_FACT = re.compile(
    r"""\b\d+\s?(?:/|of|out\sof)\s?\d+(?:\s[a-z]+(?:\sin\suse|\sbusy)?)?(?=[\s,;.)\]]|$)
    |\b(?:waiting|pending|queued|active|idle|limit|max\w*|used|lag|backlog|free|capacity)(?:\s[a-z]+)?\s?[=:]\s?\d[\w.%]*
    |\b\d{2,3}(?:\.\d+)?\s?%(?:\s(?:of|used|full)\b)?""",
    re.X | re.I,
)


def root_cause(alert: Alert, cause: Cause, proof: list[EvidenceLine]) -> str:
    """Return what broke in one sentence with the incident's objects, and in a second the log's own words."""
    program = (program_of(proof[0]) if proof else None) or alert.service
    claim = PHRASES[cause.mode].format(it=program)
    if program != alert.service:
        claim = f"{alert.service}: {claim}"
    if not proof:
        return f"{claim}."
    sign = next((item for item in cause.signs if item.line.id == proof[0].id), None)
    if is_metric(proof[0]):
        return f"{claim}. The figures say: “{shortened(proof[0].text, _MAX_EXCERPT)}”."
    said = around(message(proof[0].text), sign.quote if sign else "", _MAX_EXCERPT)
    objects = named_objects(message(line.text) for line in proof)
    hidden = {kind: value for kind, value in objects.items() if kind in _TELLING and value not in said}
    details = ", ".join(item for item in [*_facts(cause, proof), described(hidden)] if item)
    return f"{claim}{f' ({details})' if details else ''}. The log says: “{said}”."


def _facts(cause: Cause, proof: list[EvidenceLine]) -> list[str]:
    """Return the numbers that the lines of the cause give, each thing once."""
    lines = {line.id: line for line in [*proof, *(sign.line for sign in cause.signs if sign.strength > 0.1)]}
    found: dict[str, str] = {}
    for line in lines.values():
        for match in _FACT.finditer(message(line.text)):
            fact = match.group().strip()
            found.setdefault(re.sub(r"\d+", "", fact).lower(), fact)
    return list(found.values())[:_MAX_FACTS]


def healthy(alert: Alert, digest: LogDigest, normal: list[EvidenceLine], raised: list[EvidenceLine]) -> str:
    """Return why nothing is wrong, and what probably raised the alarm."""
    text = (
        f"Nothing is wrong with {alert.service}: the logs show normal work or a state that is already over."
    )
    if normal:
        text += f" “{excerpt(normal[0].text)}” ({normal[0].id}) shows it."
    if raised:
        text += f" The alarm was probably raised by “{excerpt(raised[0].text)}” ({raised[0].id})."
    return f"{text} {digest.lines_read} lines were read."


def unknown(alert: Alert, digest: LogDigest, seen: list[EvidenceLine]) -> str:
    """Return what is seen, where no known failure mode fits well enough."""
    if not digest.lines_read:
        return f"No log line of {alert.service} was available, so nothing can be said about the cause."
    if not seen:
        return f"The {digest.lines_read} lines of {alert.service} hold no complaint that explains the alert."
    shown = f"“{excerpt(seen[0].text)}” ({seen[0].id})"
    return f"No known failure mode fits what {alert.service} shows. The most telling line is {shown}."


def excerpt(text: str) -> str:
    """Return the line's words on one line, cut to a readable length."""
    return shortened(message(text), _MAX_EXCERPT)
