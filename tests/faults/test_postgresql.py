"""The same guarantees on PostgreSQL: a real server, checkpoints and store in it."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr

from ops_assistant import NothingToActOn, OpsAssistant, Settings
from ops_assistant.graph.models import Decision
from ops_assistant.graph.store import Store
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.errors import OpsError

from scenarios import POOL
from services import postgres_server

LEASE = timedelta(seconds=30)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture
def on_postgresql(settings: Settings, server: str) -> Settings:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return settings.model_copy(update={"database_url": SecretStr(server)})


def keys(settings: Settings) -> list[str]:
    return [entry["key"] for entry in SimulatedBackend(settings.data_dir / "simulated.jsonl").entries()]


def test_a_run_goes_from_process_to_process(on_postgresql: Settings) -> None:
    with OpsAssistant(on_postgresql) as assistant:
        thread_id = assistant.investigate(POOL).thread_id
    assert not list(on_postgresql.data_dir.glob("*.sqlite"))
    with OpsAssistant(on_postgresql) as another:
        assert [run.thread_id for run in another.pending()] == [thread_id]
        run = another.open(thread_id).approve(by="dana")
        assert run.status == "completed"
        assert another.audit.verify() == []
        with pytest.raises(NothingToActOn, match="approve by dana"):
            run.approve(by="eve")
    assert len(keys(on_postgresql)) == len(run.outcomes)


async def _asynchronously(settings: Settings) -> str:
    with OpsAssistant(settings) as assistant:
        run = await assistant.ainvestigate(POOL)
        return (await run.aapprove(by="dana")).status


def test_asynchronously_too(on_postgresql: Settings) -> None:
    assert asyncio.run(_asynchronously(on_postgresql)) == "completed"


def test_rows_cannot_be_changed(on_postgresql: Settings, server: str) -> None:
    with OpsAssistant(on_postgresql) as assistant:
        assistant.investigate(POOL).approve(by="dana")
    for statement in (
        "UPDATE audit SET kind = 'x'",
        "DELETE FROM decisions",
        "UPDATE ledger SET state = 'approved'",
    ):
        with psycopg.connect(server) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(statement)


def test_six_workers_get_each_action_once(on_postgresql: Settings, server: str) -> None:
    with OpsAssistant(on_postgresql) as assistant:
        run = assistant.investigate(POOL)
        assert run.plan is not None
        plan = run.plan
    stores = [Store(server, sign=assistant._dependencies.seal.sign_record) for _ in range(6)]
    now = datetime.now(UTC)
    approval = Decision(
        plan_hash=plan.hash, thread_id=plan.thread_id, kind="approve", by="dana", door="x", decided_at=now,
        expires_at=now + LEASE,
    )  # fmt: skip
    stores[0].record_decision(approval, seal="s")
    barrier = threading.Barrier(6)
    won: list[int] = []

    def race(store: Store) -> None:
        for position in range(len(plan.actions)):
            barrier.wait()
            if store.claim(plan.hash, position, owner=str(id(store)), lease=LEASE):
                won.append(position)

    threads = [threading.Thread(target=race, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(len(plan.actions)))
    assert stores[0].audit.verify() == []
    for store in stores:
        store.close()
    assistant.close()


@pytest.mark.parametrize("point", ["record_decision", "set_status", "claim", "finish", "note_once"])
def test_dropped_connections_lose_nothing(
    on_postgresql: Settings, server: str, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def drop() -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    with OpsAssistant(on_postgresql) as assistant:
        run = assistant.investigate(POOL)
        real = getattr(Store, point)

        def dropped(self: Store, *args: object, **kwargs: object) -> object:
            drop()
            return real(self, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(Store, point, dropped)
            with contextlib.suppress(OpsError, psycopg.OperationalError):
                run.approve(by="dana")
        monkeypatch.setattr("ops_assistant.graph.worker.is_gone", lambda owner: True)
        again = assistant.open(run.thread_id)
        if again.status != "completed":
            again.resume()
        assert again.status == "completed"
        ran = keys(on_postgresql)
        assert len(ran) == len(set(ran)) == len(again.outcomes)
