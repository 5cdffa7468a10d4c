"""The `postgresql` backend: ends sessions of one database that do no work or make others wait."""
# ruff: noqa: S608 - queries are put together from constants of this module only; values are parameters

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, LiteralString

from typing_extensions import override

from ...inventory import Service
from ...targets import PostgresTarget
from ..base import Backend, BackendResult, BackendUnavailable, Health, Preview, differences
from .common import cannot, target_of, url_from

if TYPE_CHECKING:
    from psycopg import Connection

# What each kind of session is. A blocking one is waited for and waits for nobody: the head of the queue.
_STATES: dict[str, LiteralString] = {
    "idle": "state = 'idle' AND state_change < now() - make_interval(secs => %(older_than_s)s)",
    "idle in transaction": (
        "state LIKE 'idle in transaction%%' AND state_change < now() - make_interval(secs => %(older_than_s)s)"
    ),
    "blocking": (
        "xact_start < now() - make_interval(secs => %(older_than_s)s) AND cardinality(pg_blocking_pids(pid)) = 0"
        " AND pid IN (SELECT unnest(pg_blocking_pids(waiting.pid)) FROM pg_stat_activity waiting"
        " WHERE waiting.wait_event_type = 'Lock')"
    ),
}
_OURS: LiteralString = (
    "datname = %(database)s AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    " AND usename <> ALL(%(protected_users)s::text[])"
)


@dataclass(frozen=True)
class Session:
    """A session: its process, its start (a process id alone may be another session's by now), who it is."""

    pid: int
    started: datetime
    user: str
    application: str
    age_s: int

    def text(self) -> str:
        return f"pid {self.pid}, user {self.user}, application {self.application!r}, for {self.age_s} s"


class PostgresBackend(Backend):
    """Ends sessions by state and age. Sessions of other databases and of protected users are never touched."""

    name = "postgresql"

    @override
    def plan(self, operation: str, service: Service, args: dict[str, Any]) -> Preview:
        if operation != "terminate_connections":
            raise cannot(self.name, operation, service.name)
        target = target_of(service, PostgresTarget)
        where = {"service": service.name, **target.model_dump(exclude={"backend"})}
        return Preview(kind="call", call="postgresql.terminate_connections", args={**where, **args})

    @override
    def precondition(self, preview: Preview) -> dict[str, Any]:
        with _connected(preview.args["url_env"], preview.args["service"]) as connection:
            return _seen(connection)

    @override
    def dry_run(self, preview: Preview) -> BackendResult | None:
        try:
            with _connected(preview.args["url_env"], preview.args["service"]) as connection:
                found = _sessions(connection, preview.args)
        except BackendUnavailable as error:
            return BackendResult(ok=False, output=str(error))
        return BackendResult(ok=True, output=_told(f"{len(found)} sessions would be ended now", found))

    @override
    def run(self, preview: Preview, *, key: str) -> BackendResult:
        ended: list[Session] = []
        refused: list[str] = []
        began = False
        try:
            with _connected(
                preview.args["url_env"], preview.args["service"], preview.timeout_s
            ) as connection:
                if moved := differences(preview.precondition, _seen(connection)):
                    return BackendResult(
                        ok=False, problem="stale", output=f"postgresql: nothing was done: {moved}"
                    )
                for session in _sessions(connection, preview.args):
                    began = True
                    why = _terminate(connection, session, preview.args)
                    if why is None:
                        ended.append(session)
                    elif why:
                        refused.append(f"{session.text()}: {why}")
        except BackendUnavailable as error:
            return BackendResult(
                ok=False,
                problem="unknown" if began else "failed",
                output=_told(f"{error}; {len(ended)} sessions were ended before", ended),
            )
        told = _told(f"{len(ended)} sessions were ended", ended)
        if refused:
            told += f"\n{len(refused)} were refused\n" + "\n".join(refused[:20])
        return BackendResult(ok=not refused, output=told)

    @override
    def probe(self, preview: Preview, *, key: str, since: datetime) -> bool | None:
        """Tell that no such session is left; those that are there may be new ones, so then nobody can say."""
        with _connected(preview.args["url_env"], preview.args["service"]) as connection:
            return None if _sessions(connection, preview.args) else True

    @override
    def health(self, service: Service) -> Health:
        target = target_of(service, PostgresTarget)
        try:
            with _connected(target.url_env, service.name) as connection:
                row = connection.execute(
                    "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity"
                    " WHERE backend_type = 'client backend'"
                ).fetchone()
        except BackendUnavailable as error:
            return Health(known=False, detail=str(error))
        used, most = row or (0, 0)
        return Health(known=True, healthy=used < most, detail=f"{used} of {most} connections in use")


def _seen(connection: "Connection") -> dict[str, Any]:
    # After a restart of the server none of the sessions that were looked at is left.
    row = connection.execute("SELECT pg_postmaster_start_time()").fetchone()
    return {"server_start": row[0].isoformat() if row else None}


def _sessions(connection: "Connection", args: dict[str, Any]) -> list[Session]:
    """Return the sessions that match now, oldest first, at most `limit`."""
    age: LiteralString = "CASE WHEN %(state)s = 'blocking' THEN xact_start ELSE state_change END"
    rows = connection.execute(
        f"SELECT pid, backend_start, usename, application_name, extract(epoch FROM now() - {age})::int"
        f" FROM pg_stat_activity WHERE {_OURS} AND {_STATES[args['state']]} ORDER BY {age} LIMIT %(limit)s",
        args,
    ).fetchall()
    return [Session(*row) for row in rows]


def _terminate(connection: "Connection", session: Session, args: dict[str, Any]) -> str | None:
    """End a session if it still matches: None if it was, "" if it no longer matches, else why not."""
    import psycopg

    try:
        row = connection.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {_OURS} AND {_STATES[args['state']]}"
            " AND pid = %(pid)s AND backend_start = %(started)s",
            {**args, "pid": session.pid, "started": session.started},
        ).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return "the user of the URL may not end it (it needs pg_signal_backend)"
    return "" if row is None or not row[0] else None


def _told(head: str, sessions: list[Session]) -> str:
    more = f"\nand {len(sessions) - 50} more" if len(sessions) > 50 else ""
    return head + "".join(f"\n{session.text()}" for session in sessions[:50]) + more


@contextmanager
def _connected(variable: str, service: str, timeout_s: float = 10) -> Iterator["Connection"]:
    """Give a connection and close it; every error of it becomes `BackendUnavailable`, without the URL."""
    try:
        import psycopg
    except ImportError:
        raise BackendUnavailable("postgresql: install ops-assistant[postgresql]") from None
    url = url_from(variable, service)
    try:
        with psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=5,
            application_name="ops-assistant",
            options=f"-c statement_timeout={int(timeout_s * 1000)}",
        ) as connection:
            yield connection
    except psycopg.ProgrammingError as error:
        # A URL that cannot be read is quoted by the driver, password and all.
        text = "the URL or a query is not valid" if error.diag.sqlstate is None else str(error)
        raise BackendUnavailable(f"{service}: postgresql at {variable}: {text}") from None
    except psycopg.Error as error:
        raise BackendUnavailable(f"{service}: postgresql at {variable}: {str(error)[:500]}") from None
