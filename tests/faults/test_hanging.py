"""A backend that hangs: the action is unknown, its late answer is recorded, and nobody runs it again meanwhile."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops_assistant import InputError, OpsAssistant, Settings
from ops_assistant.graph.attempt import Attempt
from ops_assistant.run import Run
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.actions.base import BackendResult

from faulty import effects, one_action
from scenarios import POOL


class Hanging:
    """Lets the first call hang until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.calls = 0


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    made = Hanging()
    real = SimulatedBackend.run

    def run(self: SimulatedBackend, preview: Any, *, key: str) -> BackendResult:
        made.calls += 1
        if made.calls == 1:
            made.go.wait()
        return real(self, preview, key=key)

    monkeypatch.setattr(SimulatedBackend, "run", run)
    monkeypatch.setattr(SimulatedBackend, "probe", lambda *args, **kwargs: None)
    yield made
    made.go.set()
    end_late_threads()


def end_late_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("action-"):
            thread.join()


Hang = Callable[[], Run]


@pytest.fixture
def hang(assistant: OpsAssistant, monkeypatch: pytest.MonkeyPatch) -> Hang:
    """Approve a restart and give up on it after a tenth of a second."""

    def approve() -> Run:
        run = assistant.investigate(POOL)
        patience = assistant._dependencies.planner._planned(
            "a1", _proposed(), assistant._dependencies.inventory.with_service("api-server")
        ).preview.timeout_s
        monkeypatch.setattr("ops_assistant.graph.attempt.GRACE_S", 0.1 - patience)
        return run.edit(one_action("restart_service"), by="dana")

    return approve


def _proposed() -> Any:
    from ops_assistant.agents.models import ProposedAction

    return ProposedAction(type="restart_service", params={"service": "api-server"})


def test_a_backend_that_hangs_is_unknown_and_its_late_answer_is_recorded(
    settings: Settings, hanging: Hanging, hang: Hang
) -> None:
    run = hang()
    assert (run.outcomes[-1].status, run.waits_for) == ("unknown", "reconcile")
    assert effects(settings) == []
    hanging.go.set()
    end_late_threads()
    assert len(effects(settings)) == 1
    assert run.resume().outcomes[0].status == "succeeded"
    assert len(effects(settings)) == 1


def test_while_nobody_knows_it_is_not_tried_again(settings: Settings, hanging: Hanging, hang: Hang) -> None:
    run = hang()
    for _ in range(3):
        run.resume()
    assert hanging.calls == 1
    run.reconcile("skip", evidence="it will come", by="eve")
    hanging.go.set()
    end_late_threads()
    assert hanging.calls == len(effects(settings)) == 1


def test_mutant_that_takes_a_time_out_for_a_failure_runs_it_twice(
    settings: Settings, hanging: Hanging, hang: Hang, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Attempt._outcome

    def failed(self: Attempt, result: BackendResult) -> Any:
        stale = result.model_copy(update={"problem": "stale"}) if not result.ok else result
        return real(self, stale)

    monkeypatch.setattr(Attempt, "_outcome", failed)
    run = hang()
    run.reconcile("retry", by="eve")  # nobody had to look
    run.approve(by="eve")
    hanging.go.set()
    end_late_threads()
    assert len(effects(settings)) == 2


def test_a_retry_of_what_hangs_needs_evidence_if_twice_does_harm(
    settings: Settings, hanging: Hanging, hang: Hang, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops_assistant.graph.resolutions.needs_evidence", lambda *args: True)
    run = hang()
    with pytest.raises(InputError, match="how you know"):
        run.reconcile("retry", by="eve")
    assert hanging.calls == 1
