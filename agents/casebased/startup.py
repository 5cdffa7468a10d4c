"""Programs that fail at every start: what they cannot parse or find there are their own settings."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ...tools.alert import Alert
from ...tools.digest.models import LogDigest
from .signs import Sign

_FAILS_TO_START = re.compile(
    r"""\b(?:does\snot|do\snot|did\snot|won't|cannot|can't|fail(?:s|ed)?\sto|unable\sto|gives?\sup|gave\sup|not)\s(?:re)?(?:start(?:ing)?|come\sup|boot)\b
    |\b(?:crash|restart|boot)[\s-]?loop|restarts\sin\sa\sloop|CrashLoopBackOff|too\smany\sstart\sretries|entered\sFATAL\sstate
    |Start\srequest\srepeated\stoo\squickly|exited:\s\S+\s\(exit\sstatus\s[1-9]|Main\sprocess\sexited,\scode=exited,\sstatus=[1-9]
    |exits?\s(?:at\sonce|immediately)\b""",
    re.X | re.I,
)  # fmt: skip
_SETTING_MISSING = re.compile(r"\bKeyError: ['\"]?[A-Z][A-Z0-9_]{2,}\b|\bos\.environ\b|\bgetenv\b")
_TAKEN_FOR = frozenset({"serialization-error", "application-bug"})
_TO = "configuration-error"
_WHY = "The program fails at every start: what it cannot read there are its own settings."
_LEFT = 0.5
_STRENGTH = 0.6


def own_settings(
    alert: Alert, digest: LogDigest, signs: Sequence[Sign]
) -> tuple[list[Sign], dict[str, tuple[float, str]]]:
    """Return the signs of a configuration error that parse errors at start are, and the modes they lower."""
    texts = [alert.message, *(line.text for line in digest.evidence)]
    if not any(_FAILS_TO_START.search(text) for text in texts):
        return [], {}
    added = [
        replace(sign, mode=_TO, origin="fails at every start", strength=max(sign.strength, _STRENGTH))
        for sign in signs
        if sign.weight >= 2
        and (
            sign.mode == "serialization-error"
            or (sign.mode in _TAKEN_FOR and _SETTING_MISSING.search(sign.line.text))
        )
    ]
    return added, {sign.mode: (_LEFT, _WHY) for sign in signs if added and sign.mode in _TAKEN_FOR}
