"""Reads one source's lines, in order, into groups, traces and per-section facts."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from .groups import Bins, Group, Line, rebin
from .models import Level
from .parse import ANSI, LineParser, Parsed
from .shapes import CODE, Shape, shape_of
from .stacks import TraceReader, fold_text
from .window import Window

MAX_TEXT = 4000  # characters of a line that are looked at and kept
MAX_KEYS = 100_000  # entries of the key cache; it is only a cache
MAX_IDS = 20_000  # request ids remembered
HEADING = re.compile(r"==> (.{1,300}) <==\s*$")
INSTRUCTION = re.compile(
    r"ignore (?:all |any )?(?:the )?(?:previous|prior|above) (?:instruction|prompt|message)|disregard (?:all|the|any|previous)|system prompt"
    r"|you are (?:now|an? (?:ai|assistant|language model))|<\|im_start\|>|\[/?INST\]|as an ai|(?:approve|execute|run) (?:this|the following) (?:plan|command|action)"
    r"|(?:assistant|system|human)\s*:\s*(?:please|you|ignore|run)|do not (?:tell|report|mention|alert) (?:the )?(?:user|operator|human)",
    re.I,
)
_DIGITS = b"0123456789abcdef"


@dataclass
class Section:
    """A part of a source with its own name and formats: the whole file, or what follows a `==> name <==` heading."""

    id: str
    name: str
    parser: LineParser
    lines: int = 0
    bytes: int = 0
    first: float | None = None
    last: float | None = None
    formats: Counter[str] = field(default_factory=Counter)
    current: float | None = None
    disorder: int = 0


@dataclass
class Trail:
    """A request id and where it was seen first in each section."""

    lines: dict[int, Line]
    worst: int


class Collector:
    """Takes lines in order; holds everything a digest needs, in bounded memory."""

    def __init__(self, source_id: str, name: str, *, window: Window, reference: datetime) -> None:
        self.source_id, self.name = source_id, name
        self.window, self._low_high = window, window.bounds()
        self._reference = reference
        self.sections = [Section(source_id, name, LineParser(reference))]
        self.groups: dict[tuple[Level, str | None, Shape], Group] = {}
        self.bins = Bins()
        self.traces = TraceReader()
        self.trails: dict[str, Trail] = {}
        self.oddities: Counter[str] = Counter()
        self.lines = self.outside = self.unparsed = 0
        self.suspicious: list[Line] = []
        self._keys: dict[bytes, Group] = {}
        self._section = 0
        self._previous_level: Level = "none"

    def add_lines(self, lines: list[bytes]) -> None:
        """Take whole lines (without their line ends), one after the other."""
        for raw in lines:
            self.lines += 1
            text = self.clean(raw)
            if text[:4] == "==> " and (match := HEADING.match(text)):
                self._open_section(match.group(1))
            self._add(text, raw)

    def clean(self, raw: bytes) -> str:
        """Return the line as text: no line end, NUL or colour; undecodable bytes as `\\xNN`; at most MAX_TEXT long."""
        if len(raw) > MAX_TEXT * 4:
            self.oddities["long lines cut for display"] += 1
            raw = raw[: MAX_TEXT * 4]
        if raw[-1:] == b"\r":
            raw = raw[:-1]
        if b"\0" in raw:
            self.oddities["lines with NUL bytes"] += 1
            raw = raw.replace(b"\0", b"")
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            self.oddities["lines that are not UTF-8"] += 1
            text = raw.decode(errors="backslashreplace")
        if "\x1b" in text:
            text = ANSI.sub("", text)
        return text[:MAX_TEXT]

    def _open_section(self, name: str) -> None:
        self.traces.close()
        if (
            self._section == 0 and self.lines == 1
        ):  # the source begins with a heading: nothing belongs to the whole
            self.sections.clear()
        number = len([section for section in self.sections if section.id != self.source_id]) + 1
        if number <= 200:
            self.sections.append(Section(f"{self.source_id}.{number}", name, LineParser(self._reference)))
        self._section = len(self.sections) - 1
        self._previous_level = "none"

    def _add(self, text: str, raw: bytes) -> None:
        section = self.sections[self._section]
        section.lines += 1
        section.bytes += len(raw) + 1
        if not text or text.isspace() or HEADING.match(text):
            return
        key = raw.translate(None, _DIGITS)
        known = self._keys.get(key) if text[0] != "{" and not CODE.search(text) else None
        if known is None:
            parsed = section.parser.parse(text)
            section.formats[parsed.format] += 1
            moment = parsed.time
        else:
            parsed = None
            moment = section.parser.time_of(text)
        own_time = moment is not None
        if moment is None:
            moment = section.current
            self.unparsed += parsed is not None and parsed.format == "plain"
        else:
            self._note_time(section, moment)
        if moment is not None and not self._low_high[0] <= moment <= self._low_high[1]:
            self.outside += 1
            return
        line = Line(self.lines, text, moment, self._section)
        if self.traces.feed(text, f"{self.source_id}:{self.lines}"):
            return
        self._count(line, parsed, known, key, own_time)

    def _note_time(self, section: Section, moment: float) -> None:
        if section.current is not None and moment < section.current - 1:
            section.disorder += 1
        section.current = moment
        section.first = moment if section.first is None else min(section.first, moment)
        section.last = moment if section.last is None else max(section.last, moment)

    def _count(
        self, line: Line, parsed: Parsed | None, known: Group | None, key: bytes, own_time: bool
    ) -> None:
        if known is None and parsed is not None:
            known = self._group_of(parsed, line)
            if len(self._keys) >= MAX_KEYS:
                self._keys.clear()
            self._keys[key] = known
            if parsed.trace:
                self._trail(parsed.trace, line, known.level)
            if parsed.stack and (trace := fold_text(parsed.stack, f"{self.source_id}:{line.number}")):
                self.traces.add(trace)
        if known is not None:
            known.see(line, 1, self._bin(line.time))
            if own_time:
                self._previous_level = known.level

    def _group_of(self, parsed: Parsed, line: Line) -> Group:
        shape = shape_of(parsed.message)
        identity = (parsed.level, parsed.component, shape)
        group = self.groups.get(identity)
        if group is None:
            group = Group(parsed.level, parsed.component, shape, line, line)
            self.groups[identity] = group
            if len(self.suspicious) < 20 and INSTRUCTION.search(line.text):
                self.suspicious.append(line)
        return group

    def _trail(self, trace: str, line: Line, level: Level) -> None:
        trail = self.trails.get(trace)
        bad = int(level in ("fatal", "error", "warn"))
        if trail is None:
            if len(self.trails) < MAX_IDS:
                self.trails[trace] = Trail({line.section: line}, bad)
        else:
            trail.lines.setdefault(line.section, line)
            trail.worst = max(trail.worst, bad)

    def _bin(self, moment: float | None) -> int | None:
        if moment is None:
            return None
        number = self.bins.number(moment)
        while self.bins.note(number):
            rebin(list(self.groups.values()), self.bins.widen())
            number = self.bins.number(moment)
        return number

    def finish(self) -> None:
        """Close what is still open."""
        self.traces.close()
