"""Reads JSON and logfmt lines in bulk: one parse per line, and grouping on level, writer, message and telling fields.

A field with many distinct values (ids, URLs, pod names) tells nothing about the event, so once a field has shown more
than `MAX_VALUES` of them it no longer splits groups: its value reads `<*>` in the template.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from . import fields as f
from .collect import DIGITS, HEX_DIGITS, MANY_KEYS, MAX_KEYS, Collector
from .groups import Group, Line
from .parse import Parsed
from .shapes import shape_of

MAX_VALUES = 48
_TELLING = frozenset(
    {
        "error",
        "err",
        "exception",
        "reason",
        "cause",
        "detail",
        "details",
        "errormessage",
        "error_message",
        "err_msg",
        "failure",
    }
)
_CODES = frozenset(
    {
        "status",
        "status_code",
        "statuscode",
        "code",
        "errno",
        "exit_code",
        "exitcode",
        "error_code",
        "http_status",
        "signal",
        "rc",
    }
)


class _Layout:
    """Which keys of objects with the same key names hold what."""

    def __init__(self, sample: dict[str, Any]) -> None:
        used: list[str] = []
        for keys in (f.TIME_KEYS, f.LEVEL_KEYS, f.MESSAGE_KEYS, f.COMPONENT_KEYS, f.TRACE_KEYS):
            used.append(f.first_of(sample, keys)[0])
        _, self.level, self.message, self.component, self.trace = used
        self.slow = ("log" in sample and "stream" in sample) or any(key in f.STACK_KEYS for key in sample)
        rest = [
            key
            for key in sample
            if key not in used and key not in f.SILENT and key not in f.TRACE_KEYS and key[:1] != "_"
        ]
        self.codes = [key for key in rest if key.lower() in _CODES]
        self.telling = [key for key in rest if key.lower() in _TELLING]
        self.narrow: dict[str, set[Any]] = {
            key: set() for key in rest if key not in self.codes and key not in self.telling
        }
        self.wide: set[str] = set()


class StructuredReader:
    """Counts structured lines into a collector's groups."""

    def __init__(self, collector: Collector) -> None:
        self._to = collector
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self._groups: dict[tuple[Any, ...], Group] = {}

    def add_many(self, lines: Sequence[bytes], numbers: Sequence[int], bin_number: int | None) -> list[int]:
        """Count lines; return the numbers of those that are not structured after all."""
        rest: list[int] = []
        section = self._to.section_number
        tallies: dict[int, list[Any]] = {}  # group, count, number and bytes of its newest line
        for raw, number in zip(lines, numbers, strict=True):
            try:
                value = orjson.loads(raw)
            except orjson.JSONDecodeError:
                value = f.parse_logfmt(self._to.clean(raw)) if raw[:1] != b"{" else None
            if not isinstance(value, dict) or not value:
                rest.append(number)
                continue
            group = self._group(value, raw, number)
            tally = tallies.get(id(group))
            if tally is None:
                tallies[id(group)] = [group, 1, number, raw]
            else:
                tally[1] += 1
                tally[2], tally[3] = number, raw
        for group, count, number, raw in tallies.values():
            group.see(Line(number, raw, None, section), count, bin_number)
        return rest

    def _group(self, value: dict[str, Any], raw: bytes, number: int) -> Group:
        names = tuple(value)
        layout = self._layouts.get(names)
        if layout is None:
            if len(self._layouts) > 2000:
                self._layouts.clear()
                self._groups.clear()
            layout = self._layouts[names] = _Layout(value)
        if layout.slow:
            return self._open(value, layout, raw, number)
        key = self._key(value, layout)
        group = self._groups.get(key)
        if group is None:
            group = self._open(value, layout, raw, number)
            if len(self._groups) > MAX_KEYS:
                self._groups.clear()
            self._groups[key] = group
        elif layout.trace:
            name = value[layout.trace]
            if isinstance(name, str) and len(name) >= 6:
                to = self._to
                to.links.note_id(name, number, raw, to.section_number, group.component, group.level)
        return group

    def _key(self, value: dict[str, Any], layout: _Layout) -> tuple[Any, ...]:
        """What makes lines of one layout equal: level, writer, message and telling values without their numbers."""
        key: list[Any] = [id(layout), value.get(layout.level), _plain(value.get(layout.component))]
        deleted = DIGITS if len(self._groups) < MANY_KEYS else HEX_DIGITS
        for name in (layout.message, *layout.telling):
            text = value.get(name)
            if isinstance(text, str):
                key.append(text.encode(errors="replace").translate(None, deleted))
            elif text is not None:
                key.append(_plain(text))
        for name in layout.codes:
            key.append(_plain(value.get(name)))
        full = ""
        for name, seen in layout.narrow.items():
            item = value[name]
            if isinstance(item, str):
                if item not in seen:
                    seen.add(item)
                    if len(seen) > MAX_VALUES:
                        full = name
                key.append(item)
            elif isinstance(item, bool):
                key.append(item)
        if full:
            del layout.narrow[full]
            layout.wide.add(full)
            self._groups.clear()
        return tuple(key)

    def _open(self, value: dict[str, Any], layout: _Layout, raw: bytes, number: int) -> Group:
        """Find the group of a line by parsing it wholly."""
        to = self._to
        masked = (
            {name: "<*>" if name in layout.wide else item for name, item in value.items()}
            if layout.wide
            else value
        )
        parsed = to.section.parser.structured(masked, "json" if raw[:1] == b"{" else "logfmt")
        to.section.formats[parsed.format] += 1
        return to.group_of(parsed, Line(number, raw, parsed.time, to.section_number))

    def finish(self) -> None:
        """Fold groups that were opened before a field proved to be wide."""
        wide = set().union(*(layout.wide for layout in self._layouts.values()))
        if not wide:
            return
        to = self._to
        folded: dict[tuple[Any, ...], Group] = {}
        for identity, group in to.groups.items():
            parsed = self._again(group, wide)
            known = folded.get(parsed or identity)
            if parsed is not None:
                group.shape = parsed[2]
            if known is None:
                folded[parsed or identity] = group
            else:
                known.absorb(group)
                known.others = known.others[:3]
        to.groups = folded

    def _again(self, group: Group, wide: set[str]) -> tuple[Any, ...] | None:
        if group.first.raw[:1] != b"{":
            return None
        value = f.parse_json(group.first.raw)
        layout = self._layouts.get(tuple(value)) if value else None
        if value is None or layout is None or not layout.wide & wide:
            return None
        masked = {name: "<*>" if name in layout.wide else item for name, item in value.items()}
        parsed: Parsed = self._to.section.parser.structured(masked, "json")
        return (parsed.level, parsed.component, shape_of(parsed.message))


def _plain(value: object) -> object:
    """A hashable stand-in for a JSON value."""
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
