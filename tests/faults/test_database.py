"""The store under bad weather: locked, full, clocks set back, rows forged. Nothing runs whose intent is not on disk."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops_assistant import OpsAssistant, Settings
from ops_assistant.graph import clock as clock_module
from ops_assistant.graph.clock import Clock
from ops_assistant.graph.database import Database, StoreError
from ops_assistant.graph.ledger import Ledger
from ops_assistant.graph.models import Decision, Plan, PlanBody
from ops_assistant.graph.store import Store, Tampered
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.actions.base import BackendResult
from ops_assistant.tools.errors import ExecutionRefused, NothingToActOn, OpsError

from plans import make_plan
from scenarios import POOL

LEASE = timedelta(seconds=30)


def executed(settings: Settings) -> int:
    return len(SimulatedBackend(settings.data_dir / "simulated.jsonl").entries())


def approve(store: Store, plan: Any) -> None:
    now = datetime.now(UTC)
    store.add_plan(plan)
    store.record_decision(
        Decision(
            plan_hash=plan.hash, thread_id=plan.thread_id, kind="approve", by="dana", door="x", decided_at=now,
            expires_at=now + LEASE,
        ),
        seal="s",
    )  # fmt: skip


# --- locked ---------------------------------------------------------------------------------------


def test_a_locked_database_says_so_and_nothing_runs(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)
    monkeypatch.setattr("ops_assistant.graph.database.BUSY_TIMEOUT_S", 0.05)
    monkeypatch.setattr(Database.__init__, "__kwdefaults__", {"busy_timeout_s": 0.05})
    assistant.close()
    other = assistant.open(run.thread_id)
    holder = sqlite3.connect(settings.data_dir / "store.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError, match="locked"):
            other.approve(by="dana")
        assert executed(settings) == 0
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    again = assistant.open(run.thread_id)
    if again.status != "completed":
        again = again.approve(by="dana") if again.waits_for == "approval" else again.resume()
    assert again.status == "completed"


def test_a_database_that_locks_after_the_effect_loses_no_outcome(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)
    with monkeypatch.context() as patch:

        def locked(*args: Any, **kwargs: Any) -> bool:
            raise StoreError("the store cannot be used now: database is locked")

        patch.setattr(Ledger, "finish", locked)
        with pytest.raises(StoreError):
            run.approve(by="dana")
    ran = executed(settings)
    assert ran == 1
    monkeypatch.setattr("ops_assistant.graph.worker.is_gone", lambda owner: True)  # its process died
    assert assistant.open(run.thread_id).resume().status == "completed"
    calls = SimulatedBackend(settings.data_dir / "simulated.jsonl").entries()
    assert len({entry["key"] for entry in calls}) == len(calls)


# --- a commit that fails ---------------------------------------------------------------------------


def test_no_action_runs_whose_intent_is_not_on_disk(
    settings: Settings, seeded_knowledge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same through a whole run: the claim's commit fails as on a full disk."""
    with OpsAssistant(settings) as assistant:
        run = assistant.investigate(POOL)
        real = Ledger.claim

        def full(self: Ledger, *args: Any, **kwargs: Any) -> int:
            with monkeypatch.context() as patch:
                patch.setattr(
                    self._audit, "append",
                    lambda *a, **k: (_ for _ in ()).throw(sqlite3_full()),
                )  # fmt: skip
                return real(self, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "claim", full)
            with pytest.raises(OpsError, match="full"):
                run.approve(by="dana")
        assert executed(settings) == 0
        assert assistant.open(run.thread_id).resume().status == "completed"


def sqlite3_full() -> Exception:
    from sqlalchemy.exc import OperationalError

    return OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))


# --- clocks ---------------------------------------------------------------------------------------


class SetBack(Clock):
    """A clock that an administrator has set back."""

    def __init__(self, by: timedelta) -> None:
        super().__init__()
        self._wall -= by
        self.by = by

    def now(self) -> datetime:
        return datetime.now(UTC) - self.by


def test_a_clock_set_back_before_the_last_entry_stops_execution(
    assistant: OpsAssistant, settings: Settings
) -> None:
    run = assistant.investigate(POOL)
    assistant._dependencies.store.clock = SetBack(timedelta(hours=1))
    with pytest.raises(Tampered, match="it was set back"):
        run.approve(by="dana")
    assert executed(settings) == 0


def test_a_clock_set_back_in_a_living_process_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    before = clock.now()

    class Past(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return before - timedelta(hours=1)

    monkeypatch.setattr(clock_module, "datetime", Past)
    assert clock.now() >= before


def test_an_expired_approval_does_not_run_and_asks_again(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)

    class Later(Clock):
        def now(self) -> datetime:
            return datetime.now(UTC) + timedelta(hours=25)

    real = Store.record_decision

    def slow(self: Store, *args: Any, **kwargs: Any) -> Any:
        decided = real(self, *args, **kwargs)
        self.clock = Later()  # the approval was recorded in time, then a day went by
        return decided

    with monkeypatch.context() as patch:
        patch.setattr(Store, "record_decision", slow)
        run.approve(by="dana")
    assert executed(settings) == 0
    assert run.status == "awaiting_approval"
    assert run.question is not None
    assert "expired" in run.question["notice"]


# --- forged rows ----------------------------------------------------------------------------------


def forge(settings: Settings, statement: str, *values: Any) -> None:
    connection = sqlite3.connect(settings.data_dir / "store.sqlite")
    for table in ("plans", "decisions", "approvals", "ledger"):
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def forged_decision(run: Any) -> tuple[str, ...]:
    now = datetime.now(UTC)
    decision = Decision(
        plan_hash=run.plan.hash, thread_id=run.thread_id, kind="approve", by="dana", door="cli", decided_at=now,
        expires_at=now + LEASE,
    )  # fmt: skip
    return (run.plan.hash, run.thread_id, "seal", "0" * 64, decision.model_dump_json())


def try_to_execute(assistant: OpsAssistant, run: Any) -> None:
    deps = assistant._dependencies
    with pytest.raises((ExecutionRefused, Tampered)):
        deps.executor.run_once(run.thread_id, run.plan.hash, 0, deps.inventory.with_service("api-server"))


def test_a_forged_approval_row_is_refused(assistant: OpsAssistant, settings: Settings) -> None:
    run = assistant.investigate(POOL)
    forge(settings, "INSERT INTO decisions VALUES (?, ?, ?, ?, ?)", *forged_decision(run))
    forge(settings, "UPDATE ledger SET state = 'approved'")
    try_to_execute(assistant, run)
    assert executed(settings) == 0


def test_mutant_without_signatures_a_forged_row_runs(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)
    forge(settings, "INSERT INTO decisions VALUES (?, ?, ?, ?, ?)", *forged_decision(run))
    forge(settings, "UPDATE ledger SET state = 'approved'")
    monkeypatch.setattr(Store, "_signed", lambda self, row, hash_: Decision.model_validate_json(row["body"]))
    monkeypatch.setattr("ops_assistant.graph.guard.Guard._check_people", lambda *args: None)
    deps = assistant._dependencies
    assert run.plan is not None
    deps.executor.run_once(run.thread_id, run.plan.hash, 0, deps.inventory.with_service("api-server"))
    assert executed(settings) == 1


def test_an_approval_copied_from_another_plan_is_refused(assistant: OpsAssistant, settings: Settings) -> None:
    done, run = assistant.investigate(POOL).approve(by="dana"), assistant.investigate(POOL)
    assert done.plan is not None
    assert run.plan is not None
    before = executed(settings)
    copy = "INSERT INTO decisions SELECT ?, ?, seal, mac, body FROM decisions WHERE plan_hash = ?"
    forge(settings, copy, run.plan.hash, run.thread_id, done.plan.hash)
    forge(settings, "UPDATE ledger SET state = 'approved' WHERE plan_hash = ?", run.plan.hash)
    try_to_execute(assistant, run)
    assert executed(settings) == before


def test_a_ledger_row_set_back_to_approved_does_not_run_again(
    assistant: OpsAssistant, settings: Settings
) -> None:
    run = assistant.investigate(POOL).approve(by="dana")
    before = executed(settings)
    forge(settings, "UPDATE ledger SET state = 'approved', fence = 0, outcome = NULL")
    try_to_execute(assistant, run)
    assert executed(settings) == before


def test_mutant_without_the_audit_s_memory_it_runs_again(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL).approve(by="dana")
    before = executed(settings)
    forge(settings, "UPDATE ledger SET state = 'approved', fence = 0, outcome = NULL")
    deps = assistant._dependencies
    monkeypatch.setattr(deps.store.audit, "count", lambda *args: 0)
    assert run.plan is not None
    deps.executor.run_once(run.thread_id, run.plan.hash, 0, deps.inventory.with_service("api-server"))
    assert executed(settings) == before + 1


def test_a_settled_row_cannot_be_changed_through_the_database(
    assistant: OpsAssistant, settings: Settings
) -> None:
    assistant.investigate(POOL).approve(by="dana")
    connection = sqlite3.connect(settings.data_dir / "store.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="insert-only"):
        connection.execute("UPDATE ledger SET state = 'approved'")
    with pytest.raises(sqlite3.IntegrityError, match="insert-only"):
        connection.execute("DELETE FROM ledger")
    connection.close()


# --- races ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [2, 6])
def test_a_hundred_races_give_each_action_to_one_worker(tmp_path: Path, workers: int) -> None:
    stores = [Store(tmp_path / "store.sqlite", clock=Clock()) for _ in range(workers)]
    plan = make_plan(100)
    approve(stores[0], plan)
    barrier = threading.Barrier(workers)
    won: list[int] = []

    def race(number: int) -> None:
        for position in range(100):
            barrier.wait()
            if stores[number].claim(plan.hash, position, owner=str(number), lease=LEASE):
                won.append(position)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(100))
    for store in stores:
        store.close()


def test_a_hundred_races_of_approve_and_reject_have_one_winner(tmp_path: Path) -> None:
    stores = [Store(tmp_path / "store.sqlite") for _ in range(2)]
    body = make_plan(1).model_dump(exclude={"hash"})
    plans = [Plan.of(PlanBody.model_validate({**body, "thread_id": f"t{number}"})) for number in range(100)]
    for plan in plans:
        stores[0].add_plan(plan)
    barrier = threading.Barrier(2)
    won: list[str] = []

    def race(number: int, kind: str) -> None:
        now = datetime.now(UTC)
        for plan in plans:
            decision = Decision(
                plan_hash=plan.hash, thread_id=plan.thread_id, kind=kind, by=kind, door="x", decided_at=now,
                expires_at=now + LEASE,
            )  # type: ignore[arg-type]  # fmt: skip
            barrier.wait()
            try:
                stores[number].record_decision(decision, seal=kind)
            except NothingToActOn:
                continue
            won.append(plan.hash)

    threads = [threading.Thread(target=race, args=args) for args in ((0, "approve"), (1, "reject"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == sorted(plan.hash for plan in plans)
    for plan in plans:
        decided, entry = stores[0].decision(plan.hash), stores[0].entry(plan.hash, 0)
        assert decided is not None
        assert entry is not None
        assert entry.state == {"approve": "approved", "reject": "rejected"}[decided.kind]
    for store in stores:
        store.close()


# --- backends that misbehave ------------------------------------------------------------------------


def answering(result: BackendResult | Exception) -> Any:
    real = SimulatedBackend.run

    def run(self: SimulatedBackend, preview: Any, *, key: str) -> BackendResult:
        done = real(self, preview, key=key)
        if isinstance(result, Exception):
            raise result
        return result if not result.ok else done

    return run


def test_a_backend_that_breaks_after_the_effect_is_asked_what_happened(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SimulatedBackend, "run", answering(ConnectionResetError("gone")))
    run = assistant.investigate(POOL).approve(by="dana")
    assert run.status == "completed"  # its probe says that it took effect
    assert executed(settings) == len(run.outcomes)


@pytest.mark.parametrize("choice", ["retry", "skip", "abort"])
def test_where_nobody_can_say_a_person_decides(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch, choice: Any
) -> None:
    monkeypatch.setattr(SimulatedBackend, "probe", lambda *args, **kwargs: None)
    with monkeypatch.context() as patch:
        patch.setattr(SimulatedBackend, "run", answering(ConnectionResetError("gone")))
        run = assistant.investigate(POOL).approve(by="dana")
    assert (run.status, run.waits_for) == ("awaiting_approval", "reconcile")
    assert run.outcomes[-1].status == "unknown"
    assert executed(settings) == 1
    run.resume()  # asking again changes nothing
    assert executed(settings) == 1
    run.reconcile(choice, evidence="looked at it", by="eve")
    assert any(f"{choice} by eve: looked at it" == outcome.settled for outcome in run.outcomes)
    if choice == "abort":
        assert (run.status, executed(settings)) == ("failed", 1)
    elif choice == "retry":
        assert run.waits_for == "approval"
        assert executed(settings) == 1
        assert run.approve(by="dana").status == "completed"
    else:
        assert run.waits_for == "nothing"


def test_a_failed_action_stops_the_plan_and_asks(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = BackendResult(ok=False, output="refused password=hunter2-9f8e7d")
    monkeypatch.setattr(SimulatedBackend, "run", answering(failed))
    run = assistant.investigate(POOL).approve(by="dana")
    assert run.waits_for == "reconcile"
    assert executed(settings) == 1
    assert "hunter2" not in run.outcomes[-1].output
    assert run.reconcile("abort", by="dana").status == "failed"


def test_a_stalled_worker_that_was_given_up_does_not_overwrite_what_a_person_said(
    tmp_path: Path,
) -> None:
    from ops_assistant.graph.models import Outcome, Resolution

    store = Store(tmp_path / "store.sqlite")
    plan = make_plan(1)
    approve(store, plan)
    store.claim(plan.hash, 0, owner="stalled", lease=LEASE)
    now = datetime.now(UTC)

    def outcome(status: Any) -> Outcome:
        return Outcome(action_id="a1", type="x", status=status, started_at=now, plan_hash=plan.hash)

    assert store.finish(plan.hash, 0, outcome("unknown"), owner=None)
    assert store.resolve(plan.hash, 0, Resolution(choice="skip", by="eve", door="x", at=now))
    assert not store.finish(plan.hash, 0, outcome("succeeded"), owner="stalled")
    entry = store.entry(plan.hash, 0)
    assert entry is not None
    assert entry.state == "resolved_done"
    assert [item.kind for item in store.audit.entries()][-1] == "action.late"
    store.close()


def test_output_of_any_kind_is_stored_bounded_and_visible(
    assistant: OpsAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "\x1b[2Jgone\0\u202edesrever " + "x" * 19_000
    monkeypatch.setattr(SimulatedBackend, "run", answering(BackendResult(ok=False, output=hostile)))
    run = assistant.investigate(POOL).approve(by="dana")
    output = run.outcomes[-1].output
    assert "\x1b" not in output
    assert "gone\\u0000\\u202edesrever" in output
    assert run.reconcile("abort", by="dana").status == "failed"


def test_a_precondition_that_changed_after_the_approval_makes_it_stale(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"started": "monday"}
    monkeypatch.setattr(SimulatedBackend, "precondition", lambda self, preview: dict(state))
    run = assistant.investigate(POOL)
    first = run.plan
    state["started"] = "tuesday"  # somebody else has restarted it
    run.approve(by="dana")
    assert executed(settings) == 0
    assert run.status == "awaiting_approval"
    assert run.plan is not None
    assert first is not None
    assert run.plan.hash != first.hash
    assert run.question is not None
    assert "'monday' and is 'tuesday'" in run.question["notice"]
    assert run.approve(by="dana").status == "completed"


def test_mutant_without_the_precondition_the_stale_plan_runs(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"started": "monday"}
    monkeypatch.setattr(SimulatedBackend, "precondition", lambda self, preview: dict(state))
    run = assistant.investigate(POOL)
    state["started"] = "tuesday"
    monkeypatch.setattr("ops_assistant.graph.executor.changed", lambda backend, preview: None)
    run.approve(by="dana")
    assert executed(settings) > 0


def test_a_dry_run_that_the_target_refuses_stops_before_the_claim(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)
    refused = BackendResult(ok=False, output="quota exceeded")
    monkeypatch.setattr(SimulatedBackend, "dry_run", lambda self, preview: refused)
    run.approve(by="dana")
    assert executed(settings) == 0
    assert any("quota exceeded" in error for error in run.incident.errors)
