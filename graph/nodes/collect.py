"""`collect`: read one source to its last line and return its bounded digest. Branches run in parallel."""

from typing import Any

from langgraph.config import get_stream_writer

from ...tools.alert import Alert
from ...tools.digest import LogDigest, LogSource, Window, digest_source
from ..dependencies import Dependencies
from ..state import CollectInput
from .base import Node


def make_collect(deps: Dependencies) -> Node[CollectInput, dict[str, Any]]:
    """Return the node. A source that cannot be read is noted, not fatal: the others still count."""

    def collect(state: CollectInput) -> dict[str, Any]:
        source = LogSource.model_validate(state["source"])
        alert = Alert.model_validate(state["alert"])
        write = get_stream_writer()

        def progress(bytes_read: int, lines: int) -> None:
            write({"source": source.name, "bytes": bytes_read, "lines": lines})

        try:
            digest = digest_source(
                source,
                window=Window.model_validate(state["window"]),
                redactor=deps.redactor,
                alert_time=alert.timestamp,
                progress=progress,
            )
        except OSError as error:
            digest = LogDigest(notes=[f"{source.name}: could not be read ({error.strerror or error})"])
        return {"collected": [{"key": source.id, "digest": digest.model_dump(mode="json")}]}

    return collect
