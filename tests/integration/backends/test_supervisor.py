"""Restarting the programs of a real supervisord."""

import os
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops_assistant.tools.actions import plan_action
from ops_assistant.tools.actions.backends.supervisor import SupervisorBackend
from ops_assistant.tools.actions.base import Preview, changed
from ops_assistant.tools.actions.process import Programs
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory, Service

pytestmark = pytest.mark.service("supervisor")


@pytest.fixture
def backend(tmp_path: Path) -> SupervisorBackend:
    return SupervisorBackend(Programs(tmp_path / "gate"))


def service(config: Path, program: str = "api") -> Service:
    return Service(name="shop", backend="supervisor", target={"program": program, "config": str(config)})


def preview(backend: SupervisorBackend, config: Path, program: str = "api") -> Preview:
    inventory = Inventory(services=[service(config, program)])
    return plan_action(
        "restart_service", {"service": "shop"}, inventory=inventory, backends={"supervisor": backend}
    ).preview


def pid(config: Path) -> int:
    return int(
        subprocess.run(["supervisorctl", "-c", config, "pid", "api"], capture_output=True, check=True).stdout
    )


def test_a_restart_is_planned_exactly_and_proven(backend: SupervisorBackend, supervisor_config: Path) -> None:
    before = pid(supervisor_config)
    planned = preview(backend, supervisor_config)
    assert planned.argv[1:] == ["-c", str(supervisor_config), "restart", "api"]
    assert Path(planned.argv[0]).is_absolute()
    assert planned.precondition == {"pid": before}
    started = datetime.now(UTC)
    assert changed(backend, planned) is None
    assert backend.probe(planned, key="never-started", since=started) is False
    result = backend.run(planned, key="k")
    assert result.ok, result.output
    assert "api: started" in result.output
    assert pid(supervisor_config) != before
    assert backend.probe(planned, key="k", since=started) is True
    assert backend.run(planned, key="k").problem == "unknown"  # the gate lets a key pass once
    assert backend.health(service(supervisor_config)).healthy


def test_a_program_that_was_restarted_since_is_stale(
    backend: SupervisorBackend, supervisor_config: Path
) -> None:
    planned = preview(backend, supervisor_config)
    backend.run(preview(backend, supervisor_config), key="other")
    assert str(changed(backend, planned)).startswith("pid was ")


def test_a_program_that_does_not_come_up_is_a_failure(
    backend: SupervisorBackend, supervisor_config: Path
) -> None:
    planned = preview(backend, supervisor_config, "broken")
    assert planned.precondition == {}
    result = backend.run(planned, key="k")
    assert (result.ok, result.problem) == (False, "failed")
    assert "spawn error" in result.output
    health = backend.health(service(supervisor_config, "broken"))
    assert (health.known, health.healthy) == (True, False)
    assert backend.probe(planned, key="k", since=datetime.now(UTC)) is None


def test_without_a_process_to_compare_the_start_time_proves_it(
    backend: SupervisorBackend, supervisor_config: Path
) -> None:
    loose = preview(backend, supervisor_config).model_copy(update={"precondition": {}})
    os.kill(pid(supervisor_config), signal.SIGKILL)  # supervisord starts it again at once
    since = datetime.now(UTC)
    backend.run(loose, key="k")
    # supervisorctl counts whole seconds.
    assert backend.probe(loose, key="k", since=since - timedelta(seconds=1)) is True
    assert backend.probe(loose, key="k", since=since + timedelta(hours=1)) is False
    # It has started since, but not by this key: that one never passed the gate.
    assert backend.probe(loose, key="never-started", since=since - timedelta(hours=1)) is False


@pytest.mark.parametrize("program", ["nosuch", "api:nosuch"])
def test_a_program_that_supervisord_does_not_have_cannot_be_planned(
    backend: SupervisorBackend, supervisor_config: Path, program: str
) -> None:
    with pytest.raises(InputError, match="no such"):
        preview(backend, supervisor_config, program)


def test_no_supervisord_no_plan(backend: SupervisorBackend, tmp_path: Path) -> None:
    config = tmp_path / "supervisord.conf"
    config.write_text("[supervisorctl]\nserverurl=unix:///nowhere.sock\n")
    with pytest.raises(InputError, match="cannot tell about api"):
        preview(backend, config)
    assert not backend.health(service(config)).known
