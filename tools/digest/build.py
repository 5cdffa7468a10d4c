"""From what was collected of one source to its bounded digest."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from ..redaction import Redactor
from .access import access_stats
from .collect import Collector
from .durations import slowest
from .groups import Group, Line, merge_rare_words, merge_similar
from .levels import LEVELS
from .links import MAX_LINKS, build_links
from .models import EvidenceLine, LogDigest, SourceInfo, StackTrace, Template, TimeBucket
from .rank import rank
from .shapes import STAR
from .timestamps import iso
from .trends import MIN_SAMPLES, find_trends

MAX_TEMPLATES = 400
MAX_BYTES = 190_000  # of one source's digest as JSON, about: it travels through checkpoints
_STACK_BYTES, _LINK_BYTES = 900, 340  # what one of them takes of it
LONG_TEXT, SHORT_TEXT = 2000, 300
_HELD = "\ue000"  # stands for a template's variable part while secrets are looked for
MAX_BUCKETS = 60
MAX_STACKS = 30


def build_digest(
    collector: Collector, redactor: Redactor, *, pivot: float | None, notes: list[str]
) -> LogDigest:
    """Return the digest of a finished collector. `pivot`: the moment (epoch) before which all was as usual."""
    before = Counter(redactor.counts)
    groups = list(collector.groups.values())
    access = access_stats(collector, groups)  # before groups of several codes merge
    distinct = len(groups)
    many = distinct > MAX_TEMPLATES  # merging hides; what fits is left apart
    groups = merge_similar(groups, minimum=5 if many else 20, loose=many)
    if len(groups) > MAX_TEMPLATES:
        groups = merge_rare_words(groups, minimum=5)
    pivot = pivot if pivot is not None else _first_error(groups)
    pairs = [(_template(group, collector, redactor, pivot), group) for group in groups]
    by_id = {id(template): group for template, group in pairs}
    ranked = rank([template for template, _ in pairs])
    digest = LogDigest(
        lines_read=collector.lines,
        lines_outside_window=collector.outside,
        lines_unparsed=collector.unparsed,
        notes=notes,
    )
    writer = _EvidenceWriter(collector, redactor)
    stacks, ids = len(collector.traces.traces), len(collector.links.all_trails())
    room = MAX_BYTES - min(stacks, MAX_STACKS) * _STACK_BYTES - min(ids, MAX_LINKS) * _LINK_BYTES
    for number, template in enumerate(ranked[:MAX_TEMPLATES], start=1):
        template.id = f"t{number}"
        group = by_id[id(template)]
        lines = {line.number: line for line in (group.first, group.last, *group.others[:3])}
        if (slow := slowest(group.samples, list(lines.values()))) is not None:
            lines[slow.number] = slow
        template.examples = [
            writer.add(line, template, number <= 40 or len(ranked) <= 150) for line in lines.values()
        ]
        digest.templates.append(template)
        if writer.size > room:
            break
    _note_cut(digest, distinct, len(ranked), len(digest.templates))
    _add_facts(digest, collector, groups, redactor, writer)
    digest.access = [
        stats.model_copy(
            update={"worst_paths": {redactor.redact(p): n for p, n in stats.worst_paths.items()}}
        )
        for stats in access
    ]
    digest.evidence = sorted(writer.lines.values(), key=lambda line: line.line)
    digest.redactions = dict(Counter(redactor.counts) - before)
    return digest


def _note_cut(digest: LogDigest, distinct: int, ranked: int, kept: int) -> None:
    if kept < ranked:
        left = ranked - kept
        digest.notes.append(
            f"{left} of {ranked} templates ({distinct} distinct shapes) are counted but not listed"
        )


def _first_error(groups: Iterable[Group]) -> float | None:
    return min(
        (g.first_time for g in groups if g.level in ("fatal", "error") and g.first_time is not None),
        default=None,
    )


def _template(group: Group, collector: Collector, redactor: Redactor, pivot: float | None) -> Template:
    # A secret goes on behind a part that varies: `password=hunter<*>-x` is one word for the redactor.
    text = redactor.redact(" ".join(group.shape)[:400].replace(STAR, _HELD)).replace(_HELD, STAR)
    return Template(
        id="", template=text, count=group.count, level=group.level, component=group.component,
        sources=[collector.sections[number].id for number in group.sections],
        first=iso(group.first_time), last=iso(group.last_time),
        change=_change(group, collector, pivot),
        values={
            redactor.redact(name): {redactor.redact(word)[:80]: n for word, n in Counter(words).most_common(12)}
            for name, words in _telling_slots(group)
        },
        trends=find_trends([collector.clean(line.raw) for line in group.samples]) if group.count >= MIN_SAMPLES else [],
    )  # fmt: skip


def _telling_slots(group: Group) -> list[tuple[str, dict[str, int]]]:
    """Slots whose words repeat: words that all differ are ids."""
    slots = [
        (name, words) for name, words in group.slots.items() if len(words) <= 12 or max(words.values()) > 2
    ]
    return slots[:3]


def _change(group: Group, collector: Collector, pivot: float | None) -> Literal["new", "gone", "burst", ""]:
    """Judge a group against the time before the pivot, and its own usual rate."""
    if not group.bins or group.first_time is None or group.last_time is None:
        return ""
    first = min((s.first for s in collector.sections if s.first is not None), default=0.0)
    last = max((s.last for s in collector.sections if s.last is not None), default=0.0)
    if pivot is not None and first < pivot <= last:
        if group.first_time >= pivot and pivot - first > 1:
            return "new"
        if group.last_time < pivot and group.count >= 5 and last - pivot > (pivot - first) / 2:
            return "gone"
    slices = (last - first) / collector.bins.width + 1
    peak = max(group.bins.values())
    return (
        "burst"
        if group.count >= 20 and slices >= 10 and peak >= 10 and peak > 6 * group.count / slices
        else ""
    )


def _add_facts(
    digest: LogDigest,
    collector: Collector,
    groups: list[Group],
    redactor: Redactor,
    writer: "_EvidenceWriter",
) -> None:
    for section in collector.sections:
        notes = [f"{section.disorder} time stamps run backwards"] if section.disorder > 2 else []
        if collector.coarse >= 1:
            notes.append(
                f"counts over time are exact to about {collector.coarse:.0f} s: lines were read in blocks"
            )
        if section.parser.times.zone_assumed:
            notes.append("time stamps without a zone are taken as UTC")
        forms = "+".join(name for name, _ in section.formats.most_common(3)) or "empty"
        digest.sources.append(
            SourceInfo(
                id=section.id, name=redactor.redact(section.name), format=forms,
                lines_read=section.lines, bytes_read=section.bytes,
                first=iso(section.first), last=iso(section.last), notes=notes,
            )
        )  # fmt: skip
    digest.notes += [f"{count} {what}" for what, count in collector.oddities.most_common()]
    digest.first = iso(min((g.first_time for g in groups if g.first_time is not None), default=None))
    digest.last = iso(max((g.last_time for g in groups if g.last_time is not None), default=None))
    levels: Counter[str] = Counter()
    components: Counter[str] = Counter()
    for group in groups:
        levels[group.level] += group.count
        if group.component:
            components[redactor.redact(group.component)] += group.count
    digest.levels = {level: levels[level] for level in LEVELS if levels[level]}
    digest.components = dict(components.most_common(40))
    digest.timeline = _timeline(groups, collector.bins.width)
    digest.suspicious = [writer.add(line, None, True) for line in collector.suspicious]
    digest.stacks = _stacks(collector, redactor)
    digest.links = build_links(
        collector.links,
        [(section.id, section.name) for section in collector.sections],
        redactor.redact,
        collector.timed,
        lambda line, keep: writer.add(line, None, False) if keep else writer.name_of(line),
    )
    if collector.links.forgotten:
        digest.notes.append(
            f"{collector.links.forgotten} request ids of no consequence were not kept for links"
        )


def _timeline(groups: list[Group], width: int) -> list[TimeBucket]:
    slices: dict[int, Counter[str]] = {}
    for group in groups:
        for number, count in group.bins.items():
            slices.setdefault(number, Counter())[group.level] += count
    if not slices:
        return []
    factor = -(-(max(slices) - min(slices) + 1) // MAX_BUCKETS)
    folded: dict[int, Counter[str]] = {}
    for number, levels in slices.items():
        folded.setdefault(number // factor, Counter()).update(levels)
    step = width * factor
    return [
        TimeBucket(
            start=iso(number * step) or "",
            seconds=step,
            levels={level: levels[level] for level in LEVELS if levels[level]},
        )
        for number, levels in sorted(folded.items())
    ]


def _stacks(collector: Collector, redactor: Redactor) -> list[StackTrace]:
    traces = sorted(collector.traces.traces.values(), key=lambda trace: -trace.count)[:MAX_STACKS]
    for trace in traces:
        trace.message = redactor.redact(trace.message)
        trace.causes = [redactor.redact(cause) for cause in trace.causes]
        trace.frames = [redactor.redact(frame) for frame in trace.frames]
    return traces


class _EvidenceWriter:
    """Turns kept lines into redacted evidence, each once, and keeps count of the bytes."""

    def __init__(self, collector: Collector, redactor: Redactor) -> None:
        self._collector, self._redactor = collector, redactor
        self.lines: dict[str, EvidenceLine] = {}
        self.size = 0

    def name_of(self, line: Line) -> str:
        """Return the evidence id of a line."""
        return f"{self._collector.source_id}:{line.number}"

    def add(self, line: Line, template: Template | None, full: bool) -> str:
        """Return the evidence id of a line, adding it if it is new; `full` keeps up to 2,000 characters."""
        name = self.name_of(line)
        if template:
            self.size += 30 + len(name)
        if name not in self.lines:
            section = self._collector.sections[line.section]
            text = self._redactor.redact(self._collector.clean(line.raw))[: LONG_TEXT if full else SHORT_TEXT]
            self.lines[name] = EvidenceLine(
                id=name, source=section.name, line=line.number, time=iso(line.time), text=text,
                level=template.level if template else "none", component=template.component if template else None,
                template=template.id if template else None,
            )  # fmt: skip
            self.size += (
                len(text) + len(section.name) + 170 + (2 * len(template.template) + 160 if template else 0)
            )
        return name
