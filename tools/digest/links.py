"""What leads from one service to another: request ids seen in several, and which service complained first."""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TypeVar

from .groups import Line
from .models import Level, Link, LinkStop
from .timestamps import iso

MAX_IDS = 20_000  # request ids held
MAX_SERVICES = 300
MAX_LINKS = 80  # of one source: also ids that may lead to another source
MAX_MERGED = 50
MAX_STOPS = 12
FIRST_ERRORS = "first errors"
_SHOWN = 20  # links whose lines are stored as evidence
_MAX_RAW = 4000  # bytes kept of a line
_BAD: tuple[Level, ...] = ("fatal", "error", "warn")

_T = TypeVar("_T")
Place = tuple[int, str | None]  # section and component


@dataclass(slots=True)
class Trail:
    """A request id: its first line at each place, and whether it occurs in a warning or worse."""

    lines: dict[Place, Line]
    bad: bool


_Seen = tuple[int, bytes, int, str | None]  # number, bytes and section of a line, and its component


@dataclass(slots=True)
class LinkNotes:
    """What a collector remembers of ids and first errors, in bounded memory.

    Ids that lead somewhere have trails, ids that failed are held apart; of all others only the newest are held, since
    a request is over soon. This is called once per line, hence the plain tuples."""

    trails: dict[str, Trail] = field(default_factory=dict)
    complaints: dict[Place, Line] = field(default_factory=dict)
    forgotten: int = 0
    _failed: dict[str, _Seen] = field(default_factory=dict)
    _newer: dict[str, _Seen] = field(default_factory=dict)
    _older: dict[str, _Seen] = field(default_factory=dict)

    def note_id(
        self, name: str, number: int, raw: bytes, section: int, component: str | None, level: Level
    ) -> None:  # fmt: skip
        """Remember where a request id occurs."""
        bad = level in _BAD
        if name not in self.trails:
            seen = self._newer.get(name) or self._older.get(name) or self._failed.get(name)
            if seen is None:
                holder = self._failed if bad else self._newer
                holder[name] = (number, raw if len(raw) <= _MAX_RAW else raw[:_MAX_RAW], section, component)
                if len(holder) >= MAX_IDS // 4:
                    self._make_room()
                return
            if seen[2] == section and seen[3] == component:
                if bad:
                    self._failed.setdefault(name, seen)
                return
            if len(self.trails) >= MAX_IDS // 4:
                self.trails = self._newest_half(self.trails)
            self.trails[name] = Trail({(seen[2], seen[3]): _line(seen)}, name in self._failed)
        trail = self.trails[name]
        trail.bad = trail.bad or bad
        place = (section, component)
        if place not in trail.lines and len(trail.lines) < MAX_STOPS:
            trail.lines[place] = _line((number, raw[:_MAX_RAW], section, component))

    def _make_room(self) -> None:
        if len(self._failed) >= MAX_IDS // 4:
            self._failed = self._newest_half(self._failed)
        else:
            self.forgotten += sum(1 for name in self._older if name not in self.trails)
            self._older, self._newer = self._newer, {}

    def _newest_half(self, held: dict[str, _T]) -> dict[str, _T]:
        half = len(held) // 2
        self.forgotten += half
        return dict(islice(held.items(), half, None))

    def all_trails(self) -> dict[str, Trail]:
        """Return the trails, and one for each id that was seen in one place only."""
        single = {
            name: Trail({(seen[2], seen[3]): _line(seen)}, name in self._failed)
            for name, seen in (self._older | self._newer | self._failed).items()
        }
        return single | self.trails

    def note_level(self, line: Line, component: str | None, level: Level) -> None:
        """Remember the first error of each place."""
        if level not in ("fatal", "error"):
            return
        known = self.complaints.get((line.section, component))
        if (known is None and len(self.complaints) < MAX_SERVICES) or (known and line.number < known.number):
            self.complaints[(line.section, component)] = _short(line)

    def join(self, part: "LinkNotes", shift: Callable[[Line], Line]) -> None:
        """Add the notes of lines that follow; `shift` gives them their place in the whole."""
        self.forgotten += part.forgotten
        for name, trail in part.all_trails().items():
            for (section, component), line in trail.lines.items():
                number = shift(line).number
                self.note_id(name, number, line.raw, section, component, "warn" if trail.bad else "none")
        for (_, component), line in part.complaints.items():
            self.note_level(shift(line), component, "error")


def _line(seen: _Seen) -> Line:
    return Line(seen[0], seen[1], None, seen[2])


def _short(line: Line) -> Line:
    return line._replace(raw=line.raw[:_MAX_RAW]) if len(line.raw) > _MAX_RAW else line


def make_link(name: str, stops: Sequence[LinkStop], *, by_time: bool = False, bad: bool = False) -> Link:
    """Return a link over the stops in time order: the first of each service and source, at most MAX_STOPS."""
    first: dict[tuple[str, str], LinkStop] = {}
    for stop in sorted(stops, key=lambda stop: (stop.time or "", int(stop.evidence.partition(":")[2]))):
        first.setdefault((stop.service, stop.source), stop)
    return Link(
        id=name, kind="time" if by_time else "id", bad=bad, stops=list(first.values())[:MAX_STOPS]
    )  # fmt: skip


def build_links(
    notes: LinkNotes,
    places: Sequence[tuple[str, str]],
    redact: Callable[[str], str],
    timed: Callable[[Line], Line],
    store: Callable[[Line, bool], str],
) -> list[Link]:
    """Return the links of one source: first errors, then ids that failed and led somewhere, then candidates.

    `places` are (id, name) of the sections; `store(line, keep)` returns a line's evidence id and keeps the line if told
    to. Candidates, chosen alike in every source, are ids that may be found in another one."""

    def stop(place: Place, line: Line, keep: bool) -> LinkStop:
        line = timed(line)
        source, name = places[line.section]
        service = redact(place[1] or name.rsplit("/", 1)[-1])
        return LinkStop(service=service, source=source, time=iso(line.time), evidence=store(line, keep))

    links = []
    if notes.complaints:
        earliest = sorted(notes.complaints.items(), key=lambda item: item[1].number)[: 2 * MAX_STOPS]
        stops = [stop(*item, True) for item in earliest]
        links.append(make_link(FIRST_ERRORS, stops, by_time=True, bad=True))
    ranked = sorted(
        notes.all_trails().items(),
        key=lambda item: (len(item[1].lines) == 1, not item[1].bad, zlib.crc32(item[0].encode())),
    )
    failed = [item for item in ranked if item[1].bad][: MAX_LINKS // 2]
    chosen = dict([*failed, *ranked][: MAX_LINKS + len(failed)])
    for number, (name, trail) in enumerate(list(chosen.items())[:MAX_LINKS]):
        stops = [stop(*item, number < _SHOWN) for item in trail.lines.items()]
        links.append(make_link(redact(name), stops, bad=trail.bad))
    return links


def merge_links(parts: Iterable[Sequence[Link]]) -> list[Link]:
    """Join the links of several sources; only what leads from one service or source to another remains."""
    joined: dict[tuple[str, str], list[Link]] = {}
    for link in chain.from_iterable(parts):
        joined.setdefault((link.kind, link.id), []).append(link)
    links = [
        make_link(
            name,
            [stop for link in same for stop in link.stops],
            by_time=kind == "time",
            bad=any(link.bad for link in same),
        )
        for (kind, name), same in joined.items()
    ]
    links = [link for link in links if len(link.stops) > 1]
    return sorted(links, key=lambda link: (link.kind != "time", not link.bad, -len(link.stops)))[:MAX_MERGED]
