# ruff: noqa: E501 - a pattern is read more easily on one line
"""Time stamps of log lines: which format, at which column, and which moment.

Formats without a year or a zone are decided once per source, never per line: the year from a reference moment
(the alert, or the file's age), the zone as UTC. Ambiguous day/month orders follow the tool that writes them.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
SEARCH_COLUMNS = 90  # a stamp that starts later belongs to the message

_CLOCK = r"(?P<h>\d?\d):(?P<mi>\d\d):(?P<s>\d\d)"
_FRACTION = r"(?:[.,:](?P<f>\d{1,9}))?"
_ZONE = r"(?: ?(?P<z>Z|UTC|GMT|[+-]\d\d:?\d\d)(?![\w:]))?"
_MONTH = r"(?P<mo>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"

# Order matters only where two formats match at the same column: the more exact one comes first.
_FORMATS: list[tuple[str, re.Pattern[str]]] = [
    (name, re.compile(r"(?<![\w./-])" + pattern))
    for name, pattern in [
        ("iso", rf"(?P<y>\d{{4}})[-/.](?P<mo>\d\d)[-/.](?P<d>\d\d)[T _]{{1,2}}{_CLOCK}{_FRACTION}{_ZONE}"),
        ("bgl", r"(?P<y>\d{4})-(?P<mo>\d\d)-(?P<d>\d\d)-(?P<h>\d\d)\.(?P<mi>\d\d)\.(?P<s>\d\d)\.(?P<f>\d+)"),
        ("clf", rf"(?P<d>\d\d?)/{_MONTH}/(?P<y>\d{{4}})[: ]{_CLOCK}{_FRACTION}{_ZONE}"),
        ("ctime", rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} +(?P<d>\d\d?) {_CLOCK}{_FRACTION} (?P<y>\d{{4}})"),
        ("day-month", rf"(?P<d>\d\d?)[- ]{_MONTH}[- ](?P<y>\d{{4}}) {_CLOCK}{_FRACTION}{_ZONE}"),
        ("jul", rf"{_MONTH} (?P<d>\d\d?), (?P<y>\d{{4}}) (?P<h>\d\d?):(?P<mi>\d\d):(?P<s>\d\d) (?P<ap>AM|PM)"),
        ("us", rf"(?P<mo>\d\d?)/(?P<d>\d\d?)/(?P<y>\d{{4}})[ ,]+(?P<h>\d\d?):(?P<mi>\d\d):(?P<s>\d\d){_FRACTION}(?: (?P<ap>AM|PM))?"),
        ("syslog", rf"{_MONTH} +(?P<d>\d\d?)(?: (?P<y>\d{{4}}))? {_CLOCK}{_FRACTION}{_ZONE}"),
        ("klog", rf"[IWEFD](?P<mo>\d\d)(?P<d>\d\d) {_CLOCK}\.(?P<f>\d+)"),
        ("android", rf"(?P<mo>\d\d)-(?P<d>\d\d) {_CLOCK}\.(?P<f>\d{{3}})"),
        ("short-year", rf"(?P<y>\d\d)[-/](?P<mo>\d\d)[-/](?P<d>\d\d) {_CLOCK}{_FRACTION}"),
        ("compact", rf"(?P<y>\d{{4}})(?P<mo>\d\d)(?P<d>\d\d)[-T ](?P<h>\d\d):?(?P<mi>\d\d):?(?P<s>\d\d){_FRACTION}{_ZONE}"),
        ("compact-short", r"(?P<y>\d\d)(?P<mo>[01]\d)(?P<d>[0-3]\d) {1,2}(?P<h>[012]?\d):?(?P<mi>[0-5]\d):?(?P<s>[0-5]\d)(?!\d)"),
        ("proxifier", rf"(?P<mo>\d\d)\.(?P<d>\d\d) {_CLOCK}"),
        ("epoch", r"(?P<e>1\d{9}(?:\d{3}(?:\d{3}(?:\d{3})?)?)?)(?:\.(?P<f>\d{1,9}))?(?![\w-])"),
        ("clock", rf"(?P<h>[012]\d):(?P<mi>[0-5]\d):(?P<s>[0-5]\d){_FRACTION}(?![\d:])"),
    ]
]  # fmt: skip
_PROSE = re.compile(r"(?<!\S)[A-Za-z']+(?!\S)")
# What comes before a moment that is no stamp, e.g. a certificate's `notAfter=Dec  1 00:00:00 2026 GMT`.
_SPOKEN_OF = re.compile(r"\b(?:not ?(?:before|after)|expir\w*)[\s:=]*$", re.I)
_UPTIME = re.compile(r"\s*\[ *\d+\.\d+s?\]")


class Stamp(NamedTuple):
    """A time stamp found in a line: seconds since 1970, and the columns it takes."""

    epoch: float
    start: int
    end: int


def _zone(text: str | None) -> timezone:
    if not text or text in {"Z", "UTC", "GMT"}:
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def epoch_seconds(number: float) -> float | None:
    """Return seconds for an epoch given in s, ms, us or ns; None if it is no plausible time (2001 to 2286)."""
    for factor in (1.0, 1e3, 1e6, 1e9):
        if 1e9 <= number / factor < 1e10:
            return number / factor
    return None


class TimeReader:
    """Reads the time stamps of one source and remembers formats and columns it has met."""

    def __init__(self, reference: datetime) -> None:
        self._reference = reference.astimezone(UTC)
        self._known: list[tuple[Callable[[str, int], re.Match[str] | None], int, str]] = []
        self.formats: list[str] = []
        self.zone_assumed = False

    def find(self, line: str) -> Stamp | None:
        """Return the line's own time stamp, or None (continuation lines, plain text)."""
        for match_at, column, name in self._known:
            match = match_at(line, column)
            if match and (stamp := self._stamp(match, name)):
                return stamp
        if not line or line[0] in " \t" or not any(map(str.isdigit, line[:SEARCH_COLUMNS])):
            return None
        return self._search(line)

    def _search(self, line: str) -> Stamp | None:
        best: tuple[re.Match[str], str, re.Pattern[str]] | None = None
        for name, pattern in _FORMATS:
            match = pattern.search(line, 0, SEARCH_COLUMNS + 40)
            if match is None or match.start() > SEARCH_COLUMNS:
                continue
            if name == "clock" and match.start() > 2:  # a bare clock is a stamp only where a line begins
                continue
            before = line[: match.start()]
            if "{" in before or len(_PROSE.findall(before)) > 4 or _SPOKEN_OF.search(before):
                continue  # a moment that the message speaks of
            if best is None or match.start() < best[0].start():
                best = (match, name, pattern)
        if best is None:
            return None
        match, name, pattern = best
        stamp = self._stamp(match, name)
        if stamp and len(self._known) < 8:
            self._known.append((pattern.match, match.start(), name))
            if name not in self.formats:
                self.formats.append(name)
        return stamp

    def parse(self, text: str) -> float | None:
        """Return the epoch of a text that is a time stamp, e.g. the value of a JSON key."""
        stamp = self.find(text)
        return stamp.epoch if stamp else None

    def _stamp(self, match: re.Match[str], name: str) -> Stamp | None:
        parts = match.groupdict()
        fraction = float(f"0.{parts['f']}") if parts.get("f") else 0.0
        if name == "epoch":
            seconds = epoch_seconds(float(parts["e"]))
            return Stamp(seconds + fraction, match.start(), match.end()) if seconds else None
        if not parts.get("z"):
            self.zone_assumed = True
        try:
            moment = self._moment(parts)
        except ValueError:  # e.g. month 13: digits that only look like a stamp
            return None
        return Stamp(moment.timestamp() + fraction, match.start(), match.end())

    def _moment(self, parts: dict[str, str | None]) -> datetime:
        hour = int(parts["h"] or 0)
        if parts.get("ap"):
            hour = hour % 12 + (12 if parts["ap"] == "PM" else 0)
        zone = _zone(parts.get("z"))
        clock = (hour, int(parts["mi"] or 0), min(int(parts["s"] or 0), 59))
        if not parts.get("mo"):
            day = self._reference
            return datetime(day.year, day.month, day.day, *clock, tzinfo=zone)
        month_text = parts["mo"] or ""
        month = int(month_text) if month_text.isdigit() else MONTHS[month_text[:3].lower()]
        day_number = int(parts["d"] or 0)
        year_text = parts.get("y")
        if year_text:
            year = int(year_text) + (2000 if len(year_text) == 2 else 0)
            return datetime(year, month, day_number, *clock, tzinfo=zone)
        moment = datetime(self._reference.year, month, day_number, *clock, tzinfo=zone)
        if moment > self._reference + timedelta(days=2):  # December read in January
            moment = moment.replace(year=moment.year - 1)
        return moment


def skip_uptime(line: str) -> int:
    """Return the column after a leading uptime stamp (`[  12.345]` of dmesg, `[0.012s]` of a JVM), else 0."""
    match = _UPTIME.match(line)
    return match.end() if match else 0


def iso(epoch: float | None) -> str | None:
    """Return seconds since 1970 as ISO 8601 UTC with milliseconds, None for None."""
    if epoch is None:
        return None
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str | None) -> float | None:
    """The inverse of `iso`."""
    return datetime.fromisoformat(text).timestamp() if text else None
