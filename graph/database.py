"""The database under store, ledger and audit: SQLite in a file of its own, or PostgreSQL.

One writer at a time (SQLite by its lock, PostgreSQL by an advisory one): the audit chain has one head. A
commit is on disk before it counts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from ..tools.errors import OpsError
from .tables import metadata, triggers

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for another process's transaction."""
_WRITER_LOCK = 0x6F707361  # any fixed number; it names our advisory lock


class StoreError(OpsError):
    """The store cannot be read or written now: locked, full, or out of reach. What was not written did not happen."""


class Database:
    """A connection pool with one way to read and one way to write."""

    def __init__(self, target: Path | str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        """Open a SQLite file (a path) or a PostgreSQL database (a URL); tables are made on first use."""
        self.engine = (
            _sqlite_engine(target, busy_timeout_s) if isinstance(target, Path) else _postgresql_engine(target)
        )
        self.dialect = self.engine.dialect.name
        with self.write() as connection:
            metadata.create_all(connection)
            for statement in triggers(self.dialect):
                connection.exec_driver_sql(statement)

    def close(self) -> None:
        """Release files and connections."""
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection to read with."""
        with _said_plainly(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that excludes other writers; raises `StoreError` if it cannot be had."""
        with _said_plainly(), self.engine.connect() as connection:
            if self.dialect == "postgresql":
                with connection.begin():
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
                    yield connection
                return
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise

    def insert(self, table: Table) -> Any:
        """Return an INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
        return postgresql.insert(table) if self.dialect == "postgresql" else sqlite.insert(table)


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
        raise StoreError(f"the store cannot be used now: {reason}") from error


def _roll_back(connection: Connection) -> None:
    try:
        connection.exec_driver_sql("ROLLBACK")
    except OperationalError:  # SQLite has rolled back by itself, as on a full disk
        connection.invalidate()


def _sqlite_engine(path: Path, busy_timeout_s: float) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path}", connect_args={"timeout": busy_timeout_s, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN and COMMIT are ours
        connection.execute("PRAGMA journal_mode=WAL")
        # FULL: an intent that is committed is on disk before its action runs.
        connection.execute("PRAGMA synchronous=FULL")

    return engine


def _postgresql_engine(url: str) -> Engine:
    scheme, _, rest = url.partition("://")
    if scheme in ("postgres", "postgresql"):
        url = f"postgresql+psycopg://{rest}"
    return create_engine(url, pool_pre_ping=True)
