"""Where more evidence of one incident is fetched, by a model's tools: it joins the incident's digest.

What is fetched gets ids that nothing else of the run has (`s<next source>:<line>`, `m<next metric source>:<rank>`,
or the line's own number in a source that was read before), is bounded and redacted like all evidence, and so can be
cited and proven like all evidence.
"""

from collections.abc import Sequence
from datetime import datetime

from .digest import EvidenceLine, LogDigest, LogSource, Window, digest_source, merge_digests, open_lines
from .digest.parse import LineParser
from .digest.reading import reference_time
from .digest.sources import discover_sources, unread_sources
from .digest.timestamps import iso
from .errors import InputError
from .hostile import instruction_kind
from .inventory import Inventory, Service
from .metric_reading import metric_digest
from .metric_sources import MetricRef, unread_metrics
from .redaction import Redactor

NEIGHBOURS = 4
"""Lines shown before and after one that is opened."""

OPENED = "opened"
"""The key of the part that holds opened lines."""

_TEMPLATES = 30  # of one source that is fetched; ranked, so what is left out explains least
_EXAMPLES = 2  # of one template
_STACKS = 5
_SUSPICIOUS = 10
_OPENED_LINES = 60  # in all
_LINE_CHARACTERS = 2_000


class EvidenceDesk:
    """One incident's evidence while more of it is looked for.

    `sources` and `metrics` are what the run has read; `digest` is what it knows now, with all that was fetched;
    `parts` holds what was fetched alone, by source.
    """

    def __init__(
        self,
        digest: LogDigest,
        *,
        inventory: Inventory,
        redactor: Redactor,
        window: Window | None = None,
        alert_time: datetime | None = None,
        sources: Sequence[LogSource] = (),
        metrics: Sequence[MetricRef] = (),
    ) -> None:
        self.digest = digest
        self.inventory = inventory
        self.sources = list(sources)
        self.metrics = list(metrics)
        self.parts: dict[str, LogDigest] = {}
        self._own = digest
        self._redactor = redactor
        self._window = window or Window()
        self._alert_time = alert_time

    def services(self, limit: int = 20) -> list[str]:
        """Return the services that logs or metrics can be fetched of."""
        return [item.name for item in self.inventory.services if item.logs or item.metrics][:limit]

    def read_logs(self, service: str) -> LogDigest:
        """Read the service's log files that were not read yet, in the run's window, and return their digest.

        Raises `InputError` if the inventory names none that can be read, or if all were read already.
        """
        logs = self._known(service).logs
        if not logs:
            raise InputError(f"the inventory names no log files of {service}")
        found, notes = discover_sources(logs)
        fresh = unread_sources(found, self.sources)
        if not fresh:
            read = {path: source.id for source in self.sources for path in source.paths}
            ids = sorted({read[path] for source in found for path in source.paths if path in read})
            raise InputError(f"the logs of {service} are part of the digest already, as {', '.join(ids)}")
        fetched: list[LogDigest] = []
        for source in fresh:
            numbered = LogSource(id=f"s{len(self.sources) + 1}", name=source.name, paths=source.paths)
            self.sources.append(numbered)
            fetched.append(self._add(numbered.id, self._digest(numbered)))
        return merge_digests([*fetched, LogDigest.nothing(*notes)] if notes else fetched)

    def read_metrics(self, service: str) -> list[EvidenceLine]:
        """Read the service's metrics that were not read yet and return one line for each, what moved most first.

        Raises `InputError` if the inventory names none, if all were read already, or if none can be read.
        """
        wanted = self._known(service).metrics
        fresh = unread_metrics(wanted, self.metrics)
        if not fresh:
            state = "are part of the digest already" if wanted else "are not named in the inventory"
            raise InputError(f"the metrics of {service} {state}")
        lines: list[EvidenceLine] = []
        unread: list[str] = []
        for source in fresh:
            ref = MetricRef(id=f"m{len(self.metrics) + 1}", source=source)
            self.metrics.append(ref)
            part = self._add(ref.id, metric_digest(ref, self._window, self._redactor))
            lines += part.evidence
            unread += part.unread
        if not lines:
            raise InputError("; ".join(unread))
        return lines

    def open_line(self, evidence_id: str) -> list[EvidenceLine]:
        """Return a line of evidence with the lines that stand around it in its source, which join the digest.

        Raises `InputError` if there is no such line of evidence, or its source cannot be read again.
        """
        line = self.digest.line(evidence_id)
        if line is None:
            raise InputError(f"there is no evidence line {evidence_id!r}")
        source = next((item for item in self.sources if evidence_id.startswith(f"{item.id}:")), None)
        if source is None:
            return [line]
        known = {item.id: item for item in self.digest.evidence}
        parser = LineParser(reference_time(source, self._alert_time))
        around = [
            known.get(f"{source.id}:{number}") or self._line(source, line.source, number, text, parser)
            for number, text in open_lines(self.sources, evidence_id, around=NEIGHBOURS)
        ]
        opened = self.parts.get(OPENED, LogDigest()).evidence
        fresh = [item for item in around if item.id not in known and item.text.strip()]
        lines = [*opened, *fresh][:_OPENED_LINES]
        orders = [item.id for item in lines if instruction_kind(item.text)]
        self._add(OPENED, LogDigest(evidence=lines, suspicious=orders))
        return [item for item in around if self.digest.line(item.id) is not None]

    def _known(self, name: str) -> Service:
        service = self.inventory.get(name)
        if service is None:
            names = ", ".join(item.name for item in self.inventory.services[:30]) or "none"
            raise InputError(f"the inventory has no service {name!r}; it has {names}")
        return service

    def _digest(self, source: LogSource) -> LogDigest:
        try:
            part = digest_source(
                source, window=self._window, redactor=self._redactor, alert_time=self._alert_time
            )
        except OSError as error:
            return LogDigest.nothing(f"{source.name}: could not be read ({error.strerror or error})")
        return _best_of(part)

    def _line(self, source: LogSource, name: str, number: int, text: str, parser: LineParser) -> EvidenceLine:
        parsed = parser.parse(text[:_LINE_CHARACTERS])
        return EvidenceLine(
            id=f"{source.id}:{number}", source=name, line=number, time=iso(parsed.time), level=parsed.level,
            component=parsed.component, text=self._redactor.redact(text[:_LINE_CHARACTERS]),
        )  # fmt: skip

    def _add(self, key: str, part: LogDigest) -> LogDigest:
        self.parts[key] = part
        self.digest = merge_digests([self._own, *self.parts.values()], alert_time=self._alert_time)
        return part


def _best_of(part: LogDigest) -> LogDigest:
    """Return the digest with what ranks best; counts stay those of the whole source."""
    kept = [
        item.model_copy(update={"examples": item.examples[:_EXAMPLES]})
        for item in part.templates[:_TEMPLATES]
    ]
    wanted = {name for item in kept for name in item.examples}
    wanted.update(name for stack in part.stacks[:_STACKS] for name in stack.evidence[:_EXAMPLES])
    wanted.update(part.suspicious[:_SUSPICIOUS])
    notes = list(part.notes)
    if len(kept) < len(part.templates):
        notes.append(
            f"{len(part.templates) - len(kept)} templates of low rank of {part.sources[0].name} are left out"
        )
    return part.model_copy(
        update={
            "templates": kept,
            "evidence": [line for line in part.evidence if line.id in wanted],
            "stacks": part.stacks[:_STACKS],
            "notes": notes,
        }
    )
