"""Answers that come twice, late, to the wrong question, or from another thread."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from langgraph.types import Command

from ops_assistant import NothingToActOn, OpsAssistant, Settings
from ops_assistant.graph.seal import Seal
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.actions.base import BackendResult

from faulty import APPROVE, bare_graph, config, effects
from scenarios import POOL


def executed(settings: Settings) -> int:
    return len(effects(settings))


@pytest.fixture
def graph(settings: Settings) -> Iterator[Any]:
    with bare_graph(settings) as bare:
        yield bare


def test_the_same_request_sent_twice_decides_once(assistant: OpsAssistant, settings: Settings) -> None:
    first, second = (assistant.investigate(POOL) for _ in range(2))
    twin = assistant.open(first.thread_id)
    first.approve(by="dana")
    ran = executed(settings)
    with pytest.raises(NothingToActOn, match="approve by dana"):
        twin.approve(by="dana")
    assert executed(settings) == ran
    assert second.refresh().status == "awaiting_approval"


def test_a_second_click_does_not_answer_the_next_question(
    assistant: OpsAssistant, settings: Settings, graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A UI sends its approval again after an action has stopped the plan: that is no word on the action."""
    failed = BackendResult(ok=False, output="refused")
    monkeypatch.setattr(SimulatedBackend, "run", lambda self, preview, *, key: failed)
    thread_id = assistant.investigate(POOL).thread_id
    question = graph.get_state(config(thread_id)).interrupts[0].id
    graph.invoke(Command(resume={question: APPROVE}), config(thread_id), durability="sync")
    (reconcile,) = graph.get_state(config(thread_id)).interrupts
    assert "reconcile" in reconcile.value
    graph.invoke(Command(resume={question: APPROVE}), config(thread_id), durability="sync")
    (still,) = graph.get_state(config(thread_id)).interrupts
    assert still.id == reconcile.id


def test_a_click_without_an_id_on_a_stopped_action_starts_nothing(
    assistant: OpsAssistant, settings: Settings, graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = BackendResult(ok=False, output="refused")
    calls: list[str] = []

    def run(self: SimulatedBackend, preview: Any, *, key: str) -> BackendResult:
        calls.append(key)
        return failed

    monkeypatch.setattr(SimulatedBackend, "run", run)
    thread_id = assistant.investigate(POOL).thread_id
    graph.invoke(Command(resume=APPROVE), config(thread_id), durability="sync")
    graph.invoke(Command(resume=APPROVE), config(thread_id), durability="sync")  # a hurried second click
    assert len(calls) == 1
    assert assistant.open(thread_id).status == "failed"


@pytest.mark.parametrize(
    "raw", [True, {}, {"x": 1}, {"type": "approve"}, {"decisions": []}, {"type": "retry"}]
)
def test_nonsense_about_a_stopped_action_asks_again(
    assistant: OpsAssistant, graph: Any, monkeypatch: pytest.MonkeyPatch, raw: Any
) -> None:
    monkeypatch.setattr(
        SimulatedBackend, "run", lambda self, preview, *, key: BackendResult(ok=False, problem="unknown")
    )
    monkeypatch.setattr(SimulatedBackend, "probe", lambda *args, **kwargs: None)
    monkeypatch.setattr("ops_assistant.graph.resolutions.needs_evidence", lambda *args: True)
    thread_id = assistant.investigate(POOL).thread_id
    graph.invoke(Command(resume=APPROVE), config(thread_id), durability="sync")
    (question,) = graph.get_state(config(thread_id)).interrupts
    graph.invoke(Command(resume={question.id: raw}), config(thread_id), durability="sync")
    (again,) = graph.get_state(config(thread_id)).interrupts
    assert "reconcile" in again.value
    if raw != {}:  # LangGraph itself takes no notice of an empty resume
        assert again.value["error"]


@pytest.mark.parametrize("node", ["reconcile", "record_resolution", "check_action"])
def test_jumping_to_the_new_steps_executes_nothing(
    assistant: OpsAssistant, settings: Settings, graph: Any, node: str
) -> None:
    thread_id = assistant.investigate(POOL).thread_id
    forged = {
        "choice": "retry",
        "evidence": "x",
        "by": "eve",
        "door": "x",
        "position": 0,
        "plan_hash": "0",
        "seal": "0",
    }
    graph.invoke(Command(goto=node, update={"resolution": forged}), config(thread_id), durability="sync")
    assert executed(settings) == 0
    assert assistant.open(thread_id).approve(by="dana").status == "completed"


def test_a_rejection_after_the_start_is_recorded_as_late(assistant: OpsAssistant, settings: Settings) -> None:
    run = assistant.investigate(POOL)
    assert run.plan is not None
    deps = assistant._dependencies
    run.approve(by="dana")
    decision = deps.store.decision(run.plan.hash)
    assert decision is not None
    late = decision.model_copy(update={"kind": "reject", "by": "eve"})
    with pytest.raises(NothingToActOn, match="already decided: approve by dana"):
        deps.store.record_decision(late, seal="another")
    assert "decision.late" in [entry.kind for entry in deps.store.audit.entries(run.thread_id)]
    assert assistant.audit.verify() == []


def copy_resume(settings: Settings, source: str, target: str) -> None:
    """Copy an answered run's sealed answer into another thread's state, as one with access to the file could."""
    connection = sqlite3.connect(settings.checkpoint_file)
    connection.execute(
        "INSERT OR REPLACE INTO writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, value) "
        "SELECT ?, checkpoint_ns, (SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?), "
        "task_id, idx, channel, type, value FROM writes WHERE thread_id = ? AND channel IN ('answer', '__resume__')",
        (target, target, source),
    )
    connection.commit()
    connection.close()


def test_an_answer_copied_from_another_thread_approves_nothing(
    assistant: OpsAssistant, settings: Settings
) -> None:
    done, waiting = (assistant.investigate(POOL) for _ in range(2))
    done.approve(by="dana")
    ran = executed(settings)
    copy_resume(settings, done.thread_id, waiting.thread_id)
    again = assistant.open(waiting.thread_id).resume()
    assert executed(settings) == ran
    assert again.approve(by="dana").status == "completed"


def test_mutant_without_the_seal_a_made_up_answer_is_recorded(
    assistant: OpsAssistant, settings: Settings, graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)
    assert run.plan is not None
    forged = {
        "kind": "approve",
        "edits": [],
        "by": "eve",
        "door": "x",
        "comment": "",
        "plan_hash": run.plan.hash,
    }
    monkeypatch.setattr(Seal, "verify", lambda *args: True)
    graph.invoke(
        Command(goto="record_decision", update={"answer": {**forged, "seal": "0"}}),
        config(run.thread_id),
        durability="sync",
    )
    assert assistant._dependencies.store.decision(run.plan.hash) is not None
