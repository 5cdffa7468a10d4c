"""The `supervisor` backend: programs of a supervisord, through supervisorctl."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from typing_extensions import override

from ...inventory import Service
from ...targets import SupervisorTarget
from ..base import Backend, BackendResult, BackendUnavailable, Health, Preview
from ..process import Programs, find_program, finish
from .common import cannot, target_of

# `api   RUNNING   pid 4711, uptime 1 day, 0:00:05` or `api   FATAL   Exited too quickly`
_STATUS = re.compile(r"^(?P<name>\S+)\s+(?P<state>[A-Z]{4,})\b\s*(?P<rest>.*)$", re.MULTILINE)
_RUNNING = re.compile(r"pid (?P<pid>\d+), uptime (?:(?P<days>\d+) days?, )?(?P<h>\d+):(?P<m>\d+):(?P<s>\d+)")


class SupervisorBackend(Backend):
    """Restarts programs. The process id is precondition and proof: a restart always gives a new one."""

    name = "supervisor"

    def __init__(self, programs: Programs, *, program: str = "supervisorctl") -> None:
        self._program = program
        self._programs = programs

    @override
    def plan(self, operation: str, service: Service, args: dict[str, Any]) -> Preview:
        if operation != "restart":
            raise cannot(self.name, operation, service.name)
        target = target_of(service, SupervisorTarget)
        return Preview(
            kind="argv",
            argv=[*self._control(target.config), "restart", target.program],
            call="supervisor.restart",
            args={"service": service.name, "program": target.program, "config": target.config},
        )

    @override
    def precondition(self, preview: Preview) -> dict[str, Any]:
        state, rest = self._status(preview.args["config"], preview.args["program"])
        running = _RUNNING.search(rest)
        # A program that supervisord keeps restarting has no process to hold on to.
        return {"pid": int(running["pid"])} if state == "RUNNING" and running else {}

    @override
    def run(self, preview: Preview, *, key: str) -> BackendResult:
        result = self._programs.run(preview.argv, key=key, timeout_s=preview.timeout_s)
        if result.ok and "ERROR" in result.output:
            # supervisorctl has exit status 0 for some of its errors.
            return result.model_copy(update={"ok": False})
        return result

    @override
    def probe(self, preview: Preview, *, key: str, since: datetime) -> bool | None:
        if self._programs.did_run(key) is False:
            return False
        state, rest = self._status(preview.args["config"], preview.args["program"])
        running = _RUNNING.search(rest)
        if state != "RUNNING" or running is None:
            return None
        if "pid" in preview.precondition:
            return bool(int(running["pid"]) != preview.precondition["pid"])
        uptime = timedelta(
            days=int(running["days"] or 0),
            hours=int(running["h"]),
            minutes=int(running["m"]),
            seconds=int(running["s"]),
        )
        # The uptime has whole seconds: the start lies up to one second earlier than it says.
        return datetime.now(UTC) - uptime >= since

    @override
    def health(self, service: Service) -> Health:
        target = target_of(service, SupervisorTarget)
        try:
            state, rest = self._status(target.config, target.program)
        except BackendUnavailable as error:
            return Health(known=False, detail=str(error))
        return Health(known=True, healthy=state == "RUNNING", detail=f"{target.program} is {state}: {rest}")

    def _control(self, config: str | None) -> list[str]:
        return [find_program(self._program), *(["-c", config] if config else [])]

    def _status(self, config: str | None, program: str) -> tuple[str, str]:
        """Return the program's state and what is said about it."""
        done = finish([*self._control(config), "status", program], timeout_s=10)
        # The exit status is 3 for every program that does not run, so the text decides.
        found = _STATUS.search(done.output)
        if found is None or found["name"] != program:
            raise BackendUnavailable(
                f"supervisorctl cannot tell about {program}: {done.output[:300] or 'no answer'}"
            )
        return found["state"], found["rest"].strip()
