"""Whether the products that cases are about are there at all, and which cases a person could act on."""

from collections.abc import Iterable

from ...tools.alert import Alert
from ...tools.digest.models import LogDigest
from ...tools.knowledge.models import Case, Hit

GENERIC = "generic"
_GENERAL_STEPS_BACK = 0.1
_ABSENT_STEPS_BACK = 0.3


class NamedSystems:
    """Answers whether a product is named in the alert, the sources' names or the evidence."""

    def __init__(self, alert: Alert, digest: LogDigest) -> None:
        names = [source.name for source in digest.sources]
        lines = (line.text for line in digest.evidence)
        parts = [alert.service, alert.message, *names, *digest.components, *lines]
        self._text = "\n".join(parts).lower()
        self._known: dict[str, bool] = {}

    def holds(self, case: Case) -> bool:
        """Return whether one of the case's products is named; a general case fits everywhere."""
        return GENERIC in case.systems or any(self._is_named(system) for system in case.systems)

    def _is_named(self, system: str) -> bool:
        if system not in self._known:
            self._known[system] = system.lower() in self._text
        return self._known[system]


def usable(hits: Iterable[Hit], named: NamedSystems) -> list[Hit]:
    """Return the hits whose remedies fit here, best first.

    A case of a product that is named nowhere fits if its own words are found; where the general case of the
    same failure mode has words of its own there, that one comes first.
    """
    found = list(hits)
    said_generally = {
        hit.case.failure_mode for hit in found if GENERIC in hit.case.systems and hit.signatures
    }

    def worth(hit: Hit) -> float:
        if GENERIC in hit.case.systems:
            return hit.score - _GENERAL_STEPS_BACK
        if not named.holds(hit.case) and hit.case.failure_mode in said_generally:
            return hit.score - _ABSENT_STEPS_BACK
        return hit.score

    fitting = [hit for hit in found if hit.signatures or named.holds(hit.case)]
    return sorted(fitting, key=lambda hit: -worth(hit))
