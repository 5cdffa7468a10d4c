"""Merges the digests of several sources into one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from .levels import LEVELS
from .links import merge_links
from .models import LogDigest, StackTrace, Template, TimeBucket
from .rank import rank
from .timestamps import from_iso, iso

MAX_TEMPLATES = 600
MAX_BYTES = 250_000  # of templates and evidence as JSON: a digest travels through checkpoints
MAX_BUCKETS = 60


def merge_digests(parts: Sequence[LogDigest], *, alert_time: datetime | None = None) -> LogDigest:
    """Return one digest of several; templates of the same level, component and text become one. Order does not matter
    except for the order of sources and notes."""
    if len(parts) == 1:
        only = parts[0].model_copy()
        only.links = merge_links([only.links])
        only.notes = list(dict.fromkeys([*only.notes, *_ends_early(only, alert_time)]))
        return only
    merged = LogDigest(
        sources=[source for part in parts for source in part.sources],
        lines_read=sum(part.lines_read for part in parts),
        lines_outside_window=sum(part.lines_outside_window for part in parts),
        lines_unparsed=sum(part.lines_unparsed for part in parts),
        first=min((part.first for part in parts if part.first), default=None),
        last=max((part.last for part in parts if part.last), default=None),
        components=dict(_sum(part.components for part in parts).most_common(40)),
        redactions=dict(_sum(part.redactions for part in parts)),
        access=[access for part in parts for access in part.access],
        suspicious=[name for part in parts for name in part.suspicious],
        notes=list(dict.fromkeys(note for part in parts for note in part.notes)),
        unread=list(dict.fromkeys(note for part in parts for note in part.unread)),
    )
    levels = _sum(part.levels for part in parts)
    merged.levels = {level: levels[level] for level in LEVELS if levels[level]}
    names = _merge_templates(parts, merged)
    lines = {  # a line that was opened as well as listed is one line
        line.id: line.model_copy(update={"template": names.get((number, line.template or ""))})
        for number, part in reversed(list(enumerate(parts)))
        for line in reversed(part.evidence)
    }
    merged.evidence = list(lines.values())[::-1]
    _fit(merged)
    merged.stacks = _merge_stacks(parts)
    merged.links = merge_links(part.links for part in parts)
    merged.timeline = _merge_timelines(parts)
    merged.notes += [note for note in _ends_early(merged, alert_time) if note not in merged.notes]
    return merged


def _ends_early(digest: LogDigest, alert_time: datetime | None) -> list[str]:
    last = from_iso(digest.last)
    early = alert_time is not None and last is not None and last < alert_time.timestamp() - 86400
    return ["the logs end more than a day before the alert"] if early else []


def _sum(parts: Iterable[dict[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return total


def _merge_templates(parts: Sequence[LogDigest], merged: LogDigest) -> dict[tuple[int, str], str]:
    """Fill `merged.templates`; return the new id per (part, old id)."""
    known: dict[tuple[str, str | None, str], Template] = {}
    owners: dict[tuple[int, str], Template] = {}
    for number, part in enumerate(parts):
        for template in part.templates:
            key = (template.level, template.component, template.template)
            into = known.get(key)
            if into is None:
                into = known[key] = template.model_copy(deep=True)
            else:
                _add(into, template)
            owners[(number, template.id)] = into
    ranked = rank(list(known.values()))
    if len(ranked) > MAX_TEMPLATES:
        merged.notes.append(f"{len(ranked) - MAX_TEMPLATES} templates of low rank are counted but not listed")
        del ranked[MAX_TEMPLATES:]
    for place, template in enumerate(ranked, start=1):
        template.id = f"t{place}"
    merged.templates = ranked
    kept = {id(template) for template in ranked}
    return {name: template.id for name, template in owners.items() if id(template) in kept}


def _fit(merged: LogDigest) -> None:
    """Drop what ranks lowest, templates with their evidence, beyond MAX_BYTES; they stay counted in a note."""
    lines = {line.id: line for line in merged.evidence}
    size = kept = 0
    for template in merged.templates:
        size += 400 + 2 * len(template.template)
        size += sum(200 + len(lines[name].text) for name in template.examples if name in lines)
        if size > MAX_BYTES:
            break
        kept += 1
    dropped = {template.id for template in merged.templates[kept:]}
    if dropped:
        merged.notes.append(f"{len(dropped)} templates of low rank are left out to keep the digest small")
        del merged.templates[kept:]
        merged.evidence = [line for line in merged.evidence if line.template not in dropped]


def _add(into: Template, other: Template) -> None:
    into.count += other.count
    into.sources += [source for source in other.sources if source not in into.sources]
    into.first = min((t for t in (into.first, other.first) if t), default=None)
    into.last = max((t for t in (into.last, other.last) if t), default=None)
    into.examples += other.examples
    into.change = into.change if into.change == other.change else ""
    into.trends = into.trends or other.trends
    for name, words in other.values.items():
        into.values[name] = dict(Counter(into.values.get(name, {})) + Counter(words))


def _merge_stacks(parts: Sequence[LogDigest]) -> list[StackTrace]:
    known: dict[tuple[str, tuple[str, ...]], StackTrace] = {}
    for part in parts:
        for stack in part.stacks:
            key = (stack.exception, tuple(stack.frames))
            if key in known:
                known[key].count += stack.count
                known[key].evidence = (known[key].evidence + stack.evidence)[:6]
            else:
                known[key] = stack.model_copy(deep=True)
    return sorted(known.values(), key=lambda stack: -stack.count)[:40]


def _merge_timelines(parts: Sequence[LogDigest]) -> list[TimeBucket]:
    buckets = [(from_iso(bucket.start) or 0.0, bucket) for part in parts for bucket in part.timeline]
    if not buckets:
        return []
    begin = min(start for start, _ in buckets)
    end = max(start + bucket.seconds for start, bucket in buckets)
    step = max(*(bucket.seconds for _, bucket in buckets), (end - begin) / MAX_BUCKETS)
    step = float(-(-step // 1))
    origin = begin // step * step
    folded: dict[int, Counter[str]] = {}
    for start, bucket in buckets:
        folded.setdefault(int((start - origin) // step), Counter()).update(bucket.levels)
    return [
        TimeBucket(
            start=iso(origin + number * step) or "",
            seconds=step,
            levels={level: levels[level] for level in LEVELS if levels[level]},
        )
        for number, levels in sorted(folded.items())
    ]
