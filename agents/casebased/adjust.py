"""What lowers single signs before they are added up: outer exceptions, states that are over, lone rejected clients."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ...tools.digest.models import LogDigest, Template
from .causality import PASSING_STATES, explains
from .error_names import names_errno
from .lines import is_recovery
from .signs import Sign

_NUMBER = re.compile(r"\d+")
_OUTER = 0.5  # an exception that another one caused
_OVER = 0.5  # a state after which the same log reports that it works again
_PROBED = 0.4  # a failed probe whose own line says why it failed
_STATUS = 0.4  # the status with which a failed probe was answered
_RAISED = 0.5  # a crash right beside the errno that the program did not expect
_REASONED = 0.6  # `login failed: no master found`: what follows the colon is why
_BECAUSE, _CONNECTIVE = re.compile(r":\s|\bbecause\b|\bdue to\b|\s\("), 8  # characters it may end a sign with
_PROBES = re.compile(
    r"(?<![a-z])(?:probes?|health(?:[ _-]?checks?)?|healthz|liveness|readiness)(?![a-z])", re.I
)
_LONE = 0.6  # one client that was turned away once
_BESIDE = 2  # lines
_PROBE, _BUG = "health-probe-failure", "application-bug"
TURNED_AWAY = frozenset(
    ("authentication-failure", "authorization-denied", "payload-too-large", "rate-limited")
)
# What a busy or restarted service shows for a while although nothing is broken.
TEMPORARY = (
    PASSING_STATES
    | TURNED_AWAY
    | {"lock-contention", "slow-query", "cpu-saturation", "queue-backlog", "gc-pause"}
)


def adjusted(signs: Sequence[Sign], digest: LogDigest) -> list[Sign]:
    """Return the signs with their strengths corrected by what the rest of the digest says."""
    outer = _outer_texts(signs, digest)
    over = _over_lines(signs, digest)
    lone = _lone_modes(signs, digest)
    explained = _explained_probes(signs)
    statuses = _statuses_of_probes(signs)
    raised = _raised_by_errno(signs)
    reasoned = _reasoned(signs)
    return [
        replace(
            sign,
            strength=sign.strength
            * (_OUTER if _is_outer(sign, outer) else 1.0)
            * (_OVER if i in over else 1.0)
            * (_LONE if sign.mode in lone else 1.0)
            * (_PROBED if sign.mode == _PROBE and sign.line.id in explained else 1.0)
            * (_STATUS if i in statuses else 1.0)
            * (_RAISED if i in raised else 1.0)
            * (_REASONED if i in reasoned else 1.0),
        )
        for i, sign in enumerate(signs)
    ]


def _outer_texts(signs: Sequence[Sign], digest: LogDigest) -> list[tuple[str, frozenset[str]]]:
    """Return the texts of exceptions that a deeper one explains, with the modes of the deepest."""
    strong = [sign for sign in signs if sign.weight >= 2 and sign.span is not None]
    found = []
    for stack in digest.stacks:
        named = [
            (depth, frozenset(sign.mode for sign in strong if _shape(sign.quote) in _shape(text)))
            for depth, text in enumerate(stack.causes)
        ]
        named = [(depth, modes) for depth, modes in named if modes]
        if len(named) > 1:
            deepest, modes = named[-1]
            found += [(_shape(text), modes) for text in stack.causes[:deepest]]
    return found


def _shape(text: str) -> str:
    """Return the text without its numbers: the same failure has other milliseconds each time."""
    return _NUMBER.sub("#", text)


def _is_outer(sign: Sign, outer: list[tuple[str, frozenset[str]]]) -> bool:
    return any(sign.mode not in modes and _shape(sign.quote) in text for text, modes in outer)


def _over_lines(signs: Sequence[Sign], digest: LogDigest) -> frozenset[int]:
    """Return the places of signs of a passing state after whose last line the same log reports recovery."""
    recovered: dict[str, str] = {}
    for line in digest.evidence:
        if line.time and is_recovery(line.text) and line.level not in ("fatal", "error"):
            recovered[line.source] = max(line.time, recovered.get(line.source, ""))
    last: dict[tuple[str, str], str] = {}
    for sign in signs:
        key = (sign.mode, sign.line.source)
        last[key] = max(sign.line.time or "9", last.get(key, ""))
    return frozenset(
        place
        for place, sign in enumerate(signs)
        if sign.mode in PASSING_STATES
        and sign.line.level in ("info", "warn", "none", "debug")
        and last[(sign.mode, sign.line.source)] < recovered.get(sign.line.source, "")
    )


def _lone_modes(signs: Sequence[Sign], digest: LogDigest) -> frozenset[str]:
    """Return the modes that only one line of everyday level shows: a person who mistypes is no incident."""
    counts = {item.id: item for item in digest.templates}
    lines: dict[str, dict[str, Sign]] = {}
    for sign in signs:
        if sign.mode in TURNED_AWAY:
            lines.setdefault(sign.mode, {})[sign.line.id] = sign
    return frozenset(
        mode
        for mode, found in lines.items()
        if len(found) == 1
        and all(
            sign.line.level not in ("fatal", "error")
            and _times(sign, counts.get(sign.line.template or "")) == 1
            for sign in found.values()
        )
    )


def _explained_probes(signs: Sequence[Sign]) -> frozenset[str]:
    """Return the lines of probes that name what the probe met: `failed protocol test: Connection refused`."""
    return frozenset(
        sign.line.id for sign in signs if names_errno(sign.quote) and explains(sign.mode, _PROBE)
    )


def _statuses_of_probes(signs: Sequence[Sign]) -> frozenset[int]:
    """Return the places of signs that only tell with which status probes were answered, if some probes failed."""
    if not any(sign.mode == _PROBE and sign.weight == 3 for sign in signs):
        return frozenset()
    return frozenset(
        place
        for place, sign in enumerate(signs)
        if sign.mode in TURNED_AWAY and sign.weight < 3 and _PROBES.search(sign.line.text)
    )


def _raised_by_errno(signs: Sequence[Sign]) -> frozenset[int]:
    """Return the places of signs of a bug right beside an error number that explains them."""
    errnos = {
        (sign.line.source, sign.line.line)
        for sign in signs
        if sign.weight >= 2 and names_errno(sign.quote) and explains(sign.mode, _BUG)
    }
    return frozenset(
        place
        for place, sign in enumerate(signs)
        if sign.mode == _BUG
        and sign.weight < 3
        and any((sign.line.source, sign.line.line + step) in errnos for step in range(-_BESIDE, _BESIDE + 1))
    )


def _reasoned(signs: Sequence[Sign]) -> frozenset[int]:
    """Return the places of signs whose line goes on, after a colon or `because`, with the sign of another mode."""
    last: dict[str, tuple[int, str]] = {}
    for sign in signs:
        if sign.span is not None and sign.weight >= 2:
            last[sign.line.id] = max(last.get(sign.line.id, (0, "")), (sign.span[0], sign.mode))
    return frozenset(
        place
        for place, sign in enumerate(signs)
        if sign.span is not None
        and (found := last.get(sign.line.id)) is not None
        and found[1] != sign.mode
        and _BECAUSE.search(sign.line.text, max(sign.span[1] - _CONNECTIVE, sign.span[0]), found[0] + 1)
    )


def _times(sign: Sign, template: Template | None) -> int:
    """Return how often the sign's line was logged; where codes tell its lines apart, with its code."""
    if template is None:
        return 1
    codes = [
        count for found in template.values.values() for code, count in found.items() if code in sign.quote
    ]
    return min(codes, default=template.count)
