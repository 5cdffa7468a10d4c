"""The `systemd` backend: units of this host, through systemctl."""

from datetime import datetime
from typing import Any

from typing_extensions import override

from ...errors import InputError
from ...inventory import Service
from ...targets import SystemdTarget
from ..base import Backend, BackendResult, BackendUnavailable, Health, Preview
from ..process import Programs, find_program, finish
from .common import cannot, target_of

_PROPERTIES = "LoadState,ActiveState,SubState,Result,InvocationID,ActiveEnterTimestamp"


class SystemdBackend(Backend):
    """Restarts units. A unit's invocation id is new with each start, which makes it precondition and proof."""

    name = "systemd"

    def __init__(self, programs: Programs, *, program: str = "systemctl") -> None:
        self._program = program
        self._programs = programs

    @override
    def plan(self, operation: str, service: Service, args: dict[str, Any]) -> Preview:
        if operation != "restart":
            raise cannot(self.name, operation, service.name)
        unit = target_of(service, SystemdTarget).unit
        if self._show(unit)["LoadState"] != "loaded":
            raise InputError(f"{service.name}: systemd has no unit {unit!r}")
        argv = [find_program(self._program), "--no-ask-password", "restart", "--", unit]
        return Preview(
            kind="argv", argv=argv, call="systemd.restart", args={"service": service.name, "unit": unit}
        )

    @override
    def precondition(self, preview: Preview) -> dict[str, Any]:
        state = self._show(preview.args["unit"])
        # A unit that systemd itself keeps restarting has no start to hold on to.
        return {"invocation": state["InvocationID"]} if state["ActiveState"] == "active" else {}

    @override
    def run(self, preview: Preview, *, key: str) -> BackendResult:
        return self._programs.run(preview.argv, key=key, timeout_s=preview.timeout_s)

    @override
    def probe(self, preview: Preview, *, key: str, since: datetime) -> bool | None:
        if self._programs.did_run(key) is False:
            return False
        state = self._show(preview.args["unit"])
        if state["ActiveState"] != "active":
            return None
        entered = state["ActiveEnterTimestamp"].removeprefix("@")
        # The time stamp has whole seconds: one of the second in which the run began counts.
        return entered.isdigit() and int(entered) >= int(since.timestamp())

    @override
    def health(self, service: Service) -> Health:
        unit = target_of(service, SystemdTarget).unit
        try:
            state = self._show(unit)
        except BackendUnavailable as error:
            return Health(known=False, detail=str(error))
        detail = f"{unit} is {state['ActiveState']} ({state['SubState']}), last result {state['Result']}"
        return Health(known=True, healthy=state["ActiveState"] == "active", detail=detail)

    def _show(self, unit: str) -> dict[str, str]:
        argv = [
            find_program(self._program),
            "show",
            "--timestamp=unix",
            f"--property={_PROPERTIES}",
            "--",
            unit,
        ]
        done = finish(argv, timeout_s=10)
        values = dict(line.split("=", 1) for line in done.output.splitlines() if "=" in line)
        if done.code != 0 or not set(_PROPERTIES.split(",")) <= set(values):
            raise BackendUnavailable(
                f"systemctl cannot tell about {unit}: {done.output[:300] or 'no answer'}"
            )
        return values
