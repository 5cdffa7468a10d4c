"""Whether the logs show a fault at all: what was raised, what goes on failing, what recovered or was planned."""

from dataclasses import dataclass

from ...tools.alert import Alert
from ...tools.digest.models import EvidenceLine, LogDigest
from .alert_words import names_harm, names_passing, names_strain
from .lines import is_client_noise, is_recovery, is_routine, is_trouble
from .ranking import Cause

_SEVERITY = {"low": 1.0, "medium": 0.3, "high": -0.7, "critical": -1.2}
# A cause that is only seen in lines that the program itself calls information weighs less.
_HEARD = {"fatal": 1.0, "error": 1.0, "warn": 0.9, "none": 0.9, "info": 0.45, "debug": 0.3}
_CAUSE = 3.5  # how much a clear cause speaks against health
_OVER = 0.4  # what is left of a sign after which something is reported to work again
# Midway between the healthy and the faulty incidents of the set it was tuned on.
_BORDER = -0.8
_FAILING_SHARE = 0.02  # of requests answered 5xx


@dataclass(frozen=True)
class Health:
    """The picture of health; a `score` above 0 means that nothing is wrong with the service."""

    score: float
    harm_named: bool
    troubles: int  # lines of level error or worse, client noise left out
    failing: int  # requests answered 5xx
    normal: list[EvidenceLine]  # lines that show recovery, planned work or success


def judge(alert: Alert, digest: LogDigest, causes: list[Cause]) -> Health:
    """Weigh what speaks for a healthy service against what speaks for a fault."""
    harm = names_harm(alert.message)
    loud = [line for line in digest.evidence if line.level in ("fatal", "error") and is_trouble(line)]
    requests = sum(item.requests for item in digest.access)
    failing = sum(count for item in digest.access for code, count in item.status.items() if code[:1] == "5")
    recovered = [
        line for line in digest.evidence if is_recovery(line.text) and line.level not in ("fatal", "error")
    ]
    routine = [
        line for line in digest.evidence if is_routine(line.text) and line.level not in ("fatal", "error")
    ]
    score = -1.0 - _BORDER
    score += _alarm(alert.message)
    score += _SEVERITY[alert.severity]
    score += 1.0 if not loud else -0.5 * min(3, len({line.template for line in loud}))
    score -= 1.0 if requests and failing > _FAILING_SHARE * requests else 0.0
    score += 0.5 if recovered else 0.0
    score += 0.5 if routine else 0.0
    last_recovery = max((line.time for line in recovered if line.time), default=None)
    score -= _CAUSE * max((_heard(cause, last_recovery) for cause in causes[:3]), default=0.0)
    calm = [line for line in digest.evidence if not is_trouble(line) and not is_client_noise(line.text)]
    normal = list({line.id: line for line in [*recovered, *routine, *calm[-2:]]}.values())
    return Health(score, harm, len(loud), failing, normal)


def _alarm(message: str) -> float:
    """Return what the alert's own words say: below 0 for harm, above 0 for a mere observation."""
    passing = names_passing(message)
    if names_harm(message):
        return -1.0 if passing else -2.5
    if names_strain(message):
        return 0.8 if passing else -0.3
    return 1.5


def _heard(cause: Cause, last_recovery: str | None) -> float:
    """Return how loudly a cause is spoken of, 0 to 1."""
    loudest = 0.3 if not cause.signs else 0.0
    for sign in cause.signs[:4]:
        over = last_recovery is not None and sign.line.time is not None and sign.line.time < last_recovery
        loudest = max(loudest, _HEARD[sign.line.level] * (_OVER if over else 1.0))
    return cause.score * loudest
