"""Named commands and log rotation, with real programs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops_assistant.tools.actions import plan_action
from ops_assistant.tools.actions.backends import make_backends
from ops_assistant.tools.actions.base import changed
from ops_assistant.tools.actions.catalogue import Planned
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory, Service

from services import program

TARGET = {"unit": "shop.service"}


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A runbook script that notes what it was given."""
    file = tmp_path / "retry-queue"
    file.write_text(f'#!/bin/sh\necho "$OPS_ACTION_KEY $*" | tee -a {tmp_path}/ran\nexit ${{3:-0}}\n')
    file.chmod(0o700)
    return file


@pytest.fixture
def service(tmp_path: Path, script: Path) -> Service:
    return Service.model_validate(
        {
            "name": "shop", "backend": "systemd", "target": TARGET, "logrotate": str(tmp_path / "rules"),
            "commands": {
                "retry": {
                    "argv": [str(script), "--queue={queue}", "{count}"],
                    "risk": "low", "timeout_s": 5, "idempotent": True,
                    "params": {
                        "queue": {"type": "choice", "choices": ["mail", "a b; $(id)"]},
                        "count": {"type": "integer", "min": 1, "max": 500},
                    },
                },
                "fail": {"argv": [str(script), "x", "y", "7"]},
            },
        }
    )  # fmt: skip


def plan(type_: str, service: Service, tmp_path: Path, **params: object) -> Planned:
    return plan_action(
        type_,
        {"service": "shop", **params},
        inventory=Inventory(services=[service]),
        backends=make_backends(tmp_path),
    )


def test_a_named_command_runs_as_planned_and_never_through_a_shell(
    service: Service, tmp_path: Path, script: Path
) -> None:
    planned = plan(
        "run_runbook_command",
        service,
        tmp_path,
        command="retry",
        arguments={"queue": "a b; $(id)", "count": "7"},
    )
    preview = planned.preview
    assert (planned.backend, planned.risk, preview.timeout_s, preview.idempotent) == (
        "command",
        "low",
        5,
        True,
    )
    assert preview.argv == [str(script), "--queue=a b; $(id)", "7"]
    result = make_backends(tmp_path)["command"].run(preview, key="k7")
    assert (result.ok, result.output) == (True, "k7 --queue=a b; $(id) 7\n\nexit status 0")
    assert (tmp_path / "ran").read_text() == "k7 --queue=a b; $(id) 7\n"


def test_an_exit_status_is_a_failure(service: Service, tmp_path: Path) -> None:
    backend = make_backends(tmp_path)["command"]
    planned = plan("run_runbook_command", service, tmp_path, command="fail")
    assert planned.risk == "high"
    result = backend.run(planned.preview, key="k")
    assert (result.ok, result.problem) == (False, "failed")
    assert result.output.endswith("exit status 7")
    assert backend.probe(planned.preview, key="k", since=datetime.now(UTC)) is None
    assert backend.probe(planned.preview, key="never-started", since=datetime.now(UTC)) is False


def test_a_script_that_was_changed_since_it_was_planned_is_stale(
    service: Service, tmp_path: Path, script: Path
) -> None:
    backend = make_backends(tmp_path)["command"]
    preview = plan("run_runbook_command", service, tmp_path, command="fail").preview
    assert changed(backend, preview) is None
    script.write_text("#!/bin/sh\nrm -rf /important\n")
    assert str(changed(backend, preview)).startswith("program was ")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"command": "reboot"}, "no command 'reboot'"),
        ({"command": "retry"}, "exactly"),
        ({"command": "retry", "arguments": {"queue": "mail", "count": 501}}, "`count` must be from 1 to 500"),
        ({"command": "retry", "arguments": {"queue": "sms", "count": 1}}, "`queue` must be one of"),
        ({"command": "fail", "arguments": {"x": "1"}}, "exactly"),
        ({"command": "retry", "arguments": "not json"}, "expected an object"),
        ({"command": "/bin/sh"}, "`command`"),
    ],
)  # fmt: skip
def test_what_the_inventory_does_not_name_is_refused(
    service: Service, tmp_path: Path, params: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        plan("run_runbook_command", service, tmp_path, **params)


def test_a_program_that_is_not_installed_cannot_be_planned(
    service: Service, tmp_path: Path, script: Path
) -> None:
    script.unlink()
    with pytest.raises(InputError, match="is not installed on this host"):
        plan("run_runbook_command", service, tmp_path, command="fail")


@pytest.mark.service("logrotate")
def test_logs_are_rotated_by_the_rules_of_the_service(service: Service, tmp_path: Path) -> None:
    program("logrotate")
    log, rules = tmp_path / "shop.log", tmp_path / "rules"
    log.write_text("old\n" * 1_000)
    rules.write_text(f"{log} {{\n  rotate 2\n  create\n}}\n")
    rules.chmod(0o644)
    backend = make_backends(tmp_path)["command"]
    preview = plan("rotate_logs", service, tmp_path).preview
    assert preview.argv[1:] == ["--force", "--state", str(tmp_path / "logrotate.state"), str(rules)]
    tried = backend.dry_run(preview)
    assert tried is not None
    assert "log needs rotating" in tried.output
    assert log.stat().st_size > 0
    result = backend.run(preview, key="k")
    assert result.ok, result.output
    assert (log.read_text(), (tmp_path / "shop.log.1").read_text()) == ("", "old\n" * 1_000)
    rules.write_text("/etc/passwd {\n rotate 0\n}\n")
    assert str(changed(backend, preview)).startswith("rules was ")


def test_a_service_without_rules_has_no_logs_to_rotate(service: Service, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names no `logrotate` file"):
        plan("rotate_logs", service.model_copy(update={"logrotate": None}), tmp_path)


def test_nothing_real_runs_for_a_simulated_service(service: Service, tmp_path: Path) -> None:
    simulated = service.model_copy(update={"backend": "simulated", "target": None})
    planned = plan("run_runbook_command", simulated, tmp_path, command="fail")
    assert planned.backend == "simulated"
    make_backends(tmp_path)["simulated"].run(planned.preview, key="k")
    assert not (tmp_path / "ran").exists()
