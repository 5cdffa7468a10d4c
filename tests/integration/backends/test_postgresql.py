"""Ending sessions of a real PostgreSQL."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from ops_assistant.tools.actions import plan_action
from ops_assistant.tools.actions.backends.postgresql import PostgresBackend
from ops_assistant.tools.actions.base import Preview
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory, Service

from services import free_port, until

pytestmark = pytest.mark.service("postgresql")
BACKEND = PostgresBackend()
SERVICE = Service(
    name="orders-db", backend="postgresql",
    target={"url_env": "ORDERS_URL", "database": "orders", "protected_users": ["backup"]},
)  # fmt: skip
INVENTORY = Inventory(services=[SERVICE])


@pytest.fixture
def admin(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    monkeypatch.setenv("ORDERS_URL", postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS orders WITH (FORCE)")
        connection.execute("CREATE DATABASE orders")
        for user in ("app", "backup", "weak"):
            connection.execute(f"DROP ROLE IF EXISTS {user}")
            connection.execute(f"CREATE ROLE {user} LOGIN")
        yield connection


def connect(postgres_url: str, user: str = "app", database: str = "orders") -> psycopg.Connection:
    return psycopg.connect(postgres_url, user=user, dbname=database, application_name="shop")


def preview(state: str, **params: object) -> Preview:
    given = {"service": "orders-db", "state": state, "older_than_s": 1, **params}
    return plan_action(
        "terminate_connections", given, inventory=INVENTORY, backends={"postgresql": BACKEND}
    ).preview


def aged(admin: psycopg.Connection, count: int, condition: str) -> None:
    """Wait until so many sessions have been in a state for more than the second that the tests ask for."""
    query = f"SELECT count(*) FROM pg_stat_activity WHERE datname = 'orders' AND {condition}"
    until(lambda: admin.execute(query).fetchone() == (count,), what=condition)


def alive(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


OLD = "state_change < now() - interval '1.1 s'"


def test_idle_sessions_go_and_all_others_stay(admin: psycopg.Connection, postgres_url: str) -> None:
    idle = [connect(postgres_url) for _ in range(3)]
    for connection in idle:
        connection.execute("SELECT 1")
        connection.rollback()
    busy = connect(postgres_url)  # in a transaction
    busy.execute("SELECT 1")
    spared, elsewhere = connect(postgres_url, "backup"), connect(postgres_url, database="postgres")
    for connection in (spared, elsewhere):
        connection.execute("SELECT 1")
        connection.rollback()
    aged(admin, 5, OLD)
    planned = preview("idle")
    tried = BACKEND.dry_run(planned)
    assert tried is not None
    assert tried.output.startswith("3 sessions would be ended now\npid ")
    result = BACKEND.run(planned, key="k")
    assert result.ok, result.output
    assert result.output.startswith("3 sessions were ended")
    assert "user app, application 'shop'" in result.output
    assert "s3cret-word" not in planned.model_dump_json() + result.output + tried.output
    aged(admin, 0, "state = 'idle' AND usename = 'app'")
    assert [alive(connection) for connection in (*idle, busy, spared, elsewhere)] == [False] * 3 + [True] * 3
    assert BACKEND.probe(planned, key="k", since=datetime.now(UTC)) is True
    for connection in (*idle, busy, spared, elsewhere):
        connection.close()


def test_open_transactions_go_the_oldest_first_up_to_the_limit(
    admin: psycopg.Connection, postgres_url: str
) -> None:
    first, second = connect(postgres_url), connect(postgres_url)
    first.execute("SELECT 1")
    with pytest.raises(psycopg.errors.DivisionByZero):
        second.execute("SELECT 1/0")  # `idle in transaction (aborted)` holds its locks as well
    aged(admin, 2, OLD)
    planned = preview("idle in transaction", limit=1)
    assert BACKEND.run(planned, key="k").output.startswith("1 sessions were ended")
    assert not alive(first)
    assert second.info.backend_pid in {
        row[0] for row in admin.execute("SELECT pid FROM pg_stat_activity WHERE datname = 'orders'")
    }
    assert BACKEND.probe(planned, key="k", since=datetime.now(UTC)) is None
    first.close()
    second.close()


def test_the_head_of_a_lock_queue_goes_and_those_who_waited_go_on(
    admin: psycopg.Connection, postgres_url: str
) -> None:
    blocker, waiter, last = (connect(postgres_url) for _ in range(3))
    lock = "SELECT pg_advisory_xact_lock({})"
    blocker.execute(lock.format(1))
    waiter.execute(lock.format(2))
    answers: list[object] = []

    def wait(connection: psycopg.Connection, number: int) -> None:
        answers.append(connection.execute(lock.format(number)).fetchone())

    # `waiter` makes `last` wait, but is no cause: it waits itself.
    threads = [threading.Thread(target=wait, args=args) for args in ((waiter, 1), (last, 2))]
    for thread in threads:
        thread.start()
    aged(admin, 2, "wait_event_type = 'Lock' AND xact_start < now() - interval '1.1 s'")
    result = BACKEND.run(preview("blocking"), key="k")
    threads[0].join(20)
    assert result.output.startswith("1 sessions were ended"), result.output
    assert f"pid {blocker.info.backend_pid}," in result.output
    assert answers == [("",)]
    assert not alive(blocker)
    waiter.rollback()
    threads[1].join(20)
    assert answers == [("",), ("",)]
    for connection in (blocker, waiter, last):
        connection.close()


def test_a_server_that_was_restarted_is_stale(admin: psycopg.Connection, postgres_url: str) -> None:
    planned = preview("idle")
    before = planned.model_copy(update={"precondition": {"server_start": "2026-01-01T00:00:00+00:00"}})
    with connect(postgres_url) as idle:
        aged(admin, 1, OLD)
        result = BACKEND.run(before, key="k")
        assert (result.ok, result.problem) == (False, "stale")
        assert alive(idle)


def test_a_user_without_the_right_is_told_so(
    admin: psycopg.Connection, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(postgres_url, "app") as idle:
        aged(admin, 1, OLD)
        admin.execute("GRANT pg_read_all_stats TO weak")
        monkeypatch.setenv("ORDERS_URL", postgres_url.replace("ops:", "weak:"))
        result = BACKEND.run(preview("idle"), key="k")
        assert not result.ok
        assert "needs pg_signal_backend" in result.output
        assert alive(idle)


def test_health(admin: psycopg.Connection) -> None:
    health = BACKEND.health(SERVICE)
    assert (health.known, health.healthy) == (True, True)
    assert health.detail.endswith("of 100 connections in use")


@pytest.mark.parametrize(
    "url",
    ["postgresql://ops:hunter2-word@127.0.0.1:{port}/x", "postgresql://ops:hunter2-word@%zz", "hunter2-word"],
)
def test_no_server_no_plan_and_no_secret(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_URL", url.format(port=free_port()))
    with pytest.raises(InputError, match="ORDERS_URL") as caught:
        preview("idle")
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in BACKEND.health(SERVICE).detail
