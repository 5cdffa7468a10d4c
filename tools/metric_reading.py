"""Reads metric sources: each metric becomes one line of evidence, cut to the incident's time window."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .digest.models import EvidenceLine, LogDigest
from .digest.window import Window
from .errors import InputError
from .hostile import instruction_kind
from .metric_sources import MetricRef, MetricSource, PrometheusQuery, metric_name
from .metrics import MetricSummary, read_metrics, summarise
from .redaction import Redactor

_TIMEOUT_S = 10
_MAX_BYTES = 20_000_000
_SPAN = timedelta(hours=2)  # asked for where the window is open
_POINTS = 250  # of one series, at most
_LINES = 30  # of one source: metrics, those that moved most first


def metric_digest(ref: MetricRef, window: Window, redactor: Redactor) -> LogDigest:
    """Return the metrics as evidence, `m<source>:<rank>`, those that moved most first; `unread` says what failed."""
    name = redactor.redact(metric_name(ref.source))
    try:
        metrics = read_metric_source(ref.source, window)
    except InputError as error:
        return LogDigest.nothing(redactor.redact(str(error)))
    if not metrics:
        return LogDigest.nothing(f"{name}: no samples in the time window")
    lines = [
        EvidenceLine(
            id=f"{ref.id}:{rank}", source=name, line=rank, time=metric.peak_at,
            component=redactor.redact(metric.name), text=redactor.redact(metric.text()),
        )
        for rank, metric in enumerate(metrics, start=1)
    ]  # fmt: skip
    # Labels come from outside, as log lines do.
    return LogDigest(evidence=lines, suspicious=[line.id for line in lines if instruction_kind(line.text)])


def is_metric(line: EvidenceLine) -> bool:
    """Return whether a line of evidence is a metric, not of a log."""
    return line.id.startswith("m")


def read_metric_source(source: MetricSource, window: Window) -> list[MetricSummary]:
    """Return what moved in the window, most first; raises `InputError` naming the source."""
    if isinstance(source, str):
        return read_metrics(Path(source), start=window.start, end=window.end, limit=_LINES)
    end = window.end or datetime.now(UTC)
    start = window.start or end - _SPAN
    return summarise(_asked(source, start, end), metric_name(source), start=start, end=end, limit=_LINES)


def _asked(source: PrometheusQuery, start: datetime, end: datetime) -> str:
    import httpx

    name = metric_name(source)
    step = max(15, round((end - start).total_seconds() / _POINTS))
    asked: dict[str, str | float] = {
        "query": source.query,
        "start": start.timestamp(),
        "end": end.timestamp(),
        "step": step,
    }
    token = os.environ.get(source.token_env, "") if source.token_env else ""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{source.prometheus.rstrip('/')}/api/v1/query_range"
    body = bytearray()
    try:
        with httpx.stream("GET", url, params=asked, headers=headers, timeout=_TIMEOUT_S) as answer:
            if answer.status_code != httpx.codes.OK:
                raise InputError(f"{name}: the metric server answered HTTP {answer.status_code}")
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES:
                    raise InputError(f"{name}: more than {_MAX_BYTES // 1_000_000} MB; narrow the query")
    except httpx.HTTPError as error:
        raise InputError(f"{name}: the metric server cannot be read ({type(error).__name__})") from None
    return body.decode("utf-8", errors="replace")
