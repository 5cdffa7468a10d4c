"""The `redis` backend: clears caches by key pattern, with SCAN and UNLINK, which block nobody else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ...errors import InputError
from ...inventory import Service
from ...targets import RedisTarget
from ..base import Backend, BackendResult, BackendUnavailable, Health, Preview, differences
from .common import cannot, target_of, url_from

if TYPE_CHECKING:
    from redis import Redis

_BATCH = 500
_TIMEOUT_S = 5
_COUNT_S = 3  # a preview says "more than" rather than hold up whoever waits for it


class RedisBackend(Backend):
    """Deletes only keys of the patterns that the inventory lists; the whole database only where it allows that."""

    name = "redis"

    @override
    def plan(self, operation: str, service: Service, args: dict[str, Any]) -> Preview:
        if operation != "clear_cache":
            raise cannot(self.name, operation, service.name)
        target = target_of(service, RedisTarget)
        where = {"service": service.name, "url_env": target.url_env}
        pattern = args.get("pattern")
        if pattern is not None and pattern not in target.patterns:
            raise InputError(
                f"{service.name}: {pattern!r} is no cache pattern of it in the inventory "
                f"({', '.join(target.patterns) or 'it lists none'})"
            )
        patterns = [pattern] if pattern is not None else target.patterns
        if patterns:
            return Preview(kind="call", call="redis.unlink", args={**where, "patterns": patterns})
        if target.allow_flushdb:
            return Preview(kind="call", call="redis.flushdb", args=where)
        raise InputError(
            f"{service.name}: the inventory lists no cache `patterns` for it and does not `allow_flushdb`"
        )

    @override
    def precondition(self, preview: Preview) -> dict[str, Any]:
        with _connected(preview.args["url_env"], preview.args["service"]) as client:
            return _seen(client)

    @override
    def dry_run(self, preview: Preview) -> BackendResult | None:
        try:
            with _connected(preview.args["url_env"], preview.args["service"]) as client:
                if preview.call == "redis.flushdb":
                    return BackendResult(ok=True, output=f"{client.dbsize()} keys would go")
                told = [f"{_count(client, pattern)} of {pattern}" for pattern in preview.args["patterns"]]
                return BackendResult(ok=True, output=f"keys that would go: {', '.join(told)}")
        except BackendUnavailable as error:
            return BackendResult(ok=False, output=str(error))

    @override
    def run(self, preview: Preview, *, key: str) -> BackendResult:
        deleted, began = 0, False
        deadline = time.monotonic() + preview.timeout_s
        try:
            with _connected(preview.args["url_env"], preview.args["service"]) as client:
                if moved := differences(preview.precondition, _seen(client)):
                    return BackendResult(
                        ok=False, problem="stale", output=f"redis: nothing was deleted: {moved}"
                    )
                began = True
                if preview.call == "redis.flushdb":
                    deleted = client.dbsize()
                    client.flushdb(asynchronous=True)
                    return BackendResult(ok=True, output=f"the database was flushed; it had {deleted} keys")
                for pattern in preview.args["patterns"]:
                    for batch in _batches(client, pattern):
                        deleted += client.unlink(*batch)
                        if time.monotonic() > deadline:
                            break
        except BackendUnavailable as error:
            # What was deleted stays so; the batch whose answer is missing may be gone as well.
            return BackendResult(
                ok=False,
                problem="unknown" if began else "failed",
                output=f"{error}; {deleted} keys were deleted before",
            )
        if time.monotonic() > deadline:
            return BackendResult(
                ok=False, output=f"stopped after {preview.timeout_s:g} s with {deleted} keys deleted, not all"
            )
        return BackendResult(ok=True, output=f"{deleted} keys were deleted")

    @override
    def probe(self, preview: Preview, *, key: str, since: datetime) -> bool | None:
        """Tell that nothing is left; keys that are there may be new ones, so then nobody can say."""
        with _connected(preview.args["url_env"], preview.args["service"]) as client:
            if preview.call == "redis.flushdb":
                return True if client.dbsize() == 0 else None
            left = any(batch for pattern in preview.args["patterns"] for batch in _batches(client, pattern))
            return None if left else True

    @override
    def health(self, service: Service) -> Health:
        target = target_of(service, RedisTarget)
        try:
            with _connected(target.url_env, service.name) as client:
                info = client.info()
        except BackendUnavailable as error:
            return Health(known=False, detail=str(error))
        used, limit = int(info["used_memory"]), int(info.get("maxmemory", 0))
        detail = f"{info['role']}, {used >> 20} MiB used of {f'{limit >> 20} MiB' if limit else 'no limit'}"
        return Health(known=True, healthy=not info.get("loading"), detail=detail)


def _seen(client: "Redis") -> dict[str, Any]:
    # A replica refuses writes, and after a failover another server may answer under the same URL.
    info = client.info("replication")
    return {"role": info["role"], "replid": info.get("master_replid", "")}


def _batches(client: "Redis", pattern: str) -> Iterator[list[bytes]]:
    """Yield the keys of a pattern in batches; a key may come twice, and one that is always there comes."""
    batch: list[bytes] = []
    for name in client.scan_iter(match=pattern, count=1_000):
        batch.append(name)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _count(client: "Redis", pattern: str) -> str:
    deadline = time.monotonic() + _COUNT_S
    count = 0
    for batch in _batches(client, pattern):
        count += len(batch)
        if time.monotonic() > deadline:
            return f"more than {count}"
    return str(count)


@contextmanager
def _connected(variable: str, service: str) -> Iterator["Redis"]:
    """Give a client and close it; every error of it becomes `BackendUnavailable`, without the URL."""
    try:
        import redis
    except ImportError:
        raise BackendUnavailable("redis: install ops-assistant[redis]") from None
    url = url_from(variable, service)
    try:
        client = redis.Redis.from_url(
            url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, retry=None
        )
    except ValueError:
        raise BackendUnavailable(f"{service}: {variable} holds no redis URL") from None
    try:
        yield client
    except redis.RedisError as error:
        raise BackendUnavailable(f"{service}: redis at {variable}: {type(error).__name__}: {error}") from None
    finally:
        client.close()
