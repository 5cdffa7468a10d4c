"""The `command` backend: programs of this host - the service's named commands, and logrotate."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from ...errors import InputError
from ...inventory import Service
from ..base import Backend, BackendResult, BackendUnavailable, Health, Preview
from ..process import Programs, find_program, finish
from .common import cannot


class CommandBackend(Backend):
    """Runs what the inventory names. A program or a rule file that has changed since it was planned is stale."""

    name = "command"

    def __init__(self, programs: Programs, *, logrotate_state: Path, logrotate: str = "logrotate") -> None:
        """Make the backend; `logrotate_state` is a file of its own, so that the nightly run's is left alone."""
        self._logrotate_state = logrotate_state
        self._logrotate = logrotate
        self._programs = programs

    @override
    def plan(self, operation: str, service: Service, args: dict[str, Any]) -> Preview:
        if operation == "run_command":
            program, *rest = args["argv"]
            argv = [find_program(program), *rest]
            named = {"service": service.name, "command": args["command"]}
            return Preview(kind="argv", argv=argv, call="command.run", args=named)
        if operation == "rotate_logs":
            if service.logrotate is None:
                raise InputError(f"{service.name}: the inventory names no `logrotate` file for it")
            state = str(self._logrotate_state.absolute())
            return Preview(
                kind="argv",
                argv=[find_program(self._logrotate), "--force", "--state", state, service.logrotate],
                call="command.rotate_logs",
                args={"service": service.name, "rules": service.logrotate},
            )
        raise cannot(self.name, operation, service.name)

    @override
    def precondition(self, preview: Preview) -> dict[str, Any]:
        files = {"program": preview.argv[0]} | (
            {"rules": preview.args["rules"]} if "rules" in preview.args else {}
        )
        try:
            return {name: _digest(Path(path)) for name, path in files.items()}
        except OSError as error:
            raise BackendUnavailable(f"{error.filename}: cannot be read ({error.strerror})") from None

    @override
    def dry_run(self, preview: Preview) -> BackendResult | None:
        if preview.call != "command.rotate_logs":
            return None
        done = finish([preview.argv[0], "--debug", *preview.argv[1:]], timeout_s=30)
        return BackendResult(ok=done.code == 0, output=done.output)

    @override
    def run(self, preview: Preview, *, key: str) -> BackendResult:
        return self._programs.run(preview.argv, key=key, timeout_s=preview.timeout_s)

    @override
    def probe(self, preview: Preview, *, key: str, since: datetime) -> bool | None:
        return self._programs.did_run(key)  # what it has done, nobody can say in general

    @override
    def health(self, service: Service) -> Health:
        return Health(known=False, detail="the command backend runs commands and knows no service")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
