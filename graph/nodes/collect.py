"""`collect`: read one log source to its last line, or one metric source, into a digest. Branches run in parallel."""

from typing import Any

from langgraph.config import get_stream_writer

from ...tools.alert import Alert
from ...tools.digest import LogDigest, LogSource, Window, digest_source
from ...tools.metric_reading import metric_digest
from ...tools.metric_sources import MetricRef
from ..dependencies import Dependencies
from ..state import CollectInput
from .base import Node


def make_collect(deps: Dependencies) -> Node[CollectInput, dict[str, Any]]:
    """Return the node. A source that cannot be read is noted, not fatal: the others still count."""

    def collect(state: CollectInput) -> dict[str, Any]:
        window = Window.model_validate(state["window"])
        if "metric" in state:
            ref = MetricRef.model_validate(state["metric"])
            return _collected(ref.id, metric_digest(ref, window, deps.redactor))
        source = LogSource.model_validate(state["source"])
        alert = Alert.model_validate(state["alert"])
        write = get_stream_writer()

        def progress(bytes_read: int, lines: int) -> None:
            write({"source": source.name, "bytes": bytes_read, "lines": lines})

        try:
            digest = digest_source(
                source, window=window, redactor=deps.redactor, alert_time=alert.timestamp, progress=progress
            )
        except OSError as error:
            digest = LogDigest.nothing(f"{source.name}: could not be read ({error.strerror or error})")
        return _collected(source.id, digest)

    return collect


def _collected(key: str, digest: LogDigest) -> dict[str, Any]:
    return {"collected": [{"key": key, "digest": digest.model_dump(mode="json")}]}
