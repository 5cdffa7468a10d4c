"""The `simulated` backend: changes nothing but its own journal, and says so.

The journal is one append-only file of JSON lines; what a simulated service looks like is derived from it. Each
run is one `write` of one line to a descriptor opened with O_APPEND and is on disk before it is reported.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from typing_extensions import override

from ...errors import InputError
from ...inventory import Service
from ..base import Backend, BackendResult, Health, Preview

_OPERATIONS = frozenset(
    {"restart", "scale", "clear_cache", "rollback", "terminate_connections", "rotate_logs", "run_command"}
)


class SimulatedBackend(Backend):
    """Acts on services that exist only in `journal`."""

    name = "simulated"

    def __init__(self, journal: Path) -> None:
        self.journal = journal

    def plan(self, operation: str, service: Service, args: dict[str, Any]) -> Preview:
        if operation not in _OPERATIONS:
            raise InputError(f"the simulated backend cannot {operation!r}")
        return Preview(kind="call", call=f"simulated.{operation}", args={"service": service.name, **args})

    def run(self, preview: Preview, *, key: str) -> BackendResult:
        entry = {
            "time": datetime.now(UTC).isoformat(),
            "key": key,
            "call": preview.call,
            "args": preview.args,
        }
        self.journal.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, orjson.dumps(entry) + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return BackendResult(
            ok=True, simulated=True, output=f"simulated: {preview.text()}; no real system was changed"
        )

    @override
    def probe(self, preview: Preview, *, key: str, since: datetime) -> bool | None:
        """Look the key up: each run leaves it in the journal in the same write that is its effect."""
        return any(entry["key"] == key for entry in self.entries())

    def health(self, service: Service) -> Health:
        runs = [entry for entry in self.entries() if entry["args"].get("service") == service.name]
        if not runs:
            return Health(known=False, detail="the simulated backend has not acted on this service")
        last = runs[-1]
        return Health(known=True, healthy=True, detail=f"simulated; last {last['call']} at {last['time']}")

    def entries(self) -> list[dict[str, Any]]:
        """Return every operation this backend has run, oldest first."""
        try:
            lines = self.journal.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        return [orjson.loads(line) for line in lines if line]
