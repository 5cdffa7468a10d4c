"""The two scenarios of the demo, as alerts."""

from pathlib import Path
from typing import Any

import orjson

_DATA = Path(__file__).parent.parent / "ops_assistant" / "data"


def alert(name: str) -> dict[str, Any]:
    """Return a demo alert: `connection-pool` or `heap-out-of-memory`."""
    return dict(orjson.loads((_DATA / f"{name}.json").read_bytes()))


POOL = alert("connection-pool")
HEAP = alert("heap-out-of-memory")
NO_FAULT = {
    "service": "edge-proxy",
    "message": "edge-proxy: a configuration reload was seen",
    "severity": "low",
    "logs": "\n".join(
        [
            f'10.0.0.{n} - - [23/Nov/2026:07:16:{n:02d} +0000] "GET /health HTTP/1.1" 200 12'
            for n in range(10, 40)
        ]
        + ["2026/11/23 07:16:41 [notice] 79#79: signal process started, reconfiguring"]
    ),
}
