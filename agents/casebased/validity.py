"""Certificates whose printed dates do not hold the time of the line: expired, or not yet valid."""

import re
from datetime import UTC, datetime, timedelta

from ...tools.digest.models import EvidenceLine, LogDigest
from .signs import Sign

_STRENGTH = 0.7
_OF_CERTIFICATE = re.compile(r"\bcert|\b(?:tls|ssl|x\.?509)\b|\bCN ?=", re.I)
_ISO = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?"
_OPENSSL = r"[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4}"  # notAfter=Nov 22 23:59:59 2026 GMT
_OPENSSL_FORMAT = "%b %d %H:%M:%S %Y"
_DATE = rf"\W{{0,4}}(?:(?:on|at|date|is)\W)?({_ISO}|{_OPENSSL})"
_END = re.compile(
    rf"(?:not[ _-]?after|expir(?:es|ed|y|ation)|valid (?:until|till|to|through)|{_ISO} (?:to|until|-)){_DATE}",
    re.I,
)
_BEGIN = re.compile(rf"(?:not[ _-]?before|valid from){_DATE}", re.I)


def validity_signs(digest: LogDigest) -> list[Sign]:
    """Return a sign for each line that prints a certificate's dates and was written outside of them."""
    return [
        Sign("tls-certificate-expired", "dates of a certificate", line, 3, _STRENGTH, span)
        for line in digest.evidence
        if line.time is not None and _OF_CERTIFICATE.search(line.text)
        for span in [_outside(line, datetime.fromisoformat(line.time))]
        if span is not None
    ]


def _outside(line: EvidenceLine, now: datetime) -> tuple[int, int] | None:
    """Return where the date stands that does not hold `now`."""
    for pattern, is_end in ((_END, True), (_BEGIN, False)):
        for match in pattern.finditer(line.text):
            date = _date(match[1])
            if date is not None and is_end and ":" not in match[1]:
                date += timedelta(days=1)  # a day without a time holds to its end
            if date is not None and ((date < now) if is_end else (date > now)):
                return match.span()
    return None


def _date(text: str) -> datetime | None:
    try:
        date = datetime.fromisoformat(text) if text[0].isdigit() else datetime.strptime(text, _OPENSSL_FORMAT)
    except ValueError:
        return None  # a 31st of February
    return date.replace(tzinfo=UTC)
