"""Reads blocks of lines at C speed into a Collector: only one line of each distinct key is looked at in Python.

A line's key is the line without its digits, made for a whole block at once. Lines with the same key have the same
shape, so they are counted without being parsed. Where ids make many keys, small hex letters are left out too; then the
newest line of each key is looked at in every fourth block, since words may have become equal (`find`, `bind`). Some
kinds of lines need more than that: lines with a code (an HTTP status: digits that are evidence), JSON and logfmt
lines, stack frames, and blank lines.
"""

import re
from collections import Counter
from collections.abc import Sequence

from .collect import DIGITS, HEX_DIGITS, MAX_KEYS, Collector
from .fields import parse_logfmt
from .groups import Group, Line
from .keys import Entry, Kind, codes_of, words_of
from .parse import Parsed, id_pattern
from .pressure import Vocabulary
from .shapes import code_pattern
from .spans import Span, span_of
from .stacks import cause_of, is_frame, opens_trace, record_start
from .structured import StructuredReader
from .traceruns import TraceRuns

_MANY_SHARE = 0.05  # above this share of new keys in two blocks, hex letters are left out of keys
_NEW_SHARE = 0.25  # above this share of new keys a block is under pressure: ids defeat the hex key
_ORDERED = (b"==> ", b"__CURSOR=")  # headings, and entries that take several lines
_HOLD_FROM = 1 << 14  # smaller blocks come from the end of a file


class BlockReader:
    """Feeds blocks into a collector; the collector's own line-by-line way is used where exactness needs it."""

    def __init__(self, collector: Collector, *, exact_bytes: int) -> None:
        """The first `exact_bytes` bytes are read line by line: small logs deserve exact times, and cost little."""
        self._to = collector
        self._exact_left = exact_bytes
        self._entries: dict[bytes, Entry] = {}
        self._coded: dict[tuple[bytes, object], Group] = {}
        self._runs = TraceRuns(collector)
        self._deleted = DIGITS
        self._blocks = self._many = self._pressure = 0
        self._held: list[bytes] = []
        self._structured = StructuredReader(collector)

    def add(self, block: bytes, *, closing: bool = False) -> int:
        """Take a block of whole lines; return how many lines were read in it.

        The last record is held back until the next block or `closing`: its stack trace may go on there."""
        if self._held:
            block = b"\n".join(self._held) + b"\n" + block
        lines = block.split(b"\n")
        lines.pop()  # a block ends with a line end
        held = len(lines) - record_start(lines) if len(block) > _HOLD_FROM and not closing else 0
        self._held = lines[len(lines) - held :]
        if held:
            del lines[-held:]
            block = block[: len(block) - sum(map(len, self._held)) - held]
        if self._exact_left > 0 or self._to.journal.open or _needs_order(block):
            self._exact_left -= len(block)
            self._to.add_lines(lines)
            return len(lines)
        span = span_of(self._to, lines)
        where = self._place(span)
        if where == "border":
            self._to.add_lines(lines)
            return len(lines)
        section = self._to.section
        section.lines += len(lines)
        section.bytes += len(block)
        for moment in (span.first, span.last) if span else ():
            section.note_time(moment)
        if where == "outside":
            self._to.outside += len(lines)
        else:
            self._count(block, lines, span)
        self._to.lines += len(lines)
        return len(lines)

    def finish(self) -> None:
        """Read what is held back and close what is open."""
        if self._held:
            block = b"\n".join(self._held) + b"\n"
            self._held = []
            self.add(block, closing=True)
        self._structured.finish()
        self._to.finish()

    def _place(self, span: Span | None) -> str:
        low, high = self._to.bounds
        if low == float("-inf") and high == float("inf"):
            return "inside"
        if span is None or not span.ordered:
            return "border"
        if low <= span.first and span.last <= high:
            return "inside"
        return "outside" if span.last < low or span.first > high else "border"

    def _count(self, block: bytes, lines: list[bytes], span: Span | None) -> None:
        moment = (span.first + span.last) / 2 if span else self._to.section.current
        bin_number = self._to.bin_of(moment, span.last - span.first if span else 0.0)
        self._to.coarse = max(self._to.coarse, span.last - span.first if span else 0.0)
        base = self._to.lines + 1
        probe = lines[:: max(len(lines) // 16, 1)]
        if sum(1 for raw in probe if raw[:1] == b"{") * 2 > len(probe):
            rest = self._structured.add_many(lines, range(base, base + len(lines)), bin_number)
            if not rest:
                return
            numbers: Sequence[int] = rest
            lines = [lines[number - base] for number in rest]
            block = b"\n".join(lines) + b"\n"
        else:
            numbers = range(base, base + len(lines))
        vocabulary = self._to.vocabulary
        text = vocabulary.keys(block) if vocabulary else block.translate(None, self._deleted)
        keys = text.split(b"\n")
        keys.pop()
        self._count_keys(lines, keys, numbers, bin_number)

    def _count_keys(
        self,
        lines: list[bytes],
        keys: list[bytes],
        numbers: Sequence[int],
        bin_number: int | None,
    ) -> None:
        counts = Counter(keys)
        last = dict(zip(keys, range(len(keys)), strict=True))  # in the order of first occurrence
        first: dict[bytes, int] | None = None
        special: dict[bytes, list[int]] = {}
        new, section = 0, self._to.section_number
        self._blocks += 1
        check = self._deleted is HEX_DIGITS and (self._blocks <= 8 or self._blocks % 4 == 0)
        for key, place in last.items():
            entry = self._entries.get(key)
            if entry is None:
                if first is None:
                    first = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
                new += 1
                entry = self._enter(key, lines, first[key], numbers)
            if check and entry.kind is Kind.PLAIN:
                entry = self._checked(key, entry, lines[place])
            if entry.kind is Kind.PLAIN or entry.kind is Kind.TRACE_EVENT:
                assert entry.group is not None  # noqa: S101 - both kinds have one
                entry.group.see(Line(numbers[place], lines[place], None, section), counts[key], bin_number)
            if entry.ids is not None or entry.kind not in (Kind.PLAIN, Kind.BLANK):
                special[key] = []
        self._watch(new / max(len(keys), 1))
        if special:
            for place, key in enumerate(keys):
                if key in special:
                    special[key].append(place)
            self._handle(special, lines, numbers, bin_number)
        if len(self._entries) > MAX_KEYS:
            self._forget()

    def _watch(self, new: float) -> None:
        """Judge a block's share of new keys: too many mean that ids are part of them."""
        if self._deleted is DIGITS:
            self._many += new > _MANY_SHARE
            if self._many >= 2:
                self._deleted = HEX_DIGITS
                self._forget()
        elif not self._to.vocabulary:
            self._pressure += new > _NEW_SHARE
            if self._pressure >= 3:
                self._to.vocabulary = Vocabulary()
                self._to.make_room()
                self._forget()

    def _forget(self) -> None:
        """Empty the caches; groups stay, so only speed is lost for a moment."""
        self._entries.clear()
        self._coded.clear()

    def _checked(self, key: bytes, entry: Entry, newest: bytes) -> Entry:
        """Return the entry; as MIXED from now on, if this line of its key is of another shape."""
        if words_of(newest) == entry.words:
            return entry
        to = self._to
        parsed = to.section.parser.parse(to.clean(newest))
        if entry.like is None or to.shape_of(parsed) == to.shape_of(entry.like):
            return entry
        entry = self._entries[key] = entry._replace(kind=Kind.MIXED)
        return entry

    def _enter(self, key: bytes, lines: list[bytes], place: int, numbers: Sequence[int]) -> Entry:
        """Look at the first line of a new key."""
        to = self._to
        text = to.clean(lines[place])
        entry = Entry(Kind.PLAIN)
        if not text or text.isspace():
            entry = Entry(Kind.BLANK)
        elif is_frame(text) or (text[:4] == "    " and place and b'File "' in lines[place - 1][:40]):
            entry = Entry(Kind.FRAME)
        elif text[0] == "{" or ("=" in text[:40] and parse_logfmt(text)):
            entry = Entry(Kind.STRUCTURED)
        else:
            parsed = to.section.parser.parse(text)
            to.section.formats[parsed.format] += 1
            codes = code_pattern(text)
            ids = id_pattern(text) if parsed.trace else None
            if codes is not None and codes.search(lines[place]):
                entry = Entry(Kind.CODE, None, codes, ids, parsed)
            else:
                group = to.group_of(
                    parsed, Line(numbers[place], lines[place], parsed.time, to.section_number)
                )
                words = words_of(lines[place]) if self._deleted is HEX_DIGITS else b""
                event = opens_trace(text) or cause_of(text) is not None
                entry = Entry(Kind.TRACE_EVENT if event else Kind.PLAIN, group, None, ids, parsed, words)
        self._entries[key] = entry
        return entry

    def _handle(
        self,
        special: dict[bytes, list[int]],
        lines: list[bytes],
        numbers: Sequence[int],
        bin_number: int | None,
    ) -> None:
        frames: list[int] = []
        for key, places in special.items():
            entry = self._entries.get(key)
            if entry is not None and entry.ids is not None and entry.like is not None:
                self._note_ids(entry.ids, entry.like, places, lines, numbers)
            if entry is None or entry.kind is Kind.STRUCTURED:
                raws = {numbers[place]: lines[place] for place in places}
                for number in self._structured.add_many(list(raws.values()), list(raws), bin_number):
                    self._see_alone(raws[number], number, bin_number)
            elif entry.kind is Kind.CODE and entry.codes is not None:
                found = codes_of(entry.codes, [lines[place] for place in places])
                self._count_apart(key, found, places, lines, numbers, bin_number)
            elif entry.kind is Kind.MIXED:
                found = [words_of(lines[place]) for place in places]
                self._count_apart(key, found, places, lines, numbers, bin_number)
            elif entry.kind is not Kind.PLAIN:
                frames += places
        if frames:
            self._runs.fold(sorted(frames), lines, numbers)

    def _note_ids(
        self, ids: re.Pattern[bytes], like: Parsed, places: list[int], lines: list[bytes], numbers: Sequence[int]
    ) -> None:  # fmt: skip
        """Note the request id of each line of one key."""
        note, section = self._to.links.note_id, self._to.section_number
        for place in places:
            match = ids.search(lines[place])
            if match:
                name = match.group(1).decode()
                note(name, numbers[place], lines[place], section, like.component, like.level)

    def _see_alone(self, raw: bytes, number: int, bin_number: int | None) -> Group:
        """Count one line by parsing it."""
        to = self._to
        parsed = to.section.parser.parse(to.clean(raw))
        line = Line(number, raw, parsed.time, to.section_number)
        group = to.group_of(parsed, line)
        group.see(line, 1, bin_number)
        return group

    def _count_apart(
        self, key: bytes, found: list[object], places: list[int], lines: list[bytes], numbers: Sequence[int],
        bin_number: int | None,
    ) -> None:  # fmt: skip
        """Count the lines of one key apart by what was found in each."""
        counts = Counter(found)
        newest = dict(zip(found, places, strict=True))
        oldest: dict[object, int] | None = None
        for code, place in newest.items():
            group = self._coded.get((key, code))
            count = counts[code]
            if group is None:
                if oldest is None:
                    oldest = dict(zip(reversed(found), reversed(places), strict=True))
                group = self._see_alone(lines[oldest[code]], numbers[oldest[code]], bin_number)
                self._coded[(key, code)] = group
                count -= 1
            if count:
                group.see(
                    Line(numbers[place], lines[place], None, self._to.section_number), count, bin_number
                )


def _needs_order(block: bytes) -> bool:
    """Return whether lines of a block depend on those before them."""
    return any(block.startswith(mark) or b"\n" + mark in block for mark in _ORDERED)
