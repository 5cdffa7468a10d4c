"""From a digest to ranked causes: signs, changes just before, what the alert rules out, causal precedence."""

from collections.abc import Sequence

from ...tools.alert import Alert
from ...tools.digest.models import LogDigest
from ...tools.knowledge.models import Hit
from .adjust import adjusted
from .alert_words import cleared_modes
from .changes import blamed_change
from .clocks import clock_signs
from .name_servers import said_by_the_server
from .number_signs import number_signs
from .ranking import Cause, rank
from .signs import Sign, gather
from .startup import own_settings
from .structure import structural_signs
from .tables import table_signs
from .validity import validity_signs

_CHANGE_STRENGTH = 0.85
_CHANGED_AWAY = 0.4  # what is left of a mode whose complaints name the setting that was just changed
_CLEARED = 0.35  # what is left of a mode whose resource the alert declares to be fine
_MODE_OF_CHANGE = "configuration-error"


def ranked_causes(alert: Alert, digest: LogDigest, hits: Sequence[Hit]) -> list[Cause]:
    """Return the failure modes that alert and digest speak for, best first."""
    signs = adjusted(gather(alert, digest, hits), digest)
    damped: dict[str, tuple[float, str]] = dict.fromkeys(
        cleared_modes(alert.message), (_CLEARED, "The alert itself says that this resource is fine.")
    )
    signs += structural_signs(digest, signs)
    signs += number_signs(digest)
    signs += table_signs(digest)
    signs += validity_signs(digest)
    signs += clock_signs(digest, signs)
    settings, lowered = own_settings(alert, digest, signs)
    signs += settings
    damped |= lowered
    damped |= said_by_the_server(signs)
    change = blamed_change(digest)
    if change is not None:
        named = {line.id for line in change.complaints}
        for sign in signs:
            if sign.line.id in named and sign.mode != _MODE_OF_CHANGE:
                why = f"The setting that the complaint names was changed just before ({change.line.id})."
                damped[sign.mode] = (_CHANGED_AWAY, why)
        signs.append(Sign(_MODE_OF_CHANGE, "change", change.line, 3, _CHANGE_STRENGTH, change.span))
    begins = {source.name: source.first for source in digest.sources if source.first}
    return rank(signs, hits, damped, begins)
