"""Whole runs on a real backend: planned from what is there, approved, executed once, verified by its health."""

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from ops_assistant import OpsAssistant, Settings
from ops_assistant.tools.errors import InputError

from scenarios import POOL

pytestmark = pytest.mark.service("supervisor")


def pid(config: Path) -> int:
    return int(
        subprocess.run(["supervisorctl", "-c", config, "pid", "api"], capture_output=True, check=True).stdout
    )


@pytest.fixture
def settings(data_dir: Path, tmp_path: Path, supervisor_config: Path) -> Settings:
    (tmp_path / "inventory.yaml").write_text(
        f"services:\n- name: {POOL['service']}\n  backend: supervisor\n"
        f"  target: {{program: api, config: {supervisor_config}}}\n"
    )
    return Settings(data_dir=data_dir, inventory=tmp_path / "inventory.yaml", engine="case-based")


def test_an_approved_restart_restarts_the_real_program_once(
    settings: Settings, supervisor_config: Path
) -> None:
    before = pid(supervisor_config)
    with OpsAssistant(settings) as assistant:
        run = assistant.investigate(POOL)
        assert run.plan is not None
        assert [action.type for action in run.plan.actions] == [
            "restart_service"
        ]  # supervisor does not scale
        assert pid(supervisor_config) == before
        run.approve(by="dana")
        after = pid(supervisor_config)
        assert after != before
        assert [(outcome.status, outcome.simulated) for outcome in run.outcomes] == [("succeeded", False)]
        assert run.report is not None
        assert "api is RUNNING" in run.report.markdown
    with OpsAssistant(settings) as assistant:
        assert assistant.open(run.thread_id).status == "completed"
    assert pid(supervisor_config) == after


def test_a_program_that_was_restarted_before_the_approval_is_asked_about_again(
    settings: Settings, supervisor_config: Path
) -> None:
    with OpsAssistant(settings) as assistant:
        run = assistant.investigate(POOL)
        subprocess.run(
            ["supervisorctl", "-c", supervisor_config, "restart", "api"], capture_output=True, check=True
        )
        since = pid(supervisor_config)
        shown = run.plan
        with suppress(InputError):  # it may be told here that the question was put again
            run.approve(by="dana")
        assert pid(supervisor_config) == since
        assert run.status == "awaiting_approval"
        assert run.plan is not None
        assert run.plan != shown
        run.approve(by="dana")  # the new plan, which knows of the restart
        assert pid(supervisor_config) != since
