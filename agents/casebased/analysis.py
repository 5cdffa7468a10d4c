"""What the logs say before any cause is named: the log analyst without a model."""

import re

from ...tools.alert import Alert
from ...tools.digest.models import EvidenceLine, LogDigest, StackTrace
from ..models import LogAnalysis
from .evidence import cite
from .impact import affected
from .lines import is_trouble

_CLASS = re.compile(
    r"\b((?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Timeout|Failure|Fault)|"
    r"E(?:CONN|NO|ADDR|HOST|NET|TIMED|ACC|PERM|MFILE|NFILE|IO|ROFS|DQUOT|AGAIN|AI_)[A-Z_]*|panic)\b"
)
_WORDS = re.compile(r"[A-Za-z][a-z]+")
_RANK = {"fatal": 0, "error": 1, "warn": 2, "none": 3, "info": 4, "debug": 5}


def analyse_logs(alert: Alert, digest: LogDigest) -> LogAnalysis:
    """Return type, message, place and course of the errors, from the digest alone."""
    troubles = [line for line in digest.evidence if is_trouble(line)]
    errors = digest.levels.get("error", 0) + digest.levels.get("fatal", 0)
    if not troubles:
        last = digest.evidence[-2:]
        return LogAnalysis(
            error_type="none",
            error_message="",
            affected_components=[],
            error_count=errors,
            pattern=f"No complaint in {digest.lines_read} lines.",
            evidence=cite(last),
        )
    ranks = {template.id: place for place, template in enumerate(digest.templates)}
    telling = min(
        troubles,
        key=lambda line: (
            _RANK[line.level] > _RANK["error"],
            not _CLASS.search(line.text),
            ranks.get(line.template or "", len(ranks)),
            line.time or "9",
        ),
    )
    stack = max(digest.stacks, key=lambda item: item.count, default=None)
    shown = _own_words(telling, stack, digest)
    return LogAnalysis(
        error_type=_type(shown, stack),
        error_message=shown.text.strip()[:300],
        affected_components=affected(alert, digest)[:8],
        error_count=errors,
        first_occurrence=min((line.time for line in troubles if line.time), default=None),
        pattern=_course(digest, troubles),
        evidence=cite(list({line.id: line for line in [shown, telling, *troubles[:2]]}.values())[:3]),
    )


def _own_words(telling: EvidenceLine, stack: StackTrace | None, digest: LogDigest) -> EvidenceLine:
    """Return the line that names the exception, if the loudest line only announces a stack trace."""
    if stack is None or _CLASS.search(telling.text):
        return telling
    named = [line for line in digest.evidence if stack.exception.rpartition(".")[2] in line.text]
    return named[0] if named else telling


def _type(line: EvidenceLine, stack: StackTrace | None) -> str:
    match = _CLASS.search(line.text)
    if match:
        return match.group(1).rpartition(".")[2]
    if stack is not None and stack.exception:
        return stack.exception.rpartition(".")[2]
    words = _WORDS.findall(line.text.rpartition(": ")[2]) or _WORDS.findall(line.text)
    return " ".join(words[:5]) or "unnamed error"


def _course(digest: LogDigest, troubles: list[EvidenceLine]) -> str:
    """Return one sentence on how the complaints behave over time."""
    shapes = {line.template for line in troubles}
    times = sorted(line.time for line in troubles if line.time)
    if not times:
        return f"{len(shapes)} kinds of complaint in {digest.lines_read} lines, without time stamps."
    if times[0] == times[-1]:
        return f"{len(shapes)} kinds of complaint, all at {times[0]}."
    burst = [item for item in digest.templates if item.change == "burst" and item.level in ("error", "fatal")]
    how = "in bursts" if burst else "repeatedly"
    return f"{len(shapes)} kinds of complaint {how} from {times[0]} to {times[-1]}, in {digest.lines_read} lines."
