"""What the logs say before any cause is named: the log analyst without a model."""

from ...tools.alert import Alert
from ...tools.digest.models import EvidenceLine, LogDigest, StackTrace
from ..models import LogAnalysis
from .error_names import error_name, names_class, tellingness
from .evidence import cite
from .impact import affected
from .lines import is_trouble
from .text import message, shortened, span_of_times

_LOUD = ("fatal", "error")
_MAX_MESSAGE = 300


def analyse_logs(alert: Alert, digest: LogDigest) -> LogAnalysis:
    """Return type, message, place and course of the errors, from the digest alone."""
    troubles = [line for line in digest.evidence if is_trouble(line)]
    errors = digest.levels.get("error", 0) + digest.levels.get("fatal", 0)
    if not troubles:
        return LogAnalysis(
            error_type="none",
            error_message="",
            affected_components=[],
            error_count=errors,
            pattern=f"No complaint in {digest.lines_read} lines.",
            evidence=cite(digest.evidence[-2:]),
        )
    ranks = {template.id: place for place, template in enumerate(digest.templates)}
    telling = min(
        troubles,
        key=lambda line: (
            tellingness(line.text) + (line.level not in _LOUD),
            not names_class(line.text),
            ranks.get(line.template or "", len(ranks)),
            line.time or "9",
        ),
    )
    stack = max(digest.stacks, key=lambda item: item.count, default=None)
    shown = _own_words(telling, stack, digest)
    return LogAnalysis(
        error_type=error_name(shown.text, stack if names_class(shown.text) else None),
        error_message=shortened(message(shown.text), _MAX_MESSAGE),
        affected_components=affected(alert, digest)[:8],
        error_count=errors,
        first_occurrence=min((line.time for line in troubles if line.time), default=None),
        pattern=_course(digest, troubles),
        evidence=cite(list({line.id: line for line in [shown, telling, *troubles[:2]]}.values())[:3]),
    )


def _own_words(telling: EvidenceLine, stack: StackTrace | None, digest: LogDigest) -> EvidenceLine:
    """Return the line that names the exception, if the loudest line only announces a stack trace."""
    if stack is None or names_class(telling.text) or tellingness(telling.text) == 0:
        return telling
    named = [line for line in digest.evidence if stack.exception.rpartition(".")[2] in line.text]
    return named[0] if named else telling


def _course(digest: LogDigest, troubles: list[EvidenceLine]) -> str:
    """Return one sentence on how the complaints behave over time."""
    shapes = {line.template for line in troubles}
    counted = [item for item in digest.templates if item.id in shapes]
    lines = sum(item.count for item in counted) or len(troubles)
    text = f"{lines} {'complaint' if lines == 1 else 'complaints'}"
    if len(shapes) < lines:
        text += " of one kind" if len(shapes) == 1 else f" of {len(shapes)} kinds"
    times = sorted(
        time for time in [*(line.time for line in troubles), *(item.last for item in counted)] if time
    )
    if not times:
        return f"{text}, without a time."
    bursts = any(item.change == "burst" for item in counted)
    return f"{text}{' in bursts' if bursts else ''} {span_of_times(times[0], times[-1])}."
