"""Where authority lives: plans, decisions and the ledger of executed actions, outside the graph's state.

Insert-only tables for plans and decisions (triggers refuse changes), and a ledger whose rows move by
compare-and-set. SQLite in a file of its own, every commit on disk before it counts.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from ..tools.errors import NothingToActOn
from .canonical import sha256_hex
from .models import Decision, Outcome, Plan, PlanBody, RunStatus, plan_hash

_metadata = MetaData()
_runs = Table(
    "runs",
    _metadata,
    Column("thread_id", String, primary_key=True),
    Column("alert_id", String, nullable=False),
    Column("service", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("status", String, nullable=False, index=True),
    Column("detail", Text, nullable=False, default=""),
    Column("created_at", String, nullable=False),
    Column("updated_at", String, nullable=False),
)
_plans = Table(
    "plans",
    _metadata,
    Column("hash", String, primary_key=True),
    Column("thread_id", String, nullable=False, index=True),
    Column("body", Text, nullable=False),
)
_decisions = Table(
    "decisions",
    _metadata,
    Column("plan_hash", String, primary_key=True),
    Column("thread_id", String, nullable=False, index=True),
    Column("seal", String, nullable=False),
    Column("body", Text, nullable=False),
)
_ledger = Table(
    "ledger",
    _metadata,
    Column("key", String, primary_key=True),
    Column("plan_hash", String, nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("started_at", String, nullable=False),
    Column("lease_until", String, nullable=False),
    Column("outcome", Text),
)


class RunRow(dict[str, Any]):
    """One row of `runs`: thread_id, alert_id, service, severity, message, status, detail, created_at, updated_at."""


def action_key(plan: str, position: int) -> str:
    """Return the ledger key of an action: never a thread, task or checkpoint id, which a fork repeats."""
    return sha256_hex(f"{plan}:{position}")


class Store:
    """Plans, decisions and ledger of all runs under one data directory."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = _sqlite_engine(path)
        with self._write() as connection:
            _metadata.create_all(connection)
            for table in ("plans", "decisions"):
                for verb in ("UPDATE", "DELETE"):
                    connection.exec_driver_sql(
                        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                        f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
                    )

    def close(self) -> None:
        """Release the database file."""
        self._engine.dispose()

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    # --- runs -----------------------------------------------------------------------------------

    def register_run(
        self, thread_id: str, *, alert_id: str, service: str, severity: str, message: str
    ) -> None:
        """Make the run known; a run that starts over on the same thread takes the new alert."""
        now = _now()
        row = {
            "alert_id": alert_id, "service": service, "severity": severity, "message": message,
            "status": "running", "detail": "", "updated_at": now,
        }  # fmt: skip
        statement = sqlite_insert(_runs).values(thread_id=thread_id, created_at=now, **row)
        with self._write() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["thread_id"], set_=row))

    def set_status(self, thread_id: str, status: RunStatus, detail: str = "") -> None:
        """Note where the run stands."""
        values = {"status": status, "detail": detail, "updated_at": _now()}
        with self._write() as connection:
            connection.execute(update(_runs).where(_runs.c.thread_id == thread_id).values(values))

    def run(self, thread_id: str) -> RunRow:
        """Return the run's row; raises `NothingToActOn` for an unknown thread."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_runs).where(_runs.c.thread_id == thread_id)).mappings().first()
        if row is None:
            raise NothingToActOn(
                f"there is no run {thread_id!r}; `ops-assistant pending` lists those that wait"
            )
        return RunRow(_plain(row))

    def runs(self, status: RunStatus | None = None) -> list[RunRow]:
        """Return the runs, oldest first; only those of one status if given."""
        query = select(_runs).order_by(_runs.c.created_at)
        if status is not None:
            query = query.where(_runs.c.status == status)
        with self._engine.connect() as connection:
            return [RunRow(_plain(row)) for row in connection.execute(query).mappings()]

    # --- plans and decisions --------------------------------------------------------------------

    def add_plan(self, plan: Plan) -> None:
        """Store a plan's body under its hash; storing it again changes nothing."""
        body = PlanBody.model_validate(plan.model_dump(exclude={"hash"})).canonical()
        statement = sqlite_insert(_plans).values(hash=plan_hash(body), thread_id=plan.thread_id, body=body)
        with self._write() as connection:
            connection.execute(statement.on_conflict_do_nothing())

    def plan(self, hash_: str) -> Plan | None:
        """Return the stored plan if its body still has this hash, else None."""
        with self._engine.connect() as connection:
            body = connection.execute(select(_plans.c.body).where(_plans.c.hash == hash_)).scalar()
        if body is None or plan_hash(body) != hash_:
            return None
        return Plan(**PlanBody.model_validate_json(body).model_dump(), hash=hash_)

    def record_decision(self, decision: Decision, *, seal: str, edited: Plan | None = None) -> Decision:
        """Record the decision, and with an edit the approval of the edited plan, in one transaction.

        The first decision on a plan stands. Recording the same answer again returns it (a node may run
        twice); another answer raises `NothingToActOn` that says who decided what.
        """
        try:
            with self._write() as connection:
                connection.execute(insert(_decisions).values(_decision_row(decision, seal)))
                if edited is not None:
                    approval = decision.model_copy(
                        update={
                            "plan_hash": edited.hash,
                            "kind": "approve",
                            "expires_at": edited.expires_at,
                            "replaced_by": None,
                        }
                    )
                    connection.execute(insert(_decisions).values(_decision_row(approval, seal)))
        except IntegrityError:
            standing, standing_seal = self._decision(decision.plan_hash)
            if standing is None:
                raise
            if standing_seal == seal:
                return standing
            raise NothingToActOn(
                f"the plan was already decided: {standing.kind} by {standing.by} through {standing.door} "
                f"at {standing.decided_at:%Y-%m-%d %H:%M:%S} UTC"
            ) from None
        return decision

    def decision(self, hash_: str) -> Decision | None:
        """Return the decision that stands on this plan, or None."""
        return self._decision(hash_)[0]

    def _decision(self, hash_: str) -> tuple[Decision | None, str]:
        with self._engine.connect() as connection:
            row = connection.execute(
                select(_decisions.c.body, _decisions.c.seal).where(_decisions.c.plan_hash == hash_)
            ).first()
        return (Decision.model_validate_json(row.body), row.seal) if row else (None, "")

    # --- ledger ---------------------------------------------------------------------------------

    def claim(self, plan: str, position: int, *, owner: str, lease: timedelta) -> bool:
        """Claim an action before it runs; True for exactly one caller, ever."""
        now = datetime.now(UTC)
        row = {
            "key": action_key(plan, position), "plan_hash": plan, "position": position, "state": "started",
            "owner": owner, "started_at": now.isoformat(), "lease_until": (now + lease).isoformat(),
        }  # fmt: skip
        try:
            with self._write() as connection:
                connection.execute(insert(_ledger).values(row))
        except IntegrityError:
            return False
        return True

    def renew(self, plan: str, position: int, *, owner: str, lease: timedelta) -> None:
        """Extend the claim of an action that is still running."""
        until = (datetime.now(UTC) + lease).isoformat()
        key = action_key(plan, position)
        mine = (_ledger.c.key == key) & (_ledger.c.owner == owner) & (_ledger.c.state == "started")
        with self._write() as connection:
            connection.execute(update(_ledger).where(mine).values(lease_until=until))

    def finish(self, plan: str, position: int, outcome: Outcome, *, owner: str | None) -> bool:
        """Record how a started action ended; False if it has an outcome already or another owner."""
        mine = (_ledger.c.key == action_key(plan, position)) & (_ledger.c.state == "started")
        if owner is not None:
            mine &= _ledger.c.owner == owner
        values = {"state": outcome.status, "outcome": outcome.model_dump_json()}
        with self._write() as connection:
            return connection.execute(update(_ledger).where(mine).values(values)).rowcount == 1

    def entry(self, plan: str, position: int) -> "LedgerEntry | None":
        """Return the ledger's row for an action, or None if it was never claimed."""
        query = select(_ledger).where(_ledger.c.key == action_key(plan, position))
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return LedgerEntry(dict(row)) if row else None


class LedgerEntry:
    """One action's row: `state` is started, succeeded, failed or unknown."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.state: Literal["started", "succeeded", "failed", "unknown"] = row["state"]
        self.owner: str = row["owner"]
        self.started_at = datetime.fromisoformat(row["started_at"])
        self.lease_until = datetime.fromisoformat(row["lease_until"])
        self.outcome = Outcome.model_validate_json(row["outcome"]) if row["outcome"] else None


def _decision_row(decision: Decision, seal: str) -> dict[str, str]:
    return {
        "plan_hash": decision.plan_hash, "thread_id": decision.thread_id,
        "seal": seal, "body": decision.model_dump_json(),
    }  # fmt: skip


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in row.items()}  # the keys are a subclass of str


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _sqlite_engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN and COMMIT are ours
        connection.execute("PRAGMA journal_mode=WAL")
        # FULL: an intent that is committed is on disk before its action runs.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA busy_timeout=30000")

    return engine
