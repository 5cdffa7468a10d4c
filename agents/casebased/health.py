"""Whether the logs show a fault at all: what still fails at the end, against what recovered, was planned, succeeds."""

from dataclasses import dataclass

from ...tools.alert import Alert
from ...tools.digest.models import EvidenceLine, LogDigest
from .adjust import PASSING_STATES, TEMPORARY, TURNED_AWAY
from .alert_words import names_harm, names_passing, names_strain
from .endings import ends_calmly, goes_on_normally
from .lines import is_client_noise, is_recovery, is_routine, is_success, is_trouble
from .ranking import Cause
from .signs import Sign

# What speaks for health, and what against it; the balance is above 0 for a healthy service.
_BASE = 0.6
_STANDING = 5.0  # for a cause that still holds at the end
_LOUD = 0.4  # each kind of error line, up to three
_FAILING = 1.0  # requests answered 5xx, if they are more than this share
_FAILING_SHARE = 0.02
# Something works again; was planned; succeeds; and no error line stands without a recovery after it.
_RECOVERED, _ROUTINE, _SUCCESS, _SILENT = 1.0, 0.8, 0.5, 0.6
_SEVERITY = {"low": 0.4, "medium": 0.1, "high": -0.3, "critical": -0.6}
_HARM, _STRAIN, _CALM = -2.2, -0.3, 0.4  # the alert's own words
_EXPLAINED = 0.5  # share of the alert's harm that is left if it calls it short or planned

# What is left of a cause if the alert only tells what was seen: clients turned away, states that come and go.
_STRANGERS, _OBSERVED = 0.2, 0.6
_CALM_END = 0.9
_OVER = 0.4  # what is left of a sign after which something is reported to work again
_ONCE = 0.6  # of a sign that only one line of information shows


@dataclass(frozen=True)
class Health:
    """The picture of health; a `score` above 0 means that nothing is wrong with the service."""

    score: float
    standing: float  # 0 to 1: how clearly a cause still holds at the end of the logs
    normal: list[EvidenceLine]  # lines that show recovery, planned work or success


def _seen_only(mode: str) -> float:
    return _STRANGERS if mode in TURNED_AWAY else _OBSERVED if mode in TEMPORARY else 1.0


def judge(alert: Alert, digest: LogDigest, causes: list[Cause]) -> Health:
    """Weigh what speaks for a healthy service against what speaks for a fault."""
    calm_sources = goes_on_normally(digest)
    quiet = [line for line in digest.evidence if line.level not in ("fatal", "error")]
    recovered = [line for line in quiet if is_recovery(line.text)]
    routine = [line for line in quiet if is_routine(line.text)]
    loud = {
        line.template
        for line in digest.evidence
        if line.level in ("fatal", "error") and is_trouble(line) and not _over(line, recovered)
    }
    requests = sum(item.requests for item in digest.access)
    failing = sum(count for item in digest.access for code, count in item.status.items() if code[:1] == "5")
    fails = failing > _FAILING_SHARE * requests
    seen_only = names_passing(alert.message)
    standing = max(
        (
            _standing(cause, digest, recovered, calm_sources) * (_seen_only(cause.mode) if seen_only else 1.0)
            for cause in causes[:3]
        ),
        default=0.0,
    )
    succeeds = not fails and (requests > 0 or any(is_success(line.text) for line in quiet))
    score = _BASE + _alarm(alert.message) + _SEVERITY[alert.severity]
    score += (
        _RECOVERED * bool(recovered) + _ROUTINE * bool(routine) + _SUCCESS * succeeds + _SILENT * (not loud)
    )
    score += _CALM_END * (seen_only and ends_calmly(digest))
    score -= _STANDING * standing + _LOUD * min(3, len(loud)) + _FAILING * fails
    calm = [line for line in digest.evidence if not is_trouble(line) and not is_client_noise(line.text)]
    normal = list({line.id: line for line in [*recovered, *routine, *calm[-2:]]}.values())
    return Health(score, standing, normal)


def _alarm(message: str) -> float:
    """Return what the alert's own words say: below 0 for harm, above 0 for a mere observation."""
    words = _HARM if names_harm(message) else _STRAIN if names_strain(message) else _CALM
    return words * _EXPLAINED if words < 0 and names_passing(message) else words


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
    template = next((item for item in digest.templates if item.id == sign.line.template), None)
    return sign.line.level in ("info", "debug", "none") and (template is None or template.count == 1)
