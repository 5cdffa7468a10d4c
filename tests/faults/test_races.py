"""Several people and workers at once: one decision, one execution, and everybody is shown the same outcome."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from ops_assistant import NothingToActOn, OpsAssistant, Settings
from ops_assistant.graph import tables
from ops_assistant.graph.ledger import Ledger, action_key
from ops_assistant.graph.models import Decision, Plan
from ops_assistant.graph.store import Store
from ops_assistant.tools.errors import OpsError

from faulty import effects, killed_before_the_claim
from plans import make_plan
from scenarios import POOL

LEASE = timedelta(seconds=30)


def together(count: int, act: Any) -> list[Any]:
    """Call `act(number)` in so many threads at one instant and return what each returned or raised."""
    barrier = threading.Barrier(count)
    results: list[Any] = [None] * count

    def work(number: int) -> None:
        barrier.wait()
        try:
            results[number] = act(number)
        except BaseException as error:
            results[number] = error

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everybody past the per-run lock, as workers of another host or of a server are."""
    import contextlib

    monkeypatch.setattr(OpsAssistant, "exclusive", lambda self, thread_id: contextlib.nullcontext())


def decision(plan: Plan, kind: Any, by: str) -> Decision:
    now = datetime.now(UTC)
    return Decision(
        plan_hash=plan.hash, thread_id=plan.thread_id, kind=kind, by=by, door="x", decided_at=now,
        expires_at=now + LEASE,
    )  # fmt: skip


def test_13_six_workers_that_resume_one_run_execute_once_and_end_alike(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = killed_before_the_claim(assistant, POOL)
    without_locks(monkeypatch)
    assistants = [OpsAssistant(settings) for _ in range(6)]
    opened = [made.open(run.thread_id) for made in assistants]
    results = together(6, lambda number: opened[number].resume())
    assert not [result for result in results if isinstance(result, BaseException)]
    assert run.plan is not None
    assert len(effects(settings)) == len(set(effects(settings))) == len(run.plan.actions)
    assert {item.refresh().status for item in opened} == {"completed"}
    assert len({tuple(outcome.model_dump_json() for outcome in item.outcomes) for item in opened}) == 1
    for made in assistants:
        made.close()


def claim_without_compare(self: Ledger, plan: str, position: int, *, owner: str, lease: Any) -> int:
    """Mutant: looks first and writes then, as anybody would who trusts a read."""
    found = self.entry(plan, position)
    if found is None or found.state != "approved":
        return 0
    mine = tables.ledger.c.key == action_key(plan, position)
    with self._database.write() as connection:
        connection.execute(update(tables.ledger).where(mine).values(state="started", owner=owner))
    return 1


def wins(tmp_path: Path, rounds: int, workers: int) -> list[int]:
    """Return how many of the workers claimed each action."""
    stores = [Store(tmp_path / "store.sqlite") for _ in range(workers)]
    plan = make_plan(rounds)
    stores[0].add_plan(plan)
    stores[0].record_decision(decision(plan, "approve", "dana"), seal="s")
    counts = [
        sum(
            map(
                bool,
                together(
                    workers,
                    lambda number, at=at: stores[number].claim(plan.hash, at, owner=str(number), lease=LEASE),
                ),
            )
        )
        for at in range(rounds)
    ]
    for store in stores:
        store.close()
    return counts


def test_13_each_action_is_claimed_once(tmp_path: Path) -> None:
    assert wins(tmp_path, 30, 6) == [1] * 30


def test_13_mutant_without_compare_and_set_several_claim_one_action(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ledger, "claim", claim_without_compare)
    assert max(wins(tmp_path, 30, 6)) > 1


CLAIMING = """
import sys
from datetime import timedelta
from pathlib import Path
from ops_assistant.graph.store import Store
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
for line in sys.stdin:
    claimed = store.claim(sys.argv[2], int(line), owner=sys.argv[3], lease=timedelta(seconds=30))
    print(claimed, flush=True)
"""


def test_13_two_processes_race_a_hundred_times(tmp_path: Path) -> None:
    plan, path = make_plan(100), tmp_path / "store.sqlite"
    store = Store(path)
    store.add_plan(plan)
    store.record_decision(decision(plan, "approve", "dana"), seal="s")
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMING, str(path), plan.hash, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    try:
        assert [said(racer) for racer in racers] == ["ready", "ready"]
        for position in range(100):
            for racer in racers:
                assert racer.stdin is not None
                racer.stdin.write(f"{position}\n")
                racer.stdin.flush()
            assert sorted(said(racer) for racer in racers) == ["0", "1"]
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()
    assert store.audit.verify() == []
    store.close()


def said(racer: "subprocess.Popen[str]") -> str:
    assert racer.stdout is not None
    return racer.stdout.readline().strip()


def test_11_two_people_who_approve_at_once_see_one_execution(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(monkeypatch)
    for _ in range(3):
        run = assistant.investigate(POOL)
        before = len(effects(settings))
        assistants = [OpsAssistant(settings) for _ in range(2)]
        opened = [made.open(run.thread_id) for made in assistants]
        results = together(
            2, lambda number, opened=opened: opened[number].approve(by=("dana", "eve")[number])
        )
        refused = [result for result in results if isinstance(result, BaseException)]
        assert len(refused) <= 1
        assert all(isinstance(error, OpsError) for error in refused), refused
        assert run.plan is not None
        assert len(effects(settings)) - before == len(run.plan.actions)
        seen = [item.refresh() for item in opened]
        assert {item.status for item in seen} == {"completed"}
        assert len({item.decision.by for item in seen if item.decision}) == 1
        for made in assistants:
            made.close()


def test_12_approve_and_reject_at_once_have_one_winner_in_whole_runs(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(monkeypatch)
    for _ in range(4):
        run = assistant.investigate(POOL)
        before = len(effects(settings))
        assistants = [OpsAssistant(settings) for _ in range(2)]
        opened = [made.open(run.thread_id) for made in assistants]
        acts = (lambda: opened[0].approve(by="dana"), lambda: opened[1].abort(by="eve"))  # noqa: B023
        results = together(2, lambda number: acts[number]())  # noqa: B023
        assert all(isinstance(item, OpsError) for item in results if isinstance(item, BaseException)), results
        assert run.plan is not None
        stands = assistant._dependencies.store.decision(run.plan.hash)
        assert stands is not None
        ran = len(effects(settings)) - before
        assert ran == (len(run.plan.actions) if stands.kind == "approve" else 0)
        for made in assistants:
            made.close()


def test_12_mutant_where_the_last_word_stands_a_rejected_plan_was_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "store.sqlite")
    plan = make_plan(1)
    store.add_plan(plan)
    store.record_decision(decision(plan, "reject", "eve"), seal="eve")
    with pytest.raises(NothingToActOn, match="reject by eve"):
        store.record_decision(decision(plan, "approve", "dana"), seal="dana")
    assert not store.claim(plan.hash, 0, owner="w", lease=LEASE)
    monkeypatch.setattr("ops_assistant.graph.store.NOT_STARTED", ("proposed", "approved", "rejected"))
    monkeypatch.setattr(tables, "SETTLED", ())
    with store._database.write() as connection:
        for statement in ("DROP TRIGGER ledger_no_update", "DROP TRIGGER decisions_no_delete"):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("DELETE FROM decisions")
    store.record_decision(decision(plan, "approve", "dana"), seal="dana")
    assert store.claim(plan.hash, 0, owner="w", lease=LEASE)
    store.close()
