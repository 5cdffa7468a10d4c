"""The log digest: the bounded, redacted picture of all logs that an engine reads instead of them."""

from typing import Literal, Self

from pydantic import BaseModel, Field

Level = Literal["fatal", "error", "warn", "info", "debug", "none"]


class Citation(BaseModel):
    """A pointer to a line of evidence, with the words it is cited for."""

    id: str = Field(description="Evidence id, e.g. `s1:42` (source 1, line 42).")
    quote: str = Field(description="Words copied verbatim from that line.")


class SourceInfo(BaseModel):
    """One log source as it was read."""

    id: str = Field(description="`s1`, `s2`, ... in the order given.")
    name: str = Field(description="File path, `==> name <==` heading, `inline` or `stdin`.")
    format: str = Field(description="Detected format, e.g. `syslog`, `json`, `plain`; several joined by `+`.")
    lines_read: int
    bytes_read: int = Field(0, description="Bytes after decompression.")
    first: str | None = Field(None, description="First time stamp, ISO 8601 UTC.")
    last: str | None = None
    notes: list[str] = Field(default_factory=list, description="What could not be read, and oddities met.")


class EvidenceLine(BaseModel):
    """A verbatim (redacted) log line that can be cited and opened again."""

    id: str = Field(description="`s<source>:<line>`, 1-based line number in that source.")
    source: str = Field(description="Name of the source.")
    line: int
    offset: int | None = Field(None, description="Byte offset in the uncompressed source.")
    time: str | None = Field(None, description="ISO 8601 UTC, if the line has a time stamp.")
    level: Level = "none"
    component: str | None = None
    text: str = Field(
        description="The line, redacted, at most 2,000 characters; a record's stack lines are in `stacks`."
    )
    template: str | None = Field(None, description="Id of its template.")


class Trend(BaseModel):
    """A number in a template that moves steadily, e.g. a heap size that climbs."""

    name: str = Field(description="The key or words before the number.")
    first: float
    last: float
    minimum: float
    maximum: float
    samples: int
    direction: Literal["up", "down"]


class Template(BaseModel):
    """Lines of one shape: variable parts replaced by `<*>`."""

    id: str = Field(description="`t1`, `t2`, ... by rank.")
    template: str
    count: int
    level: Level = "none"
    component: str | None = None
    sources: list[str] = Field(default_factory=list, description="Source ids it occurs in.")
    first: str | None = None
    last: str | None = None
    examples: list[str] = Field(default_factory=list, description="Evidence ids of verbatim example lines.")
    change: Literal["new", "gone", "burst", ""] = Field("", description="Against the time before the alert.")
    values: dict[str, dict[str, int]] = Field(
        default_factory=dict,
        description="Counts of short codes in it, e.g. {'status': {'500': 12, '200': 3}}.",
    )
    trends: list[Trend] = Field(default_factory=list)


class StackTrace(BaseModel):
    """Stack traces with the same exception and frames, folded into one."""

    exception: str = Field(description="Class of the innermost cause.")
    message: str = ""
    count: int
    deepest_own_frame: str | None = Field(None, description="Deepest frame outside known libraries.")
    frames: list[str] = Field(default_factory=list, description="A bounded selection of frames.")
    causes: list[str] = Field(
        default_factory=list, description="`Class: message` from outermost to innermost."
    )
    evidence: list[str] = Field(default_factory=list)


class AccessStats(BaseModel):
    """Rates of one access log."""

    source: str
    requests: int
    status: dict[str, int] = Field(description="Requests per status code.")
    latency_ms: dict[str, float] = Field(default_factory=dict, description="p50, p95, p99, max, if logged.")
    worst_paths: dict[str, int] = Field(
        default_factory=dict, description="Paths with most 5xx or slow answers."
    )


class LinkStop(BaseModel):
    """The first line of a link in one service of one source."""

    service: str = Field(description="Component, or the source's name where lines name none.")
    source: str = Field(description="Source id.")
    time: str | None = None
    evidence: str = Field(description="Evidence id; it can be opened, but is not always among `evidence`.")


class Link(BaseModel):
    """What leads from one service to another: a request or trace id, or the order of their first errors."""

    id: str = Field(description="The request or trace id; `first errors` for the link by time.")
    kind: Literal["id", "time"] = "id"
    bad: bool = Field(False, description="A line of it is a warning or worse.")
    stops: list[LinkStop] = Field(default_factory=list, description="In time order.")

    @property
    def sources(self) -> list[str]:
        """The ids of the sources it leads through."""
        return list(dict.fromkeys(stop.source for stop in self.stops))


class TimeBucket(BaseModel):
    """Lines per level in one slice of time."""

    start: str
    seconds: float
    levels: dict[str, int]


class LogDigest(BaseModel):
    """All logs of an incident, read to the last line, within a bounded size."""

    sources: list[SourceInfo] = Field(default_factory=list)
    lines_read: int = 0
    lines_outside_window: int = 0
    lines_unparsed: int = Field(0, description="Lines without a recognised time stamp or structure.")
    first: str | None = Field(None, description="First time stamp inside the window, ISO 8601 UTC.")
    last: str | None = None
    levels: dict[str, int] = Field(default_factory=dict)
    components: dict[str, int] = Field(default_factory=dict, description="Lines per component, most first.")
    templates: list[Template] = Field(
        default_factory=list, description="Ranked: what explains the incident first."
    )
    evidence: list[EvidenceLine] = Field(default_factory=list)
    stacks: list[StackTrace] = Field(default_factory=list)
    access: list[AccessStats] = Field(default_factory=list)
    links: list[Link] = Field(default_factory=list)
    timeline: list[TimeBucket] = Field(default_factory=list)
    suspicious: list[str] = Field(
        default_factory=list, description="Evidence ids of lines that look like instructions to a model."
    )
    redactions: dict[str, int] = Field(default_factory=dict, description="Redacted values per kind.")
    notes: list[str] = Field(
        default_factory=list, description="What was capped, skipped or could not be read."
    )
    unread: list[str] = Field(
        default_factory=list, description="Of the notes, what could not be read, and why."
    )

    @classmethod
    def nothing(cls, *reasons: str) -> Self:
        """Return the digest of what could not be read, with the reasons."""
        return cls(notes=list(reasons), unread=list(reasons))

    def line(self, evidence_id: str) -> EvidenceLine | None:
        """Return the evidence line with this id, or None."""
        return next((line for line in self.evidence if line.id == evidence_id), None)
