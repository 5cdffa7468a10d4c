"""What to read next when a diagnosis is not sure, or points elsewhere: what a configured source can give."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from langgraph.types import Send

from ..agents.models import Diagnosis
from ..tools.digest import LogDigest, LogSource, Window, discover_sources
from ..tools.digest.sources import unread_sources
from ..tools.errors import InputError
from ..tools.inventory import Inventory, Service
from ..tools.metric_sources import MetricRef, metric_name, unread_metrics

# Causes that live in another service: its own log says more than its callers' logs.
_ELSEWHERE = frozenset(
    {"dependency-unreachable", "upstream-timeout", "db-connection-pool-exhausted", "unknown"}
)
_WIDER = (timedelta(hours=22), timedelta(hours=2))  # added before and after; beyond it the window is opened
_MAX_SOURCES = 20  # in one round


class More(NamedTuple):
    """What one round reads: new sources and metrics, or everything again in another window; in words for the report."""

    sources: list[LogSource]
    metrics: list[MetricRef]
    window: Window | None
    said: list[str]


def more_evidence(
    state: Mapping[str, Any], diagnosis: Diagnosis, digest: LogDigest, inventory: Inventory
) -> More | None:
    """Return what to read next, or None if the diagnosis stands or no source has more.

    First what the diagnosis misses by name, then the services that the alerted one depends on, nearest first;
    without a verdict also the metrics of all of them, and a wider window if lines lie outside of it.
    """
    if diagnosis.verdict == "fault" and diagnosis.failure_mode not in _ELSEWHERE:
        return None
    unsure = diagnosis.verdict == "not-enough-evidence"
    found = _Found(state)
    for service in _named(state["alert"]["service"], diagnosis, inventory, unsure=unsure):
        found.add(service, with_metrics=unsure)
    before = len(found.said)
    for level in dependencies(state["alert"]["service"], inventory):
        for service in level:
            found.add(service, with_metrics=unsure)
        if len(found.said) > before:
            break  # the next round looks further, if it still must
    sources, metrics, said = found.sources, found.metrics, found.said
    window = _wider(Window.model_validate(state["window"]), digest) if unsure else None
    if window is not None:
        said.append(f"all sources again, {window_words(window)}")
    return More(sources, metrics, window, said) if said else None


def branches(state: Mapping[str, Any], more: More) -> list[Send]:
    """Return one branch of `collect` for each source to read; with another window that is every source."""
    window = (more.window or Window.model_validate(state["window"])).model_dump(mode="json")
    logs = [source.model_dump(mode="json") for source in more.sources]
    metrics = [ref.model_dump(mode="json") for ref in more.metrics]
    if more.window is not None:
        logs, metrics = [*state["sources"], *logs], [*state.get("metrics", []), *metrics]
    shared = {"window": window, "alert": state["alert"]}
    return [
        *(Send("collect", {"source": source, **shared}) for source in logs),
        *(Send("collect", {"metric": ref, **shared}) for ref in metrics),
    ]


def unread_logs(service: Service, read: Sequence[LogSource]) -> list[LogSource]:
    """Return the service's log sources that are not among `read`; none if they cannot be found on this host."""
    if not service.logs:
        return []
    try:
        found, _notes = discover_sources(service.logs)
    except InputError:
        return []  # an inventory may name logs of another host
    return unread_sources(found, read)


def dependencies(name: str, inventory: Inventory) -> Iterator[list[Service]]:
    """Yield the services that `name` depends on, by distance; each once."""
    seen, level = {name}, [name]
    while level:
        nearer = [item for one in level if (item := inventory.get(one)) is not None]
        level = [
            one for one in dict.fromkeys(one for item in nearer for one in item.depends_on) if one not in seen
        ]
        seen.update(level)
        if services := [item for one in level if (item := inventory.get(one)) is not None]:
            yield services


def window_words(window: Window) -> str:
    """Return the window as words for a person."""
    if window.start is None and window.end is None:
        return "whatever their time"
    start = f"from {window.start:%Y-%m-%d %H:%M} UTC" if window.start else "from their beginning"
    return start + (f" to {window.end:%Y-%m-%d %H:%M} UTC" if window.end else "")


class _Found:
    """What one round reads, numbered after all that was read before."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.sources: list[LogSource] = []
        self.metrics: list[MetricRef] = []
        self.said: list[str] = []
        self._read = [LogSource.model_validate(item) for item in state["sources"]]
        self._known = [MetricRef.model_validate(item) for item in state.get("metrics", [])]

    def add(self, service: Service, *, with_metrics: bool) -> None:
        """Add what the service has and nobody has read."""
        for source in unread_logs(service, [*self._read, *self.sources]):
            if len(self.sources) == _MAX_SOURCES:
                return
            number = len(self._read) + len(self.sources) + 1
            self.sources.append(LogSource(id=f"s{number}", name=source.name, paths=source.paths))
            self.said.append(f"the logs of {service.name}: {source.name}")
        for metric in unread_metrics(service.metrics, [*self._known, *self.metrics]) if with_metrics else ():
            number = len(self._known) + len(self.metrics) + 1
            self.metrics.append(MetricRef(id=f"m{number}", source=metric))
            self.said.append(f"the metrics of {service.name}: {metric_name(metric)}")


def _named(name: str, diagnosis: Diagnosis, inventory: Inventory, *, unsure: bool) -> list[Service]:
    """Return the services that the diagnosis misses by name; without a verdict the alerted one before them."""
    own = inventory.get(name)
    wanted = "\n".join(diagnosis.missing_evidence)
    named = [item for item in inventory.services if item.name != name and _names(item.name, wanted)]
    return [own, *named] if own is not None and unsure else named


def _names(name: str, text: str) -> bool:
    """Whether the text speaks of the service; `db` is also named by its host, `db.internal:5432`."""
    return re.search(rf"(?<![\w.@-]){re.escape(name)}(?![\w@-])", text, re.IGNORECASE) is not None


def _wider(window: Window, digest: LogDigest) -> Window | None:
    """Return the next wider window if lines lie outside of this one; nothing inside means that clocks differ."""
    if not digest.lines_outside_window or (window.start is None and window.end is None):
        return None
    is_first = window.start is not None and window.end is not None and window.end - window.start < _WIDER[0]
    if digest.lines_outside_window >= digest.lines_read or not is_first:
        return Window()
    before, after = _WIDER
    return Window(
        start=window.start - before if window.start else None, end=window.end + after if window.end else None
    )
