"""Whether the logs show a fault at all: a cause that still holds, how the logs end, what the alert tells."""

from collections.abc import Mapping
from dataclasses import dataclass

from ...tools.alert import Alert
from ...tools.digest.models import EvidenceLine, LogDigest
from .adjust import TEMPORARY
from .alert_words import names_harm, names_passing, tells_the_past, tells_what_is
from .causality import PASSING_STATES
from .endings import ends_calmly, goes_on_normally, succeeds_at_the_end, sums_up_without_failure
from .lines import is_client_noise, is_recovery, is_routine, is_stranger, is_success, is_trouble
from .ranking import Cause
from .signs import Sign

# How much each trait of the picture speaks for a healthy service, as log-odds: a logistic regression over the
# incidents of tests/data/incidents, which `python benchmarks/health.py` repeats. `_CAUTION` moves the threshold
# to where as many faults are taken for health as healthy services for faults, in shares.
_BASE, _CAUTION = 2.5, 0.75
_WEIGHTS: Mapping[str, float] = {
    "harm": -1.5,
    "severity": -2.05,
    "passing": 2.4,
    "holds": -0.8,
    "past": 1.7,
    "standing": -2.85,
    "standing_as_told": -2.25,
    "lasting_to_the_end": -1.2,
    "routine": 0.65,
    "success": 0.75,
    "silent": 0.6,
    "loud": -0.35,
    "calm_end": 1.25,
    "success_at_end": 0.45,
    "clean_summary": 0.15,
}
_SEVERITY = {"low": 0, "medium": 1, "high": 2, "critical": 3}
_FAILING_SHARE = 0.02  # of requests answered 5xx
_MOST_LOUD = 3  # kinds of error lines
_CERTAIN = 0.7  # from which a fault of a lasting kind that the last lines show is one
_CRASHES = frozenset(("heap-out-of-memory", "oom-killed", "native-crash"))
_CRASHED = 0.75  # from which one of these is a fault although all works again, unless the work it cost was made up for
_OVER = 0.4  # what is left of a sign after which something is reported to work again
_ONCE = 0.6  # of a sign that only one line of information shows
_STRANGER = 0.3  # of a sign whose line only tells what somebody from the internet tried


@dataclass(frozen=True)
class Health:
    """The picture of health; a `score` (log-odds) above 0 means that nothing is wrong with the service."""

    score: float
    normal: list[EvidenceLine]  # lines that show recovery, planned work or success


def judge(alert: Alert, digest: LogDigest, causes: list[Cause]) -> Health:
    """Weigh what speaks for a healthy service against what speaks for a fault."""
    traits = picture(alert, digest, causes)
    score = _BASE + _CAUTION + sum(weight * traits[name] for name, weight in _WEIGHTS.items())
    crash = max((cause.score for cause in causes[:1] if cause.mode in _CRASHES), default=0.0)
    if traits["lasting_to_the_end"] >= _CERTAIN or (crash >= _CRASHED and not traits["clean_summary"]):
        score = min(score, 0.0)  # such a fault does not go by itself, however mild the alert
    quiet = _quiet(digest)
    calm = [line for line in digest.evidence if not is_trouble(line) and not is_client_noise(line.text)]
    shown = [line for line in quiet if is_recovery(line.text) or is_routine(line.text)]
    normal = list({line.id: line for line in [*shown, *calm[-2:]]}.values())
    return Health(score, normal)


def picture(alert: Alert, digest: LogDigest, causes: list[Cause]) -> dict[str, float]:
    """Return the traits that tell a healthy service from a faulty one, each 0 or 1 where nothing else is said."""
    quiet = _quiet(digest)
    recovered = [line for line in quiet if is_recovery(line.text)]
    raised = _raised(digest)  # loud, though what a dying program prints has no level
    loud = {
        line.template
        for line in digest.evidence
        if (line.level in ("fatal", "error") or line.id in raised)
        and is_trouble(line)
        and not _over(line, recovered)
    }
    requests = sum(item.requests for item in digest.access)
    failed = sum(count for item in digest.access for code, count in item.status.items() if code[:1] == "5")
    failing = failed > _FAILING_SHARE * requests
    calm_sources = goes_on_normally(digest)
    standings = [(cause, _standing(cause, digest, recovered, calm_sources)) for cause in causes[:3]]
    standing = max((share for _, share in standings), default=0.0)
    lasting = max((share for cause, share in standings if cause.mode not in TEMPORARY), default=0.0)
    passing, holds, calm = names_passing(alert.message), tells_what_is(alert.message), ends_calmly(digest)
    return {
        "harm": names_harm(alert.message),
        "severity": _SEVERITY[alert.severity],  # 0 to 3
        "passing": passing,
        "holds": holds,
        "past": tells_the_past(alert.message),
        "standing": standing,  # 0 to 1: how clearly a cause still holds at the end of the logs
        "standing_as_told": standing * (holds and not passing),
        "lasting_to_the_end": lasting * (not calm),
        "routine": any(is_routine(line.text) for line in quiet),
        "success": not failing and (requests > 0 or any(is_success(line.text) for line in quiet)),
        "silent": not loud,
        "loud": min(_MOST_LOUD, len(loud)),  # kinds of error lines
        "calm_end": calm,
        "success_at_end": succeeds_at_the_end(digest),
        "clean_summary": sums_up_without_failure(digest),
    }


def _raised(digest: LogDigest) -> frozenset[str]:
    """Return the ids of the lines that head a stack trace."""
    return frozenset(item for stack in digest.stacks for item in stack.evidence)


def _quiet(digest: LogDigest) -> list[EvidenceLine]:
    return [line for line in digest.evidence if line.level not in ("fatal", "error")]


def _standing(
    cause: Cause, digest: LogDigest, recovered: list[EvidenceLine], calm_sources: frozenset[str]
) -> float:
    """Return how clearly `cause` still holds, 0 to 1: its score, less where it passed or was seen only once."""
    once = len({sign.line.id for sign in cause.signs}) == 1
    passing = cause.mode in PASSING_STATES
    held = max(
        (
            sign.strength
            * (
                _OVER
                if passing and (_over(sign.line, recovered) or sign.line.source in calm_sources)
                else 1.0
            )
            * (_ONCE if once and _quiet_once(sign, digest) else 1.0)
            * (_STRANGER if is_stranger(sign.line.text) else 1.0)
            for sign in cause.signs
        ),
        default=0.0,
    )
    strongest = max((sign.strength for sign in cause.signs), default=1.0)
    return cause.score * held / strongest


def _over(line: EvidenceLine, recovered: list[EvidenceLine]) -> bool:
    """Return whether the same log reports after `line` that something works again."""
    return any(other.source == line.source and other.line > line.line for other in recovered)


def _quiet_once(sign: Sign, digest: LogDigest) -> bool:
    if sign.line.id in _raised(digest):
        return False
    template = next((item for item in digest.templates if item.id == sign.line.template), None)
    return sign.line.level in ("info", "debug", "none") and (template is None or template.count == 1)
