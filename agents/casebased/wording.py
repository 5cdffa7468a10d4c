"""The sentences of a diagnosis, with the incident's own names and words in them."""

from ...tools.alert import Alert
from ...tools.digest.models import EvidenceLine, LogDigest
from ...tools.knowledge import failure_modes
from .objects import described, fill, named_objects
from .ranking import Cause

_MAX_EXCERPT = 200


def root_cause(alert: Alert, cause: Cause, proof: list[EvidenceLine]) -> str:
    """Return what broke and why: the mode, the line that shows it with its objects, and the case's explanation."""
    objects = named_objects(line.text for line in proof)
    summary = failure_modes().get(cause.mode, cause.mode).rstrip(".")
    parts = [f"{alert.service}: {summary}."]
    if proof:
        about = described(objects)
        parts.append(
            f"{_log_name(proof[0])} says: “{excerpt(proof[0].text)}”" + (f" ({about})." if about else ".")
        )
    explanation = cause.hits[0].case.root_cause if cause.hits else ""
    parts.append(fill(explanation, alert.service, objects))
    return " ".join(part for part in parts if part)


def healthy(alert: Alert, digest: LogDigest, normal: list[EvidenceLine], raised: list[EvidenceLine]) -> str:
    """Return why nothing is wrong, and what probably raised the alarm."""
    text = f"{alert.service}: nothing is wrong; the logs show normal work or a state that is already over."
    if normal:
        text += f" “{excerpt(normal[0].text)}” ({normal[0].id}) shows it."
    if raised:
        text += f" The alarm was probably raised by “{excerpt(raised[0].text)}” ({raised[0].id})."
    return f"{text} {digest.lines_read} lines were read."


def unknown(alert: Alert, digest: LogDigest, seen: list[EvidenceLine]) -> str:
    """Return what is seen, where no known failure mode fits well enough."""
    if not digest.lines_read:
        return f"{alert.service}: no log line was available, so nothing can be said about the cause."
    if not seen:
        return f"{alert.service}: {digest.lines_read} lines hold no complaint that explains the alert."
    return (
        f"{alert.service}: no known failure mode fits. The most telling line is "
        f"“{excerpt(seen[0].text)}” ({seen[0].id} in {_log_name(seen[0])})."
    )


def excerpt(text: str) -> str:
    """Return the line on one line, cut to a readable length."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _MAX_EXCERPT else flat[: _MAX_EXCERPT - 1] + "…"


def _log_name(line: EvidenceLine) -> str:
    """Return the log's own name; the folder it was read from says nothing."""
    return line.source.rpartition("/")[2] or "the log"
