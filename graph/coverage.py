"""What was looked at and found healthy, and what was not looked at: derived in code, never told by a model."""

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, Field

from ..agents.casebased.lines import is_trouble
from ..agents.models import Diagnosis
from ..tools.digest import LogDigest, LogSource, Window, discover_sources
from ..tools.digest.models import EvidenceLine
from ..tools.digest.sources import unread_sources
from ..tools.errors import InputError
from ..tools.inventory import Inventory, Service
from ..tools.metric_reading import is_metric
from ..tools.metric_sources import MetricRef, metric_name, unread_metrics
from ..tools.metrics import is_steady
from .more_evidence import dependencies, window_words

_BAD = ("fatal", "error", "warn")
_COMPONENTS = 8
_SERVICES = 20


class Healthy(BaseModel):
    """Something that was read and shows no trouble."""

    kind: Literal["source", "component", "metrics"]
    name: str
    detail: str = Field(description="What was counted, e.g. `1204 lines, none a warning or worse`.")


class Coverage(BaseModel):
    """How far the look went."""

    healthy: list[Healthy] = Field(default_factory=list)
    not_checked: list[str] = Field(default_factory=list, description="What was not read, and why.")
    fetched: list[str] = Field(
        default_factory=list, description="What was fetched after the first diagnosis, in words."
    )


def coverage(
    digest: LogDigest,
    diagnosis: Diagnosis,
    *,
    service: str,
    inventory: Inventory,
    sources: list[LogSource],
    metrics: list[MetricRef],
    window: Window,
    fetched: list[str],
) -> Coverage:
    """Return what the run has covered; `sources` and `metrics` are what it read or tried to read."""
    gaps = [*digest.unread, *diagnosis.unread]
    if digest.lines_outside_window:
        gaps.append(
            f"{digest.lines_outside_window} of {digest.lines_read} lines lie outside the time window "
            f"({window_words(window)}): counted, not judged"
        )
    gaps += _services_not_read(service, inventory, sources, metrics)
    return Coverage(
        healthy=[*_sources(digest), *_components(digest), *_metrics(digest)],
        not_checked=list(dict.fromkeys(gaps)),
        fetched=fetched,
    )


def _sources(digest: LogDigest) -> Iterator[Healthy]:
    """Yield the sources with lines in the window of which none is a warning or worse, or a failed answer."""
    troubled = {line.source for line in digest.evidence if is_trouble(line)}
    bad = {name for item in digest.templates if item.level in _BAD for name in item.sources}
    bad |= {item.source for item in digest.access if any(code[:1] == "5" for code in item.status)}
    inside = {name for item in digest.templates for name in item.sources}
    for source in digest.sources:
        if source.id in inside and source.id not in bad and source.name not in troubled:
            requests = sum(item.requests for item in digest.access if item.source == source.id)
            detail = f"{source.lines_read} lines, none a warning or worse"
            yield Healthy(
                kind="source",
                name=source.name,
                detail=f"{detail}; {requests} requests, none answered 5xx" if requests else detail,
            )


def _components(digest: LogDigest) -> Iterable[Healthy]:
    """Return the components without a warning among their lines, those with most lines first."""
    bad = {item.component for item in digest.templates if item.level in _BAD}
    bad |= {line.component for line in digest.evidence if is_trouble(line)}
    fine = [(name, count) for name, count in digest.components.items() if name not in bad]
    return [
        Healthy(kind="component", name=name, detail=f"{count} lines, none a warning or worse")
        for name, count in fine[:_COMPONENTS]
    ]


def _metrics(digest: LogDigest) -> Iterator[Healthy]:
    by_source: dict[str, list[EvidenceLine]] = {}
    for line in filter(is_metric, digest.evidence):
        by_source.setdefault(line.source, []).append(line)
    for name, lines in by_source.items():
        steady = [line.component or "" for line in lines if is_steady(line.text)]
        if steady:
            shown = ", ".join(steady[:5]) + (", ..." if len(steady) > 5 else "")
            yield Healthy(
                kind="metrics",
                name=name,
                detail=f"{len(steady)} of {len(lines)} metrics were steady: {shown}",
            )


def _services_not_read(
    name: str, inventory: Inventory, sources: list[LogSource], metrics: list[MetricRef]
) -> Iterator[str]:
    """Yield the services that the incident depends on and whose logs or metrics were not read, and why."""
    own = inventory.get(name)
    if own is None or not own.depends_on:
        what = "it is not in the inventory" if own is None else "the inventory names nothing"
        yield f"what {name} depends on: {what}"
    if not metrics:
        yield f"metrics of {name}: none were given, and the inventory names none"
    near = [item for level in dependencies(name, inventory) for item in level][:_SERVICES]
    for service in [*([own] if own else []), *near]:
        if service is not own and (why := _logs_not_read(service, sources)):
            yield why
        for metric in unread_metrics(service.metrics, metrics):
            yield f"metrics of {service.name}: {metric_name(metric)} was not read"


def _logs_not_read(service: Service, sources: list[LogSource]) -> str | None:
    what = f"logs of {service.name}, on which the incident may depend"
    if not service.logs:
        return f"{what}: the inventory names no log files of it"
    try:
        found, _notes = discover_sources(service.logs)
    except InputError:
        return f"{what}: {', '.join(service.logs)} cannot be read on this host"
    return f"{what}: {', '.join(service.logs)} was not read" if unread_sources(found, sources) else None
