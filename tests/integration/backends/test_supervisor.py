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
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory, Service

pytestmark = pytest.mark.service("supervisor")
BACKEND = SupervisorBackend()


def service(config: Path, program: str = "api") -> Service:
    return Service(name="shop", backend="supervisor", target={"program": program, "config": str(config)})


def preview(config: Path, program: str = "api") -> Preview:
    inventory = Inventory(services=[service(config, program)])
    return plan_action(
        "restart_service", {"service": "shop"}, inventory=inventory, backends={"supervisor": BACKEND}
    ).preview


def pid(config: Path) -> int:
    return int(
        subprocess.run(["supervisorctl", "-c", config, "pid", "api"], capture_output=True, check=True).stdout
    )


def test_a_restart_is_planned_exactly_and_proven(supervisor_config: Path) -> None:
    before = pid(supervisor_config)
    planned = preview(supervisor_config)
    assert planned.argv[1:] == ["-c", str(supervisor_config), "restart", "api"]
    assert Path(planned.argv[0]).is_absolute()
    assert planned.precondition == {"pid": before}
    started = datetime.now(UTC)
    assert changed(BACKEND, planned) is None
    assert BACKEND.probe(planned, key="k", since=started) is False
    result = BACKEND.run(planned, key="k")
    assert result.ok, result.output
    assert "api: started" in result.output
    assert pid(supervisor_config) != before
    assert BACKEND.probe(planned, key="k", since=started) is True
    assert BACKEND.health(service(supervisor_config)).healthy


def test_a_program_that_was_restarted_since_is_stale(supervisor_config: Path) -> None:
    planned = preview(supervisor_config)
    BACKEND.run(preview(supervisor_config), key="somebody else's")
    assert str(changed(BACKEND, planned)).startswith("pid was ")


def test_a_program_that_does_not_come_up_is_a_failure(supervisor_config: Path) -> None:
    planned = preview(supervisor_config, "broken")
    assert planned.precondition == {}
    result = BACKEND.run(planned, key="k")
    assert (result.ok, result.problem) == (False, "failed")
    assert "spawn error" in result.output
    health = BACKEND.health(service(supervisor_config, "broken"))
    assert (health.known, health.healthy) == (True, False)
    assert BACKEND.probe(planned, key="k", since=datetime.now(UTC)) is None


def test_without_a_process_to_compare_the_start_time_proves_it(supervisor_config: Path) -> None:
    loose = preview(supervisor_config).model_copy(update={"precondition": {}})
    os.kill(pid(supervisor_config), signal.SIGKILL)  # supervisord starts it again at once
    since = datetime.now(UTC)
    BACKEND.run(loose, key="k")
    # supervisorctl counts whole seconds.
    assert BACKEND.probe(loose, key="k", since=since - timedelta(seconds=1)) is True
    assert BACKEND.probe(loose, key="k", since=since + timedelta(hours=1)) is False


@pytest.mark.parametrize("program", ["nosuch", "api:nosuch"])
def test_a_program_that_supervisord_does_not_have_cannot_be_planned(
    supervisor_config: Path, program: str
) -> None:
    with pytest.raises(InputError, match="no such"):
        preview(supervisor_config, program)


def test_no_supervisord_no_plan(tmp_path: Path) -> None:
    config = tmp_path / "supervisord.conf"
    config.write_text("[supervisorctl]\nserverurl=unix:///nowhere.sock\n")
    with pytest.raises(InputError, match="cannot tell about api"):
        preview(config)
    assert not BACKEND.health(service(config)).known
