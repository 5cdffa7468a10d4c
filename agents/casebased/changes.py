"""Changes just before: a setting that was changed and is named in the complaints that begin after it."""

import re
from dataclasses import dataclass

from ...tools.digest.models import EvidenceLine, LogDigest
from .lines import is_trouble

_SETTING = re.compile(
    r"""(?:parameter|setting|option|variable|config(?:uration)?(?:\sitem|\skey)?|property|flag|value\sof)\s["'`]?(?P<name>[a-z][\w.-]{3,60})["'`]?
    [^\n]{0,30}\b(?:changed|set|updated|modified|overridden|switched)\b""",
    re.X | re.I,
)  # fmt: skip
_SPLIT = re.compile(r"[^a-zA-Z]+")


@dataclass(frozen=True)
class BlamedChange:
    """The line of the change, where in it the words stand, and the complaints that name what was changed."""

    line: EvidenceLine
    span: tuple[int, int]
    complaints: list[EvidenceLine]


def blamed_change(digest: LogDigest) -> BlamedChange | None:
    """Return a changed setting if all complaints that name it came after the change, else None.

    The names are compared by words: `statement_timeout` is named by "due to statement timeout".
    """
    for line in digest.evidence:
        match = _SETTING.search(line.text)
        if match is None or line.time is None:
            continue
        words = {word.lower() for word in _SPLIT.split(match["name"]) if len(word) > 2}
        naming = [
            other
            for other in digest.evidence
            if other.id != line.id and is_trouble(other) and words <= set(_SPLIT.split(other.text.lower()))
        ]
        if words and naming and all(other.time is None or other.time >= line.time for other in naming):
            return BlamedChange(line, match.span(), naming)
    return None
