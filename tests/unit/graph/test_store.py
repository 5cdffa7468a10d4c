"""The store: insert-only decisions, and a ledger in which a claim succeeds once."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops_assistant.graph.models import Decision, Outcome
from ops_assistant.graph.store import Store, Tampered
from ops_assistant.tools.errors import NothingToActOn

from plans import make_plan

LEASE = timedelta(seconds=30)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store.sqlite")
    yield made
    made.close()


def decision(plan_hash: str, kind: str = "approve", by: str = "dana") -> Decision:
    now = datetime.now(UTC)
    return Decision(
        plan_hash=plan_hash,
        thread_id="t",
        kind=kind,
        by=by,
        door="cli",
        decided_at=now,
        expires_at=now + LEASE,
    )  # type: ignore[arg-type]


def outcome(plan_hash: str) -> Outcome:
    return Outcome(
        action_id="a1", type="x", status="succeeded", started_at=datetime.now(UTC), plan_hash=plan_hash
    )


def test_an_unknown_run_is_nothing_to_act_on(store: Store) -> None:
    with pytest.raises(NothingToActOn, match="no run 'x'"):
        store.run("x")


def test_a_plan_comes_back_as_it_was(store: Store) -> None:
    plan = make_plan()
    store.add_plan(plan)
    store.add_plan(plan)
    assert store.plan(plan.hash) == plan
    assert store.plan("0" * 64) is None


def test_a_plan_changed_in_the_file_is_an_alarm(store: Store, tmp_path: Path) -> None:
    plan = make_plan()
    store.add_plan(plan)
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.execute("DROP TRIGGER plans_no_update")
        connection.execute("UPDATE plans SET body = replace(body, 's1', 'db')")
    connection.close()
    for _ in range(2):
        with pytest.raises(Tampered, match="was changed in the store"):
            store.plan(plan.hash)
    assert [entry.kind for entry in store.audit.entries()].count("alarm.plan_changed") == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE decisions SET body = ''", "DELETE FROM decisions", "DELETE FROM plans"]
)
def test_plans_and_decisions_are_insert_only(store: Store, tmp_path: Path, statement: str) -> None:
    plan = make_plan()
    store.add_plan(plan)
    store.record_decision(decision(plan.hash), seal="s")
    connection = sqlite3.connect(tmp_path / "store.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="insert-only"):
        connection.execute(statement)
    connection.close()


def test_the_first_decision_stands(store: Store) -> None:
    first = store.record_decision(decision("p"), seal="s1")
    assert store.record_decision(decision("p"), seal="s1") == first  # the node ran twice
    with pytest.raises(NothingToActOn, match="already decided: approve by dana"):
        store.record_decision(decision("p", "reject", by="eve"), seal="s2")
    assert store.decision("p") == first


def test_an_edit_and_the_approval_of_its_plan_are_recorded_together(store: Store) -> None:
    shown, edited = make_plan(2), make_plan(1)
    store.record_decision(
        decision(shown.hash, "edit").model_copy(update={"replaced_by": edited.hash}), seal="s", edited=edited
    )
    approval = store.decision(edited.hash)
    assert approval is not None
    assert (approval.kind, approval.by) == ("approve", "dana")


def approved(store: Store) -> str:
    plan = make_plan()
    store.add_plan(plan)
    store.record_decision(decision(plan.hash), seal="s")
    return plan.hash


def test_an_action_is_claimed_once(store: Store) -> None:
    p = approved(store)
    assert store.claim(p, 0, owner="one", lease=LEASE)
    assert not store.claim(p, 0, owner="two", lease=LEASE)
    assert store.claim(p, 1, owner="two", lease=LEASE)


@pytest.mark.parametrize("kind", [None, "reject", "abort"])
def test_an_action_that_nobody_approved_cannot_be_claimed(store: Store, kind: str | None) -> None:
    plan = make_plan()
    store.add_plan(plan)
    if kind is not None:
        store.record_decision(decision(plan.hash, kind), seal="s")
    assert not store.claim(plan.hash, 0, owner="one", lease=LEASE)


def test_only_the_owner_finishes_and_only_once(store: Store) -> None:
    p = approved(store)
    store.claim(p, 0, owner="one", lease=LEASE)
    assert not store.finish(p, 0, outcome(p), owner="two")
    assert store.finish(p, 0, outcome(p), owner="one")
    assert not store.finish(p, 0, outcome(p), owner="one")
    entry = store.entry(p, 0)
    assert entry is not None
    assert entry.outcome is not None
    assert entry.outcome.status == "succeeded"
