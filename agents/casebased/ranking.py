"""From signs to ranked causes: strength per failure mode, then what is explained by something deeper steps back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...tools.knowledge.models import Hit
from .causality import LOGGED_AFTERWARDS, SEEN_FROM_OUTSIDE, SURFACE, explains
from .signs import Sign

_MORE_LINES = 0.4  # share of a further, different line's strength that still counts
_MAX_LINES = 4
_SIMILAR = 0.2  # what a case's likeness in words can add for its mode
_STEP_BACK = 0.75  # how far a fully explained mode steps back
_TELLS = 0.1  # from which strength another cause is named as the explanation
_LATE = 0.3  # a cause first seen after its effect explains less
_SAME_RECORD = 3  # lines without a time this far on belong to the record before them
_OUTRIGHT = 0.7  # from which a cause below the surface is named, not hinted at


@dataclass
class Cause:
    """A failure mode as a possible root cause."""

    mode: str
    raw: float  # what its own signs say, 0 to 1
    score: float  # after causal precedence
    signs: list[Sign]  # strongest first
    hits: list[Hit] = field(default_factory=list)
    explained_by: str | None = None
    against: list[str] = field(default_factory=list)

    @property
    def first(self) -> tuple[str, str, int] | None:
        """Return when (and where, for equal times) its first strong sign was printed."""
        lines = [sign.line for sign in self.signs if sign.weight >= 2]
        return min(((line.time or "", line.source, line.line) for line in lines), default=None)


def rank(
    signs: Iterable[Sign],
    hits: Iterable[Hit],
    damped: Mapping[str, tuple[float, str]] | None = None,
    begins: Mapping[str, str] | None = None,
) -> list[Cause]:
    """Return the failure modes for which anything speaks, best first.

    `damped` gives, for modes against which something speaks, the share that is left and the reason;
    `begins` the first time of each log: what was before that, it cannot tell.
    """
    by_mode: dict[str, list[Sign]] = {}
    for sign in signs:
        by_mode.setdefault(sign.mode, []).append(sign)
    cases: dict[str, list[Hit]] = {}
    for hit in hits:
        cases.setdefault(hit.case.failure_mode, []).append(hit)
    causes = []
    for mode in dict.fromkeys([*by_mode, *cases]):
        found = cases.get(mode, [])
        own = sorted(by_mode.get(mode, ()), key=lambda sign: -sign.strength)
        raw = _combined(own)
        alike = max((hit.score for hit in found), default=0.0)
        raw = 1 - (1 - raw) * (1 - _SIMILAR * alike)
        factor, reason = (damped or {}).get(mode, (1.0, ""))
        raw *= factor
        causes.append(Cause(mode, raw, raw, own, found, against=[reason] if reason else []))
    _explain(causes, begins or {})
    return sorted(causes, key=lambda cause: (-cause.score, cause.mode))


def _combined(signs: Iterable[Sign]) -> float:
    """Return what signs of one mode say together; several signatures on lines of one shape count once."""
    best: dict[str, float] = {}
    for sign in signs:
        shape = sign.line.template or sign.line.text
        best[shape] = max(best.get(shape, 0.0), sign.strength)
    doubt = 1.0
    for place, strength in enumerate(sorted(best.values(), reverse=True)[:_MAX_LINES]):
        doubt *= 1 - strength * (_MORE_LINES**place)
    return 1 - doubt


def _explain(causes: list[Cause], begins: Mapping[str, str]) -> None:
    """Lower the score of each cause by the strongest other that explains it."""
    for cause in causes:
        strongest = 0.0
        for other in causes:
            if not explains(other.mode, cause.mode):
                continue
            late = other.mode not in LOGGED_AFTERWARDS and _later(other, cause, begins)
            if explains(cause.mode, other.mode) and _is_rather_effect(
                other, cause, late, _later(cause, other, begins)
            ):
                continue
            strength = other.raw * (_LATE if late else 1.0)
            if cause.mode not in SURFACE:
                # What is named clearly itself is not explained by something that is only hinted at.
                strength *= min(1.0, other.raw / max(cause.raw, 0.01)) ** 2
            if strength > strongest:
                strongest = strength
                cause.explained_by = other.mode if strength >= _TELLS else None
        cause.score = cause.raw * (1 - _STEP_BACK * strongest)


def _is_rather_effect(one: Cause, other: Cause, late: bool, first: bool) -> bool:
    """Return whether of two causes that could follow from one another `one` does.

    What breaks by itself does not follow from what its callers see; else the earlier one is the cause, or
    the clearer one. `late` and `first` say whether `one` was seen after and before `other`.
    """
    if _is_named(one) != _is_named(other):
        return _is_named(other)
    if {(one.mode, other.mode), (other.mode, one.mode)} & SEEN_FROM_OUTSIDE and _in_other_logs(one, other):
        return (one.mode, other.mode) in SEEN_FROM_OUTSIDE
    return late or (one.raw < other.raw and not first)


def _is_named(cause: Cause) -> bool:
    """Return whether `cause` lies below the surface and a line names it outright."""
    return (
        cause.mode not in SURFACE and cause.raw >= _OUTRIGHT and any(sign.weight > 2 for sign in cause.signs)
    )


def _in_other_logs(one: Cause, other: Cause) -> bool:
    """Return whether no log names both outright: then one side was told what the other one knows."""
    named = [{sign.line.source for sign in cause.signs if sign.weight > 2} for cause in (one, other)]
    return named[0].isdisjoint(named[1])


def _later(one: Cause, other: Cause, begins: Mapping[str, str]) -> bool:
    """Return whether `one` was first seen after `other`.

    Lines of different logs with equal times tell nothing, nor does a log that begins after the other's line.
    """
    if one.first is None or other.first is None:
        return False
    timed = bool(one.first[0] and other.first[0] and one.first[0] != other.first[0])
    if not timed and one.first[1] != other.first[1]:
        return False
    if not timed:
        near = _SAME_RECORD if other.first[0] and not one.first[0] else 0
        return one.first[2] > other.first[2] + near
    return one.first > other.first and begins.get(one.first[1], "") <= other.first[0]
