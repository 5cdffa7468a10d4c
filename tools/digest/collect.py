"""What is gathered from one source: groups, traces, request ids, sections. Here line by line; blocks.py does it faster.

Line by line every line is parsed, so that times, window and sections are exact. Small sources, the borders of the
window and blocks with `==> name <==` headings are read this way.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from ..hostile import instruction_kind
from .groups import Bins, Group, Line, merge_rare_words, merge_similar, rebin
from .journal import FIRST_KEY, JournalReader
from .links import LinkNotes
from .models import Level
from .parse import ANSI, LineParser, Parsed
from .pressure import Vocabulary
from .shapes import CODE, Shape, shape_of
from .stacks import TraceReader, fold_text
from .window import Window

MAX_TEXT = 4000  # characters of a line that are looked at and kept
MAX_KEYS = 100_000  # entries of the key cache; it is only a cache
MAX_GROUPS = 20_000  # distinct shapes held; beyond, similar ones merge and the plainest are only counted
# What a line's key leaves out. Without hex letters `find` and `bind` are one word, so they stay until ids with such
# letters make too many keys. Capitals always stay: levels are written with them.
DIGITS = b"0123456789"
HEX_DIGITS = b"0123456789abcdef"
MANY_KEYS = 1000
HEADING = re.compile(r"==> (.{1,300}) <==\s*$")


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
    current: float | None = None
    disorder: int = 0
    formats: Counter[str] = field(default_factory=Counter)

    def note_time(self, moment: float) -> None:
        """Note the time stamp of the newest line."""
        if self.current is not None and moment < self.current - 1:
            self.disorder += 1
        self.current = moment
        self.first = moment if self.first is None else min(self.first, moment)
        self.last = moment if self.last is None else max(self.last, moment)


class Collector:
    """Takes lines in order; holds everything a digest needs, in bounded memory."""

    def __init__(self, source_id: str, name: str, *, window: Window, reference: datetime) -> None:
        self.source_id, self.name = source_id, name
        self.bounds = window.bounds()
        self.sections = [Section(source_id, name, LineParser(reference))]
        self.section_number = 0
        self.groups: dict[tuple[Level, str | None, Shape], Group] = {}
        self.bins = Bins()
        self.traces = TraceReader()
        self.journal = JournalReader()
        self.links = LinkNotes()
        self.oddities: Counter[str] = Counter()
        self.lines = self.outside = self.unparsed = 0
        self.suspicious: list[Line] = []
        self.dropped_shapes = 0
        self.coarse = 0.0  # seconds that the longest block read at once covers
        self.vocabulary: Vocabulary | None = None  # set while random ids defeat the usual keys
        nothing = Line(0, b"", None, 0)
        self.dropped = Group("none", None, (), nothing, nothing)  # lines of shapes that were let go
        self._reference = reference
        self._keys: dict[bytes, Group | None] = {}  # None: lines of this key must be parsed each

    @property
    def section(self) -> Section:
        """The section that lines belong to now."""
        return self.sections[self.section_number]

    def add_lines(self, lines: list[bytes]) -> None:
        """Take whole lines (without their line ends), one after the other."""
        for raw in lines:
            self.lines += 1
            text = self.clean(raw)
            if text[:4] == "==> " and (match := HEADING.match(text)):
                self._open_section(match.group(1))
                self.section.lines += 1
                self.section.bytes += len(raw) + 1
            else:
                self._add(text, raw)

    def clean(self, raw: bytes) -> str:
        """Return a line as text: no line end, NUL or colour; undecodable bytes as `\\xNN`; at most MAX_TEXT long."""
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
        if self.lines == 1:  # the source begins with a heading: no line belongs to the whole
            self.sections.clear()
        number = sum(1 for section in self.sections if section.id != self.source_id) + 1
        if number <= 200:
            self.sections.append(Section(f"{self.source_id}.{number}", name, LineParser(self._reference)))
        else:
            self.oddities["headings beyond the 200th, read as one section"] += 1
        self.section_number = len(self.sections) - 1

    def _add(self, text: str, raw: bytes) -> None:
        section = self.section
        section.lines += 1
        section.bytes += len(raw) + 1
        if self.journal.open or text.startswith(FIRST_KEY):
            self._add_entry(self.journal.feed(text, self.lines, raw))
            return
        if not text or text.isspace():
            return
        key = raw.translate(None, DIGITS if len(self._keys) < MANY_KEYS else HEX_DIGITS)
        known = self._keys.get(key)
        parsed = section.parser.parse(text) if known is None else None
        moment = parsed.time if parsed else section.parser.time_of(text)
        if parsed:
            section.formats[parsed.format] += 1
            self.unparsed += moment is None and parsed.format == "plain"
        moment = self._settle(moment)
        if moment is not None and not self.bounds[0] <= moment <= self.bounds[1]:
            self.outside += 1
            return
        if self.traces.feed(text, f"{self.source_id}:{self.lines}"):
            return
        line = Line(self.lines, raw, moment, self.section_number)
        if parsed is not None:
            known = self.group_of(parsed, line)
            if len(self._keys) > MAX_KEYS:
                self._keys.clear()
            each = (
                parsed.fields or text[0] == "<" or parsed.trace is not None or CODE.search(text) is not None
            )
            self._keys[key] = None if each else known
        elif known is not None:
            self.links.note_level(line, known.component, known.level)
        if known is not None:
            known.see(line, 1, self.bin_of(moment))

    def _settle(self, moment: float | None) -> float | None:
        """Note a line's time; a line without one takes that of the record before."""
        if moment is None:
            return self.section.current
        self.section.note_time(moment)
        return moment

    def _add_entry(self, entry: tuple[dict[str, str], int, bytes] | None) -> None:
        """Count an entry of a journal export; its other lines are only read."""
        if entry is None:
            return
        fields, number, raw = entry
        parsed = self.section.parser.structured(fields, "journald")
        self.section.formats[parsed.format] += 1
        moment = self._settle(parsed.time)
        if moment is not None and not self.bounds[0] <= moment <= self.bounds[1]:
            self.outside += 1
            return
        line = Line(number, raw, moment, self.section_number)
        self.group_of(parsed, line).see(line, 1, self.bin_of(moment))

    def group_of(self, parsed: Parsed, line: Line) -> Group:
        """Return the group of a parsed line, opening it if it is new; note the line's id and trace, if any."""
        identity = (parsed.level, parsed.component, self.shape_of(parsed))
        group = self.groups.get(identity)
        if group is None:
            if len(self.groups) >= MAX_GROUPS:
                self.make_room()
            group = self.groups[identity] = Group(*identity, line, line)
            if len(self.suspicious) < 20 and instruction_kind(parsed.message):
                self.suspicious.append(line)
        self.links.note_level(line, group.component, group.level)
        if parsed.trace:
            self.links.note_id(
                parsed.trace, line.number, line.raw, line.section, group.component, group.level
            )
        if parsed.stack and (trace := fold_text(parsed.stack, f"{self.source_id}:{line.number}")):
            self.traces.add(trace)
        return group

    def shape_of(self, parsed: Parsed) -> Shape:
        """Return the shape of a line's message."""
        return shape_of(self.vocabulary.mask(parsed.message) if self.vocabulary else parsed.message)

    def bin_of(self, moment: float | None, span: float = 0.0) -> int | None:
        """Return the time slice of a moment; slices are widened so that they stay few and as wide as `span`."""
        if moment is None:
            return None
        number = self.bins.number(moment)
        while self.bins.note(number) or (self.bins.width < span and self.bins.can_widen()):
            rebin(list(self.groups.values()), self.bins.widen())
            number = self.bins.number(moment)
        return number

    def make_room(self) -> None:
        """Merge similar groups; if that frees too little, count out the plainest rare ones."""
        merged = merge_similar(merge_rare_words(list(self.groups.values()), minimum=5), minimum=5)
        if len(merged) > MAX_GROUPS * 0.7:
            merged.sort(key=lambda g: (g.level in ("info", "debug", "none"), g.count == 1, g.first.number))
            for group in merged[MAX_GROUPS // 2 :]:
                self.dropped.absorb(group)
                self.dropped_shapes += 1
            del merged[MAX_GROUPS // 2 :]
        self.groups = {(group.level, group.component, group.shape): group for group in merged}
        self._keys.clear()

    def forget_caches(self) -> None:
        """Drop what only speeds reading up, before the collector travels to another process."""
        self._keys.clear()

    def finish(self) -> None:
        """Close what is still open and read the times of kept lines."""
        self._add_entry(self.journal.close())
        self.traces.close()
        for group in self.groups.values():
            group.first, group.last = self.timed(group.first), self.timed(group.last)
            group.note_times()

    def timed(self, line: Line) -> Line:
        """Return a line with its time, read now if lines came in blocks."""
        if line.time is not None:
            return line
        return line._replace(time=self.sections[line.section].parser.time_of(self.clean(line.raw)))
