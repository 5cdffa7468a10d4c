"""Runs whose process died are found, shown with what each needs, and gone on with; by several processes at once too."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from ops_assistant import OpsAssistant, Settings
from ops_assistant.cli.app import app
from ops_assistant.graph.clock import Clock
from ops_assistant.graph.ledger import Ledger
from ops_assistant.graph.store import Store
from ops_assistant.run import Run
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend

from faulty import Killed, die, effects, killed_before_the_claim
from scenarios import POOL


class Later(Clock):
    """A clock some time ahead."""

    def __init__(self, by: timedelta) -> None:
        super().__init__()
        self.by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


Stop = Callable[[OpsAssistant, pytest.MonkeyPatch], Run]


def after_the_approval(assistant: OpsAssistant, _monkeypatch: pytest.MonkeyPatch) -> Run:
    return killed_before_the_claim(assistant, POOL)


def in_an_action(assistant: OpsAssistant, monkeypatch: pytest.MonkeyPatch) -> Run:
    run = assistant.investigate(POOL)
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "finish", die)
        with pytest.raises(Killed):
            run.approve(by="dana")
    monkeypatch.setattr("ops_assistant.graph.worker.is_gone", lambda owner: True)
    return run


def before_the_question(assistant: OpsAssistant, monkeypatch: pytest.MonkeyPatch) -> Run:
    run = assistant.investigate(POOL)
    with monkeypatch.context() as patch:
        patch.setattr(SimulatedBackend, "run", lambda *args, **kwargs: 1 / 0)
        patch.setattr(SimulatedBackend, "probe", lambda *args, **kwargs: None)
        patch.setattr("ops_assistant.graph.nodes.execute_action.outcomes_update", die)
        with pytest.raises(Killed):
            run.approve(by="dana")
    monkeypatch.setattr(SimulatedBackend, "probe", lambda *args, **kwargs: None)
    return run


def while_it_investigates(assistant: OpsAssistant, monkeypatch: pytest.MonkeyPatch) -> Run:
    with monkeypatch.context() as patch:
        patch.setattr(Store, "add_plan", die)
        with pytest.raises(Killed):
            assistant.investigate(POOL)
    (row,) = assistant.rows("running")
    assistant._dependencies.store.clock = Later(timedelta(minutes=6))
    return assistant.open(row["thread_id"])


STOPPED: dict[str, tuple[Stop, str, str]] = {
    "approved": (after_the_approval, "approved by dana", "completed"),
    "started": (in_an_action, "no outcome", "completed"),
    "unasked": (before_the_question, "unknown", "awaiting_approval"),
    "investigation": (while_it_investigates, "investigated", "awaiting_approval"),
}


@pytest.mark.parametrize("stopped", STOPPED)
def test_an_interrupted_run_is_found_and_gone_on_with(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch, stopped: str
) -> None:
    stop, words, status = STOPPED[stopped]
    waiting = assistant.investigate(POOL)
    run = stop(assistant, monkeypatch)
    (item,) = assistant.interrupted()
    assert (item.thread_id, item.stopped) == (run.thread_id, stopped)
    assert words in item.detail
    assert item.needs.startswith("resume")
    (again,) = assistant.recover()
    assert (again.thread_id, again.status) == (run.thread_id, status)
    assert assistant.interrupted() == []
    assert assistant.recover() == []
    assert len(effects(settings)) == len(set(effects(settings)))
    assert waiting.refresh().waits_for == "approval"


def test_what_is_being_worked_on_is_not_interrupted(
    assistant: OpsAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)
    seen: list[Any] = []
    real = SimulatedBackend.run

    def look(self: SimulatedBackend, preview: Any, *, key: str) -> Any:
        seen.append(assistant.interrupted())
        return real(self, preview, key=key)

    monkeypatch.setattr(SimulatedBackend, "run", look)
    run.approve(by="dana")
    assert seen
    assert not any(seen)
    with assistant.exclusive(run.thread_id):
        assert assistant.interrupted() == []


def test_an_investigation_that_was_just_begun_is_left_alone(
    assistant: OpsAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    while_it_investigates(assistant, monkeypatch)
    assistant._dependencies.store.clock = Clock()
    assert assistant.interrupted() == []


def test_four_that_recover_at_once_execute_once(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = [after_the_approval(assistant, monkeypatch) for _ in range(3)]
    barrier = threading.Barrier(4)
    errors: list[BaseException] = []

    def recover() -> None:
        try:
            with OpsAssistant(settings) as another:
                barrier.wait()
                another.recover()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=recover) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    ran = effects(settings)
    planned = sum(len(run.plan.actions) for run in stopped if run.plan)
    assert len(ran) == len(set(ran)) == planned
    assert {run.refresh().status for run in stopped} == {"completed"}


def test_one_run_that_cannot_be_gone_on_with_does_not_stop_the_others(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, free = (after_the_approval(assistant, monkeypatch) for _ in range(2))
    items = assistant.interrupted()
    monkeypatch.setattr(OpsAssistant, "interrupted", lambda self: items)
    with assistant.exclusive(held.thread_id):
        assert [run.thread_id for run in OpsAssistant(settings).recover()] == [free.thread_id]


@pytest.fixture
def cli(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.setenv("OPS_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OPS_ENGINE", "case-based")

    def run(*argv: str) -> str:
        done = CliRunner().invoke(app, argv)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def test_a_person_finds_and_resumes_them(
    assistant: OpsAssistant, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., str]
) -> None:
    run = after_the_approval(assistant, monkeypatch)
    waiting = assistant.investigate(POOL)
    assistant.close()
    listed = cli("pending")
    assert f"ops-assistant resume {run.thread_id[:8]}" in listed
    assert "approved by dana" in listed
    assert waiting.thread_id[:8] in listed
    told = json.loads(cli("pending", "--json"))
    assert [item["thread_id"] for item in told["interrupted"]] == [run.thread_id]
    assert [item["thread_id"] for item in told["pending"]] == [waiting.thread_id]
    assert "1 runs resumed" in cli("resume", "--all")
    assert json.loads(cli("show", run.thread_id, "--json"))["status"] == "completed"
    assert json.loads(cli("pending", "--json"))["interrupted"] == []
    assert json.loads(cli("resume", "--all", "--json")) == {"resumed": []}
