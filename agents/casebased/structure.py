"""Signs that no wording gives: numbers that climb, status codes in access logs, exceptions of own code."""

import re
from collections.abc import Iterable

from ...tools.digest.models import EvidenceLine, LogDigest, StackTrace, Template, Trend
from .quantities import climbing, harmful
from .readings import name_words
from .signs import Sign

_LENGTHS = frozenset(["length", "len", "size", "count", "messages", "jobs", "tasks"])  # of a queue

_LAGS = frozenset(["lag", "behind", "delay"])  # of a replica
_REPLICA = re.compile(r"\b(?:replicas?|replication|standby|slave|secondary)\b")

# What a share of requests answered with this code says about the cause.
_CODES = {
    "429": ("rate-limited", 0.8),
    "413": ("payload-too-large", 0.8),
    "414": ("payload-too-large", 0.8),
    "431": ("payload-too-large", 0.8),
    "507": ("disk-full", 0.6),
    "401": ("authentication-failure", 0.4),
    "407": ("authentication-failure", 0.4),
    "403": ("authorization-denied", 0.4),
    "504": ("upstream-timeout", 0.45),
    "502": ("dependency-unreachable", 0.3),
    "503": ("dependency-unreachable", 0.2),
}
_CODE_SHARE = 0.1
_EXCEPTION = re.compile(
    r"(?:[\w$]+[.:]+)*[A-Z]\w*|panic|fatal error"
)  # a class, not just any line before frames
# These name the state of what the program depends on, whoever raises them.
_OF_OTHERS = re.compile(
    r"Timeout(?:Error|Exception)?$|Connect(?:ion)?\w*(?:Error|Exception)$|BrokenPipe\w*$"
    r"|^(?:\w+\.)*(?:SystemExit|KeyboardInterrupt|GeneratorExit|CancelledError|InterruptedException)$"  # told to stop
)
# A worker that was told to stop while its deepest frames wait for an answer.
_STOPPED = re.compile(r"(?:SystemExit|KeyboardInterrupt|CancelledError|InterruptedException|Timeout)\b")
_WAITS = re.compile(
    r"""socket\.py"|\bssl\.py".*\bread|http/client\.py"|urllib3/|\brecv_into\b|\breadinto\b|socketRead0|SocketInputStream|SocketChannel|
    NioSocketImpl|\bcurl_exec\b|\bIO\.select\b|net/protocol\.rb""",
    re.X,
)
_WAITING = 0.6
# A log that a database writes of its slow statements only; PHP's is of scripts, that wait for anything.
_SLOW_LOG = re.compile(
    r"slow[-_ ]?(?:log|quer(?:y|ies))|(?:mysql|mariadb|postgres\w*|mongo\w*)[-_/.]slow", re.I
)
_SLOW = 0.45
_OWN_EXCEPTION = 0.5
_NAMED = 0.4  # strength from which a line's exception is explained by a signature


# Packages whose exceptions are raised for the caller's own mistakes.
_LANGUAGE = ("java.lang.", "java.util.", "kotlin.", "scala.", "System.", "builtins.", "exceptions.")


def structural_signs(digest: LogDigest, found: Iterable[Sign]) -> list[Sign]:
    """Return the signs that follow from numbers and structure; `found` are those of signatures."""
    lines = {line.id: line for line in digest.evidence}
    return [
        *_climbing(digest, lines),
        *_status_codes(digest),
        *_own_exceptions(digest, lines, list(found)),
        *_waiting(digest, lines),
        *_slow_statements(digest),
    ]


def _climbing(digest: LogDigest, lines: dict[str, EvidenceLine]) -> list[Sign]:
    signs = []
    for template in digest.templates:
        shown = next((lines[item] for item in reversed(template.examples) if item in lines), None)
        for trend in template.trends:
            if trend.direction != "up" or shown is None:
                continue
            called = _called(trend, template)
            if told := harmful(called) or climbing(called):
                mode, strength = told
                signs.append(Sign(mode, f"{trend.name} climbs", shown, 2, strength, None))
    return signs


def _called(trend: Trend, template: Template) -> str:
    """Return what a number is called: a length is its queue's and a lag its replica's, where the line names one."""
    last, line = trend.name.lower().split()[-1], template.template.lower()
    if last in _LENGTHS and "queue" in line:
        return "queue"
    if last in _LAGS and _REPLICA.search(line):
        return "replication lag"
    return " ".join([trend.name, *name_words(trend.name)])


def _status_codes(digest: LogDigest) -> list[Sign]:
    signs = []
    names = {source.id: source.name for source in digest.sources}
    for access in digest.access:
        for code, (mode, strength) in _CODES.items():
            if access.status.get(code, 0) <= _CODE_SHARE * access.requests:
                continue
            where = names.get(access.source, access.source)
            pattern = re.compile(rf"\b{code}\b")
            shown = next(
                (line for line in digest.evidence if line.source == where and pattern.search(line.text)), None
            )
            if shown is not None:
                weight = 3 if strength > _OWN_EXCEPTION else 2
                signs.append(Sign(mode, f"status {code}", shown, weight, strength, None))
    return signs


def _own_exceptions(digest: LogDigest, lines: dict[str, EvidenceLine], found: list[Sign]) -> list[Sign]:
    """An exception that no signature explains and whose deepest frame is the program's own: its own fault."""
    named = [sign for sign in found if sign.strength >= _NAMED]
    signs = []
    for stack in digest.stacks:
        if stack.deepest_own_frame is None or not _EXCEPTION.fullmatch(stack.exception):
            continue
        if _OF_OTHERS.search(stack.exception) or _of_library(stack):
            continue
        texts = [*stack.causes, f"{stack.exception}: {stack.message}"]
        if any(sign.line.id in stack.evidence or any(sign.quote in text for text in texts) for sign in named):
            continue
        short = stack.exception.rpartition(".")[2]
        shown = next((line for line in digest.evidence if short and short in line.text), None)
        shown = shown or next((lines[item] for item in stack.evidence if item in lines), None)
        if shown is not None:
            signs.append(Sign("application-bug", stack.exception, shown, 2, _OWN_EXCEPTION, None))
    return signs


def _waiting(digest: LogDigest, lines: dict[str, EvidenceLine]) -> list[Sign]:
    """A worker stopped by its supervisor while it waits for an answer: what it waits for is too slow."""
    signs = []
    for stack in digest.stacks:
        shown = next((lines[item] for item in stack.evidence if item in lines), None)
        if shown is None or not _STOPPED.search(stack.exception):
            continue
        if any(_WAITS.search(frame) for frame in stack.frames[-6:]):
            signs.append(Sign("upstream-timeout", "waits for an answer", shown, 2, _WAITING, None))
    return signs


def _slow_statements(digest: LogDigest) -> list[Sign]:
    """What stands in a log of slow statements is one."""
    shown = {line.source: line for line in reversed(digest.evidence) if _SLOW_LOG.search(line.source)}
    return [Sign("slow-query", "slow log", line, 2, _SLOW, None) for line in shown.values()]


def _of_library(stack: StackTrace) -> bool:
    """Return whether the exception's class belongs to a package other than the language's and the program's own."""
    package = stack.exception.rpartition(".")[0]
    own = stack.deepest_own_frame or ""
    return bool(package) and not stack.exception.startswith(_LANGUAGE) and package.split(".")[0] not in own
