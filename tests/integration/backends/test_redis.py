"""Clearing caches of a real redis-server."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis

from ops_assistant.tools.actions import plan_action
from ops_assistant.tools.actions.backends.redis import RedisBackend
from ops_assistant.tools.actions.base import Preview, changed
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory, Service

from services import free_port

pytestmark = pytest.mark.service("redis")
BACKEND = RedisBackend()
SERVICE = Service(
    name="sessions", backend="redis", target={"url_env": "CACHE_URL", "patterns": ["session:*", "page:?:*"]}
)
WHOLE = Service(name="whole", backend="redis", target={"url_env": "CACHE_URL", "allow_flushdb": True})
INVENTORY = Inventory(services=[SERVICE, WHOLE])


@pytest.fixture
def client(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    monkeypatch.setenv("CACHE_URL", redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
        client.mset({f"session:{number}": "x" for number in range(1_234)})
        client.mset({"page:1:home": "x", "page:12:home": "x", "orders:1": "keep"})
        yield client


def preview(**params: object) -> Preview:
    return plan_action("clear_cache", params, inventory=INVENTORY, backends={"redis": BACKEND}).preview


def test_only_keys_of_the_patterns_go(client: redis.Redis) -> None:
    planned = preview(service="sessions")
    tried = BACKEND.dry_run(planned)
    assert tried is not None
    assert "1234 of session:*" in tried.output
    assert client.dbsize() == 1_237
    result = BACKEND.run(planned, key="k")
    assert (result.ok, result.output) == (True, "1235 keys were deleted")
    assert sorted(client.scan_iter()) == [b"orders:1", b"page:12:home"]
    assert BACKEND.probe(planned, key="k", since=datetime.now(UTC)) is True


def test_one_pattern_of_the_inventory_may_be_chosen_and_no_other(client: redis.Redis) -> None:
    assert (
        BACKEND.run(preview(service="sessions", pattern="page:?:*"), key="k").output == "1 keys were deleted"
    )
    with pytest.raises(InputError, match="is no cache pattern"):
        preview(service="sessions", pattern="orders:*")


def test_nobody_can_say_of_keys_that_are_there_whether_they_are_new(client: redis.Redis) -> None:
    assert BACKEND.probe(preview(service="sessions"), key="k", since=datetime.now(UTC)) is None


def test_the_whole_database_goes_only_where_the_inventory_allows_it(client: redis.Redis) -> None:
    planned = preview(service="whole")
    assert planned.call == "redis.flushdb"
    result = BACKEND.run(planned, key="k")
    assert (result.ok, client.dbsize()) == (True, 0)
    closed = Service(name="x", backend="redis", target={"url_env": "CACHE_URL"})
    with pytest.raises(InputError, match="allow_flushdb"):
        BACKEND.plan("clear_cache", closed, {})


def test_another_server_under_the_same_url_is_stale(client: redis.Redis) -> None:
    planned = preview(service="sessions")
    assert changed(BACKEND, planned) is None
    elsewhere = planned.model_copy(update={"precondition": {**planned.precondition, "replid": "other"}})
    assert "replid was 'other'" in str(changed(BACKEND, elsewhere))
    result = BACKEND.run(elsewhere, key="k")
    assert (result.ok, result.problem, client.dbsize()) == (False, "stale", 1_237)


def test_a_replica_that_refuses_writes_is_a_failure_with_a_reason(client: redis.Redis) -> None:
    client.replicaof("127.0.0.1", str(free_port()))
    try:
        planned = preview(service="sessions")
        assert planned.precondition["role"] == "slave"
        result = BACKEND.run(planned, key="k")
        assert not result.ok
        assert "ReadOnlyError" in result.output
    finally:
        client.replicaof("NO", "ONE")


def test_health(client: redis.Redis) -> None:
    health = BACKEND.health(SERVICE)
    assert (health.known, health.healthy) == (True, True)
    assert health.detail.startswith("master, ")


def test_no_server_no_plan_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="CACHE_URL is not set"):
        preview(service="sessions")
    monkeypatch.setenv("CACHE_URL", f"redis://:hunter2-word@127.0.0.1:{free_port()}/0")
    with pytest.raises(InputError, match="ConnectionError") as caught:
        preview(service="sessions")
    assert "hunter2" not in str(caught.value)
    assert not BACKEND.health(SERVICE).known
    monkeypatch.setenv("CACHE_URL", "hunter2-word")
    with pytest.raises(InputError, match="no redis URL"):
        preview(service="sessions")
