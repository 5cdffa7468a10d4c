"""Groups of lines of one shape, and what is remembered of each: bounded, whatever the number of lines."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from .models import Level
from .shapes import STAR, Shape, code_merge, loose_merge, rare_word_merge, slot_merge, slot_value

MAX_SAMPLES = 32
WIDTHS = (1, 5, 15, 60, 300, 900, 3600, 21600, 86400, 604800)  # seconds; each divides the next but one
MAX_BINS = 512


class Line(NamedTuple):
    """A line kept as evidence: its number in the source, its bytes, time (None: not read yet) and section."""

    number: int
    raw: bytes
    time: float | None
    section: int


@dataclass(slots=True)
class Group:
    """All lines of one (level, component, shape)."""

    level: Level
    component: str | None
    shape: Shape
    first: Line
    last: Line
    count: int = 0
    sections: Counter[int] = field(default_factory=Counter)
    bins: dict[int, int] = field(default_factory=dict)
    samples: list[Line] = field(default_factory=list)
    others: list[Line] = field(default_factory=list)  # merged-in shapes' first lines
    slots: dict[str, dict[str, int]] = field(default_factory=dict)
    stride: int = 1
    until_sample: int = 0
    first_time: float | None = None
    last_time: float | None = None
    into: "Group | None" = None  # the group this one was merged into; caches may still hold this one

    @property
    def kind(self) -> str:
        """What must be equal for two groups to merge."""
        return f"{self.level}\t{self.component}"

    def see(self, line: Line, count: int, bin_number: int | None) -> None:
        """Count `count` lines of which `line` is the newest."""
        if self.into is not None:
            target = self.into
            while target.into is not None:
                target = target.into
            return target.see(line, count, bin_number)
        self.count += count
        self.last = line
        self.sections[line.section] += count
        if bin_number is not None:
            self.bins[bin_number] = self.bins.get(bin_number, 0) + count
        if line.time is not None:
            if self.first_time is None or line.time < self.first_time:
                self.first_time = line.time
            if self.last_time is None or line.time > self.last_time:
                self.last_time = line.time
        self.until_sample -= 1
        if self.until_sample < 0:
            self._sample(line)
        return None

    def note_times(self) -> None:
        """Take the times of the first and last line into account (read late where lines came in blocks)."""
        times = [
            t for t in (self.first_time, self.last_time, self.first.time, self.last.time) if t is not None
        ]
        self.first_time, self.last_time = min(times, default=None), max(times, default=None)

    def _sample(self, line: Line) -> None:
        self.samples.append(line)
        if len(self.samples) > MAX_SAMPLES:  # every second stays, and from now on half as many come
            self.samples = self.samples[::2]
            self.stride *= 2
        self.until_sample = self.stride - 1

    def absorb(self, other: "Group") -> None:
        """Add another group's lines to this one's, now and from now on."""
        other.into = self
        self.count += other.count
        if other.first.number < self.first.number:
            self.others.append(self.first)
            self.first = other.first
        else:
            self.others.append(other.first)
        self.others = (self.others + other.others)[:24]
        self.last = max(self.last, other.last, key=lambda line: line.number)
        self.sections.update(other.sections)
        for number, count in other.bins.items():
            self.bins[number] = self.bins.get(number, 0) + count
        times = [t for t in (self.first_time, other.first_time) if t is not None]
        self.first_time = min(times, default=None)
        self.last_time = max((t for t in (self.last_time, other.last_time) if t is not None), default=None)
        both = sorted(self.samples + other.samples, key=lambda line: line.number)
        self.samples = both[:: 1 + len(both) // (MAX_SAMPLES + 1)]


class Bins:
    """Slices of time whose width grows so that their number stays bounded."""

    def __init__(self) -> None:
        self.step = 0
        self._low: int | None = None
        self._high: int | None = None

    @property
    def width(self) -> int:
        """Seconds per slice."""
        return WIDTHS[self.step]

    def can_widen(self) -> bool:
        """Return whether there is a wider width."""
        return self.step < len(WIDTHS) - 1

    def number(self, epoch: float) -> int:
        """Return the slice of a moment."""
        return int(epoch // WIDTHS[self.step])

    def note(self, number: int) -> bool:
        """Note a slice in use; return True if slices must be widened (call `widen`, then rebin all groups)."""
        if self._low is None or number < self._low:
            self._low = number
        if self._high is None or number > self._high:
            self._high = number
        return self._high - self._low > MAX_BINS and self.step < len(WIDTHS) - 1

    def widen(self, step: int | None = None) -> int:
        """Go to the next width (or to `step`); return by how much old slice numbers must be divided."""
        old = self.width
        self.step = min(self.step + 1 if step is None else step, len(WIDTHS) - 1)
        factor = self.width // old
        self._low = None if self._low is None else self._low // factor
        self._high = None if self._high is None else self._high // factor
        return factor


def rebin(groups: list[Group], factor: int) -> None:
    """Fold the groups' time slices into slices `factor` times as wide."""
    for group in groups:
        folded: dict[int, int] = {}
        for number, count in group.bins.items():
            folded[number // factor] = folded.get(number // factor, 0) + count
        group.bins = folded


def merge_similar(groups: list[Group], minimum: int, *, loose: bool = False) -> list[Group]:
    """Merge groups whose shapes differ in one word slot with at least `minimum` words, or in codes of success only.

    The words and codes merged are counted in `slots`. `loose`: then also merge shapes that differ only in partly
    masked words."""
    groups = _regroup(groups, code_merge((group.kind, group.shape) for group in groups))
    groups = _regroup(groups, slot_merge([(group.kind, group.shape) for group in groups], minimum))
    if not loose:
        return groups
    groups = _regroup(groups, loose_merge((group.kind, group.shape) for group in groups))
    return _regroup(groups, slot_merge([(group.kind, group.shape) for group in groups], minimum))


def merge_rare_words(groups: list[Group], minimum: int) -> list[Group]:
    """Merge groups whose shapes are equal but for rare words, where `minimum` or more are."""
    return _regroup(groups, rare_word_merge([(group.kind, group.shape) for group in groups], minimum))


def _regroup(groups: list[Group], merged: dict[tuple[str, Shape], Shape]) -> list[Group]:
    result: dict[tuple[str, Shape], Group] = {}
    for group in groups:
        shape = merged[(group.kind, group.shape)]
        if shape != group.shape:
            for position, (old, new) in enumerate(zip(group.shape, shape, strict=True)):
                if new != old and STAR not in old:  # what was masked before has no single value
                    name, value = slot_value(shape, position, old)
                    words = group.slots.setdefault(name, {})
                    words[value] = words.get(value, 0) + group.count
            group.shape = shape
        known = result.get((group.kind, shape))
        if known is None:
            result[(group.kind, shape)] = group
        else:
            known.absorb(group)
            for name, words in group.slots.items():
                into = known.slots.setdefault(name, {})
                for word, count in words.items():
                    if word in into or len(into) < 200:
                        into[word] = into.get(word, 0) + count
    return list(result.values())
