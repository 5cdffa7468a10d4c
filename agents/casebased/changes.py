"""Changes just before: deployments, settings, restarts; and a setting that is named in the complaints after it."""

import re
from dataclasses import dataclass
from datetime import datetime

from ...tools.digest.models import EvidenceLine, LogDigest
from .lines import is_trouble

_SETTING = re.compile(
    r"""(?:parameter|setting|option|variable|config(?:uration)?(?:\sitem|\skey)?|property|flag|value\sof)\s["'`]?(?P<name>[a-z][\w.-]{3,60})["'`]?
    [^\n]{0,30}\b(?:changed|set|updated|modified|overridden|switched)\b""",
    re.X | re.I,
)  # fmt: skip
# A line of a difference of two settings files that was logged, `+HTTP_TIMEOUT=0.5`, and the words in names of settings
# that say too little, or that are no wrong value but a wrong credential.
_DIFFERENCE = re.compile(r"(?:^|\s)(?P<side>[+-])\s?(?P<name>[A-Za-z][\w.-]{3,60})\s?[=:]\s?\S")
_TELLING = 5  # letters of the word that complaints have to hold
_CREDENTIAL = re.compile(r"password|passwd|secret|token|credential|api_?key", re.I)
_CHANGE = re.compile(
    r"""\b(?:deploy(?:ed|ing|ment)|deploy\s(?:of|started|finished|complete\w*|succeeded)|releas(?:ed|ing)|roll(?:ed|ing)[\s-]?(?:out|back)|rollout|upgrad(?:ed|ing)|migrat(?:ed|ing|ion)s?|
    reload(?:ed|ing)?|reconfigur\w+|(?:config(?:uration)?|settings?)\s(?:was\s|were\s|has\sbeen\s)?(?:re)?(?:loaded|changed|updated|applied)|
    restart(?:ed|ing)|(?:parameter|setting|variable)\s.{3,60}\s(?:changed|set\sto|updated)|feature[\s_-]?flag|SIGHUP|scal(?:ed|ing)\s(?:up|down|to|from)|
    (?:new|now\srunning)\sversion|starting\s.{0,40}\bversion\s[\dv])\b""",
    re.X | re.I,
)  # fmt: skip
_MOST = 3
_SPLIT = re.compile(r"[^a-zA-Z]+")


@dataclass(frozen=True)
class BlamedChange:
    """The line of the change, where in it the words stand, and the complaints that name what was changed."""

    line: EvidenceLine
    span: tuple[int, int]
    complaints: list[EvidenceLine]


@dataclass(frozen=True)
class Change:
    """A line that tells of a change, and how long before the first complaint it stands, if both are dated."""

    line: EvidenceLine
    seconds_before: float | None


def changes_before(digest: LogDigest) -> list[Change]:
    """Return the changes that the logs tell of before the first complaint, the closest to it first.

    Of changes without a time only those that stand before the complaint in its source count; without any
    complaint, the latest changes.
    """
    troubles = [line for line in digest.evidence if is_trouble(line)]
    onset = min((line.time for line in troubles if line.time), default=None)
    found = [
        Change(line, _seconds(line.time, onset))
        for line in digest.evidence
        if _CHANGE.search(line.text) and not is_trouble(line) and _is_before(line, troubles, onset)
    ]
    latest = max((change.line.time for change in found if change.line.time), default=None)
    far = float("inf")
    found.sort(key=lambda change: _distance(change.line.time, onset or latest, far))
    return found[:_MOST]


def _is_before(line: EvidenceLine, troubles: list[EvidenceLine], onset: str | None) -> bool:
    if line.time and onset:
        return line.time <= onset
    same = [other.line for other in troubles if other.source == line.source]
    return not same or line.line < min(same)


def _seconds(earlier: str | None, later: str | None) -> float | None:
    if earlier is None or later is None:
        return None
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def _distance(time: str | None, moment: str | None, far: float) -> float:
    seconds = _seconds(time, moment)
    return far if seconds is None else seconds


def blamed_change(digest: LogDigest) -> BlamedChange | None:
    """Return a changed setting if all complaints that name it came after the change, else None.

    The names are compared by words: `statement_timeout` is named by "due to statement timeout". Where a log shows
    the old and the new line of a settings file, the longest word of the name has to stand in the complaints.
    """
    return _told_change(digest) or _shown_change(digest)


def _shown_change(digest: LogDigest) -> BlamedChange | None:
    sides: dict[str, dict[str, tuple[EvidenceLine, re.Match[str]]]] = {}
    for line in digest.evidence:
        if match := _DIFFERENCE.search(line.text):
            sides.setdefault(match["name"], {})[match["side"]] = (line, match)
    for name, found in sides.items():
        word = max(_SPLIT.split(name.lower()), key=len)
        if len(found) < 2 or len(word) < _TELLING or _CREDENTIAL.search(name):
            continue
        line, match = found["+"]
        naming = [other for other in digest.evidence if is_trouble(other) and word in other.text.lower()]
        if naming:
            return BlamedChange(line, match.span("name"), naming)
    return None


def _told_change(digest: LogDigest) -> BlamedChange | None:
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
