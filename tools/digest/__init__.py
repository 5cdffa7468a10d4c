"""The log digest: every line of any log read, fast, into a bounded picture that an engine can reason from."""

from .digest import digest_logs, digest_source
from .evidence import open_evidence, open_lines
from .merge import merge_digests
from .models import (
    AccessStats,
    Citation,
    EvidenceLine,
    Level,
    Link,
    LinkStop,
    LogDigest,
    SourceInfo,
    StackTrace,
    Template,
    TimeBucket,
    Trend,
)
from .render import render_digest
from .sources import LogSource, discover_sources
from .tokens import estimate_tokens
from .window import Window, default_window

__all__ = [
    "AccessStats",
    "Citation",
    "EvidenceLine",
    "Level",
    "Link",
    "LinkStop",
    "LogDigest",
    "LogSource",
    "SourceInfo",
    "StackTrace",
    "Template",
    "TimeBucket",
    "Trend",
    "Window",
    "default_window",
    "digest_logs",
    "digest_source",
    "discover_sources",
    "estimate_tokens",
    "merge_digests",
    "open_evidence",
    "open_lines",
    "render_digest",
]
