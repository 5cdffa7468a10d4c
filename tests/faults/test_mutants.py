"""Protections switched off: each test shows that the case beside it would notice."""

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from langgraph.types import Command

from ops_assistant import InputError, NothingToActOn, OpsAssistant, Settings
from ops_assistant.graph import answers
from ops_assistant.graph.answers import Answer, parse_answer
from ops_assistant.graph.clock import Clock
from ops_assistant.graph.executor import Executor
from ops_assistant.graph.ledger import Ledger, Tampered, action_key
from ops_assistant.graph.models import Outcome
from ops_assistant.graph.store import Store
from ops_assistant.run import Run
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend

from faulty import APPROVE, bare_graph, config, effects
from scenarios import POOL

# --- 14, 15: answers to another question -------------------------------------------------------------------


def moved(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Make a precondition that the test changes: the approved plan is stale then, and another one is asked about."""
    state = {"started": "monday"}
    monkeypatch.setattr(SimulatedBackend, "precondition", lambda self, preview: dict(state))
    return state


def test_14_a_double_click_does_not_approve_the_plan_that_follows(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = moved(monkeypatch)
    thread_id = assistant.investigate(POOL).thread_id
    state["started"] = "tuesday"
    with bare_graph(settings) as graph:
        for _ in range(2):  # a chat UI names neither question nor plan
            graph.invoke(Command(resume=APPROVE), config(thread_id), durability="sync")
        (question,) = graph.get_state(config(thread_id)).interrupts
    assert "has just taken the place" in question.value["error"]
    assert effects(settings) == []
    assert assistant.open(thread_id).approve(by="dana").status == "completed"  # it names the plan


def test_14_mutant_that_takes_any_click_approves_it_unseen(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "HURRIED", timedelta(0))
    state = moved(monkeypatch)
    thread_id = assistant.investigate(POOL).thread_id
    state["started"] = "tuesday"
    with bare_graph(settings) as graph:
        for _ in range(2):
            graph.invoke(Command(resume=APPROVE), config(thread_id), durability="sync")
    assert effects(settings)


def test_15_an_answer_to_an_earlier_plan_is_refused(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = moved(monkeypatch)
    run = assistant.investigate(POOL)
    twin = assistant.open(run.thread_id)  # somebody else looks at the same page
    state["started"] = "tuesday"
    run.approve(by="dana")
    assert run.waits_for == "approval"
    with pytest.raises(InputError, match="the answer is for plan"):
        twin.approve(by="eve")
    assert effects(settings) == []


def test_15_mutant_without_the_plan_s_hash_in_the_answer_it_counts(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = moved(monkeypatch)
    run = assistant.investigate(POOL)
    twin = assistant.open(run.thread_id)
    state["started"] = "tuesday"
    run.approve(by="dana")
    monkeypatch.setattr(Run, "_shown_hash", lambda self: None)
    monkeypatch.setattr(answers, "HURRIED", timedelta(0))
    twin.approve(by="eve")
    assert effects(settings)


# --- 16: malformed answers ----------------------------------------------------------------------------------

MALFORMED: list[Any] = [
    True, 1, "yes", [], ["approve"], {"x": False}, {"approved": True}, {"type": "accept"}, {"type": "approve", "x": 1},
    {"decisions": []}, {"decisions": [{"type": "approve"}] * 9}, {"decisions": "approve"}, {"decisions": [True]},
    {"decisions": [{"type": "edit"}]}, {"decisions": [{"type": "edit", "edited_action": {"name": "restart_service"}}]},
    {"decisions": [{"type": "edit", "edited_action": {"name": "rm", "args": {"path": "/"}}}]},
    {"decisions": [{"type": "approve", "edited_action": {}}]}, {"type": "edit", "plan": {"actions": []}},
    {"type": "edit", "plan": {"actions": [{"id": "a9", "type": "restart_service", "params": {}}]}},
    [{"type": "accept", "args": None}], {"decisions": [{"type": "approve"}], "plan_hash": "0" * 64},
]  # fmt: skip


def test_16_no_malformed_answer_decides_or_loses_the_run(assistant: OpsAssistant, settings: Settings) -> None:
    thread_id = assistant.investigate(POOL).thread_id
    with bare_graph(settings) as graph:
        for raw in MALFORMED:
            (question,) = graph.get_state(config(thread_id)).interrupts
            graph.invoke(Command(resume={question.id: raw}), config(thread_id), durability="sync")
            (again,) = graph.get_state(config(thread_id)).interrupts
            assert again.id != question.id, raw
            assert again.value["error"], raw
    assert effects(settings) == []
    assert assistant.open(thread_id).approve(by="dana").status == "completed"


def test_16_mutant_that_takes_what_is_truthy_for_a_yes_executes(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def permissive(raw: Any, plan: Any) -> Answer:
        return Answer(kind="approve") if raw else parse_answer(raw, plan)

    monkeypatch.setattr("ops_assistant.graph.nodes.await_approval.parse_answer", permissive)
    thread_id = assistant.investigate(POOL).thread_id
    with bare_graph(settings) as graph:
        graph.invoke(Command(resume={"not-an-id": False}), config(thread_id), durability="sync")
    assert effects(settings)


# --- 17, 18: around the approval ------------------------------------------------------------------------------


def without_ledger(
    self: Executor, thread_id: str, plan_hash: str, position: int, _inventory: object
) -> Outcome:
    """Mutant: the node just does what stands in the stored plan, as LangGraph alone would have it."""
    plan = self._store.plan(plan_hash)
    assert plan is not None
    action = plan.actions[position]
    key = action_key(plan_hash, position)
    result = self._backends[action.backend].run(action.preview, key=key)
    return Outcome(
        action_id=action.id, type=action.type, status="succeeded", output=result.output,
        started_at=datetime.now(UTC), plan_hash=plan_hash, position=position,
    )  # fmt: skip


def test_17_mutant_without_the_approval_record_a_jump_executes(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread_id = assistant.investigate(POOL).thread_id
    monkeypatch.setattr(Executor, "approved_plan", lambda self, thread_id, hash_: self._store.plan(hash_))
    monkeypatch.setattr(Executor, "run_once", without_ledger)
    with bare_graph(settings) as graph:
        for _ in graph.stream(Command(goto="execute_action"), config(thread_id), durability="sync"):
            break
    assert effects(settings)


def test_18_mutant_without_the_ledger_a_replay_executes_again(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL).approve(by="dana")
    before = len(effects(settings))
    monkeypatch.setattr(Executor, "run_once", without_ledger)
    monkeypatch.setattr(Executor, "next_position", lambda self, plan: 0)
    monkeypatch.setattr(Executor, "unchecked", lambda self, plan: False)
    with bare_graph(settings) as graph:
        old = next(
            item
            for item in graph.get_state_history(config(run.thread_id))
            if item.next == ("execute_action",)
        )
        for _ in graph.stream(None, old.config, durability="sync"):
            break
    assert len(effects(settings)) > before


# --- 19, 20: what was changed in the store --------------------------------------------------------------------


def change_plan(settings: Settings) -> None:
    connection = sqlite3.connect(settings.data_dir / "store.sqlite")
    connection.execute("DROP TRIGGER plans_no_update")
    connection.execute("""UPDATE plans SET body = replace(body, '"api-server"', '"api-serves"')""")
    assert connection.total_changes
    connection.commit()
    connection.close()


def test_19_a_plan_changed_by_one_byte_is_refused_and_in_the_audit(
    assistant: OpsAssistant, settings: Settings
) -> None:
    run = assistant.investigate(POOL)
    change_plan(settings)
    with pytest.raises(Tampered, match="was changed in the store"):
        run.approve(by="dana")
    with pytest.raises(NothingToActOn, match="it is failed"):
        run.approve(by="dana")
    assert effects(settings) == []
    assert alarms(assistant, run) == 1
    assert assistant.open(run.thread_id).status == "failed"


def alarms(assistant: OpsAssistant, run: Run) -> int:
    return sum(entry.kind == "alarm.plan_changed" for entry in assistant.audit.entries(run.thread_id))


def test_19_changed_after_the_approval_it_is_refused_too(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)
    real = Store.record_decision

    def then_change(self: Store, *args: Any, **kwargs: Any) -> Any:
        decided = real(self, *args, **kwargs)
        change_plan(settings)
        return decided

    monkeypatch.setattr(Store, "record_decision", then_change)
    with pytest.raises(Tampered):
        run.approve(by="dana")
    assert effects(settings) == []
    assert alarms(assistant, run) == 1


def test_19_mutant_that_does_not_hash_again_runs_the_changed_plan(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)
    change_plan(settings)
    assert run.plan is not None
    monkeypatch.setattr("ops_assistant.graph.store.plan_hash", lambda body, hash_=run.plan.hash: hash_)
    run.approve(by="dana")
    journal = SimulatedBackend(settings.data_dir / "simulated.jsonl").entries()
    assert [entry["args"]["service"] for entry in journal] == ["api-serves"]


def test_19_an_unapproved_plan_in_the_state_does_not_run(assistant: OpsAssistant, settings: Settings) -> None:
    waiting, run = (assistant.investigate(POOL) for _ in range(2))
    assert waiting.plan is not None
    with bare_graph(settings) as graph:
        swapped = {"plan": waiting.plan.model_dump(mode="json")}
        graph.invoke(Command(goto="execute_action", update=swapped), config(run.thread_id), durability="sync")
    assert effects(settings) == []


# --- 21: time ------------------------------------------------------------------------------------------------


class Later(Clock):
    """A clock that runs a day and an hour ahead."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=25)


def approved_a_day_ago(assistant: OpsAssistant, monkeypatch: pytest.MonkeyPatch) -> Run:
    run = assistant.investigate(POOL)
    real = Store.record_decision

    def slow(self: Store, *args: Any, **kwargs: Any) -> Any:
        decided = real(self, *args, **kwargs)
        self.clock = Later()
        return decided

    monkeypatch.setattr(Store, "record_decision", slow)
    return run


def test_21_mutant_that_does_not_look_at_the_expiry_executes(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = approved_a_day_ago(assistant, monkeypatch)
    monkeypatch.setattr(Executor, "_check", lambda *args: None)
    run.approve(by="dana")
    assert effects(settings)


def test_21_one_second_after_its_expiry_an_approval_does_not_run(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = approved_a_day_ago(assistant, monkeypatch)
    assert run.plan is not None
    expires_at = run.plan.expires_at
    monkeypatch.setattr(Later, "now", lambda self: expires_at + timedelta(seconds=1))
    run.approve(by="dana")
    assert effects(settings) == []
    assert run.waits_for == "approval"


def test_21_mutant_that_believes_the_wall_clock_executes_what_had_expired(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan has expired by what the audit has seen; the clock was set back, and without the audit nobody notices."""
    run = assistant.investigate(POOL)
    assistant._dependencies.store.clock = Later()
    assistant._dependencies.store.note(run.thread_id, "noted", {})  # a day has gone by
    assistant._dependencies.store.clock = Clock()
    monkeypatch.setattr(Store, "now", lambda self: self.clock.now())
    run.approve(by="dana")
    assert effects(settings)


# --- 25: the database ------------------------------------------------------------------------------------------


def test_25_mutant_that_tries_again_after_a_lost_outcome_runs_it_twice(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ops_assistant.graph.database import StoreError

    run = assistant.investigate(POOL)

    def locked(*_args: Any, **_kwargs: Any) -> bool:
        raise StoreError("the store cannot be used now: database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "finish", locked)
        with pytest.raises(StoreError):
            run.approve(by="dana")

    def again(self: Executor, plan: Any, position: int, _entry: Any) -> Outcome:
        return without_ledger(self, plan.thread_id, plan.hash, position, None)

    monkeypatch.setattr(Executor, "_known", again)
    with bare_graph(settings) as graph:
        for _ in graph.stream(None, config(run.thread_id), durability="sync"):
            break
    assert len(effects(settings)) == 2
