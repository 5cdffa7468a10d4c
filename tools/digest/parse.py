# ruff: noqa: E501 - a pattern is read more easily on one line
"""One log line taken apart: time, level, component, message, ids. The format may change from line to line."""

import re
from datetime import datetime
from typing import Any, NamedTuple

from . import fields as f
from .levels import find_level, level_of_value
from .models import Level
from .timestamps import TimeReader, epoch_seconds, skip_uptime

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-Z\\-_]")
_SYSLOG_TAG = re.compile(r"\s+(\S+)\s+([A-Za-z][\w./()@-]*?)(?:\[\d+\])?:\s")
_SYSLOG_5424 = re.compile(r"\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(?:-|(?:\[[^\]]*\])+)\s?")
_PRI = re.compile(r"<\d{1,3}>(?:1 )?")
_AFTER_LEVEL = re.compile(
    r"[\])>|:\s-]*(?:\[[^\]]*\]\s*|\d+\s+)*(?:\[([A-Za-z][\w.$/-]{1,60})\]|([A-Za-z][\w.$/-]{1,80}?)(?=\s-\s|:\s|\s?\|\s|\s?\[))"
)
_MESSAGE_ID = re.compile(r"[A-Z]{1,5}-?\d{3,}")  # AH00163, MY-010116: names the message, not its writer
_DOTTED = re.compile(r"[\])>|:\s-]*(?:\[[^\]]*\]\s*|\d+\s+)*([A-Za-z_]\w*(?:[.][A-Za-z_$]\w*)+)[\s:]")
_TRACE_TEXT = re.compile(
    r"(?:\b(?:trace|request|req|correlation)[-_ ]?id[\"']?[=: ]+[\"']?|\breq-|\btraceparent[=: ]+00-)([0-9A-Za-z-]{6,64})",
    re.I,
)
_ACCESS = re.compile(
    r'(?P<host>\S+) \S+ \S+ \[[^\]]+\] "(?P<request>[^"]*)" (?P<status>\d{3}) (?:\d+|-)(?: "[^"]*" "[^"]*")?(?P<tail>.*)'
)
_LEFTOVER = re.compile(r"^(?:\[[\s,:.-]*\]|<\s*>|\(\s*\)|[\s,:|\]>)-])+")


def id_pattern(line: str) -> re.Pattern[bytes] | None:
    """Return a pattern that finds the request id of lines like this one, by the literal text before it."""
    match = _TRACE_TEXT.search(line)
    if match is None:
        return None
    before = match.group()[: match.start(1) - match.start()]
    return re.compile(re.escape(before).encode() + rb"([0-9A-Za-z-]{6,64})")


class Parsed(NamedTuple):
    """A line taken apart. `message` is the line without time, level and the names that only say who wrote it."""

    time: float | None
    level: Level
    component: str | None
    message: str
    format: str
    trace: str | None = None
    stack: str = ""
    fields: bool = False  # JSON or logfmt: numbers may be levels, so equal keys do not mean equal lines


class LineParser:
    """Parses the lines of one source; remembers what the source's lines look like."""

    def __init__(self, reference: datetime) -> None:
        self.times = TimeReader(reference)

    def parse(self, line: str) -> Parsed:
        """Take one line apart (no line end, no ANSI colours)."""
        start = line[:1]
        if start == "{":
            fields = f.parse_json(line)
            if fields:
                return self.structured(fields, "json")
        elif "=" in line[:40]:
            pairs = f.parse_logfmt(line)
            if pairs:
                return self.structured(pairs, "logfmt")
        return self._text(line)

    def time_of(self, line: str) -> float | None:
        """Return only the line's time stamp; cheaper than `parse` for text lines."""
        if line[:1] == "{" or ("=" in line[:40] and "time=" in line[:400]):
            return self.parse(line).time
        stamp = self.times.find(line)
        return stamp.epoch if stamp else None

    def structured(self, fields: dict[str, Any], form: str) -> Parsed:
        """Take the fields of a JSON or logfmt line apart."""
        if "log" in fields and "stream" in fields and isinstance(fields["log"], str):
            return self._container(fields)
        flat = dict(f.flatten(fields))
        time_key, time_value = f.first_of(fields, f.TIME_KEYS)
        if isinstance(time_value, dict):  # MongoDB: {"t": {"$date": ...}}
            time_value = next(iter(time_value.values()), None)
        level_key, level_value = f.first_of(flat, f.LEVEL_KEYS)
        level = level_of_value(level_value)
        if level == "none":
            level_key = ""
        message_key, message = f.first_of(flat, f.MESSAGE_KEYS)
        component_key, component = f.first_of(flat, f.COMPONENT_KEYS)
        if not isinstance(component, str) or len(component) > 80:
            component_key, component = "", None
        _, trace = f.first_of(flat, f.TRACE_KEYS)
        stack = next((str(flat[key]) for key in flat if key in f.STACK_KEYS and "\n" in str(flat[key])), "")
        used = {time_key, level_key, message_key, component_key}
        text = f.describe(fields, str(message or ""), used)
        moment = self._time_value(time_value)
        name = "journald" if "__REALTIME_TIMESTAMP" in fields else form
        trace_id = str(trace) if isinstance(trace, str | int) and len(str(trace)) >= 6 else None
        return Parsed(moment, level, component, text, name, trace_id, stack, True)

    def _container(self, fields: dict[str, Any]) -> Parsed:
        """Docker's JSON file: the program's own line stands in `log`, the runtime's time stamp in `time`."""
        inner = self.parse(ANSI.sub("", fields["log"].rstrip("\r\n")))
        moment = self._time_value(fields.get("time")) or inner.time
        return inner._replace(time=moment, format=f"docker+{inner.format}", fields=True)

    def _time_value(self, value: object) -> float | None:
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return epoch_seconds(float(value))
        text = str(value)
        if text.replace(".", "", 1).isdigit() and len(text) >= 10:
            return epoch_seconds(float(text))
        return self.times.parse(text)

    def _text(self, line: str) -> Parsed:
        stamp = self.times.find(line)
        pri = _PRI.match(line)
        begin = stamp.start if stamp else 0
        end = stamp.end if stamp else (pri.end() if pri else skip_uptime(line))
        access = _ACCESS.match(line) if '] "' in line else None
        if access:
            text = f'"{access["request"]}" {access["status"]}'
            return Parsed(stamp.epoch if stamp else None, "none", None, text, "access")
        component, body, form = None, end, "plain"
        prefix = line[:begin]
        if stamp and (not prefix or pri):
            form, component, body = self._syslog(line, end, pri is not None)
            if component:
                prefix = ""
        level, level_end = find_level(line, body)
        if level_end > body:
            between = line[body:level_end].rstrip()
            cut = max(
                between.rfind(" "),
                between.rfind("["),
                between.rfind("<"),
                between.rfind("("),
                between.rfind("|"),
            )
            head, rest = between[: max(cut, 0)], line[level_end:]
            if component is None:
                component = _component(rest)
        else:
            head, rest = "", line[body:]
        message = _join(prefix, head, rest)
        if form == "plain" and stamp:
            form = "text"
        trace = _TRACE_TEXT.search(line) if "req" in line or "race" in line or "orrelation" in line else None
        moment = stamp.epoch if stamp else None
        return Parsed(moment, level, component, message, form, trace.group(1) if trace else None)

    def _syslog(self, line: str, end: int, with_pri: bool) -> tuple[str, str | None, int]:
        """Return (format, tag, column of the message) after a stamp at the start of the line."""
        if with_pri and (match := _SYSLOG_5424.match(line, end)) and line.startswith(">1 ", line.find(">")):
            return "syslog-5424", match.group(2), match.end()
        match = _SYSLOG_TAG.match(line, end)
        if (
            match
            and not find_level(match.group(1) + " ")[1]
            and match.group(1)[0] not in "[-(<"
            and level_of_value(match.group(2).strip(":"))
            == "none"  # `zoneload: error: ...` is no host and tag
        ):
            return "syslog", match.group(2), match.end()
        return "text", None, end


def _component(rest: str) -> str | None:
    """Return the logger's name that follows the level, if it is marked as one."""
    if rest[:1] == ":":  # `ERROR: text` of PostgreSQL and others: prose follows
        return None
    match = _AFTER_LEVEL.match(rest)
    if match:
        name: str = match.group(1) or match.group(2)
        return None if _MESSAGE_ID.fullmatch(name) else name
    dotted = _DOTTED.match(rest)
    return dotted.group(1) if dotted else None


def _join(*parts: str) -> str:
    cleaned = (_LEFTOVER.sub("", part.strip()).strip() for part in parts)
    return " ".join(part for part in cleaned if part and part not in "[(<|-:")
