"""The ledger: one row per action of a plan, moved by compare-and-set, each move in the audit with it.

    proposed -> approved -> started -> succeeded | failed | unknown
    proposed | approved -> rejected | expired | stale | cancelled
    unknown -> succeeded | failed, by its own late worker or a probe of the target
    unknown -> resolved_done | resolved_not_done, by a named person

The key is a hash of plan hash and position: never a thread, task or checkpoint id, which a fork repeats.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import Connection, func, or_, select, update

from ..tools.errors import OpsError
from . import tables
from .audit import Audit
from .canonical import sha256_hex
from .clock import Clock
from .database import Database
from .models import Outcome, Plan, Resolution

State = Literal[
    "proposed", "approved", "started", "succeeded", "failed", "unknown",
    "rejected", "expired", "stale", "cancelled", "resolved_done", "resolved_not_done",
]  # fmt: skip
NOT_STARTED: frozenset[State] = frozenset({"proposed", "approved"})
_OPEN = ("started", "unknown")


class Tampered(OpsError):
    """A stored record is not what this installation wrote; nothing is executed on its word."""


class LedgerEntry(BaseModel):
    """One action's row. `fence` counts its claims: only the holder of the latest may report."""

    key: str
    plan_hash: str
    thread_id: str
    position: int
    state: State
    fence: int
    owner: str
    started_at: datetime | None
    lease_until: datetime | None
    outcome: Outcome | None
    resolution: Resolution | None


def action_key(plan: str, position: int) -> str:
    """Return the ledger key of an action."""
    return sha256_hex(f"{plan}:{position}")


class Ledger:
    """What may run, what runs, and how it ended."""

    def __init__(self, database: Database, audit: Audit, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self.clock = clock

    def claim(self, plan: str, position: int, *, owner: str, lease: timedelta) -> int:
        """Claim an approved action before it runs. Returns its fence (1) to exactly one caller, ever; else 0.

        Raises `Tampered` if the row says approved but the audit knows that it was started before.
        """
        key, now = action_key(plan, position), self.clock.now()
        values = {
            "state": "started", "fence": tables.ledger.c.fence + 1, "owner": owner,
            "started_at": now.isoformat(), "lease_until": (now + lease).isoformat(),
        }  # fmt: skip
        approved = (tables.ledger.c.key == key) & (tables.ledger.c.state == "approved")
        with self._database.write() as connection:
            if connection.execute(update(tables.ledger).where(approved).values(values)).rowcount != 1:
                return 0
            if self._audit.count(connection, "action.started", key):
                raise Tampered(
                    f"action {key[:12]} was started before, but its row says approved; not executed"
                )
            row = self._row(connection, key)
            body = {"plan_hash": plan, "position": position, "fence": row.fence, "owner": owner}
            self._audit.append(connection, now, row.thread_id, "action.started", body, subject=key)
            return row.fence

    def renew(self, plan: str, position: int, *, owner: str, lease: timedelta) -> bool:
        """Extend the claim of an action that is still running; False if it is no longer this owner's."""
        until = (self.clock.now() + lease).isoformat()
        row = tables.ledger.c
        mine = (row.key == action_key(plan, position)) & (row.owner == owner) & (row.state == "started")
        with self._database.write() as connection:
            done = connection.execute(update(tables.ledger).where(mine).values(lease_until=until))
            return done.rowcount == 1

    def finish(self, plan: str, position: int, outcome: Outcome, *, owner: str | None) -> bool:
        """Record how a started action ended; False if that is settled already or it is another owner's.

        Its own worker may still report after the action was declared unknown, until a person has resolved it.
        """
        row = tables.ledger.c
        mine = row.key == action_key(plan, position)
        if owner is None:
            mine &= row.state == "started"
        else:
            mine &= (row.owner == owner) & row.state.in_(_OPEN) & row.resolution.is_(None)
        return self._settle(plan, position, mine, outcome, outcome.status)

    def settle_by_probe(self, plan: str, position: int, outcome: Outcome, *, fence: int) -> bool:
        """Record what the target itself says of an action whose worker is gone, or that is unknown."""
        row = tables.ledger.c
        same = (row.key == action_key(plan, position)) & (row.fence == fence)
        same &= row.state.in_(_OPEN) & row.resolution.is_(None)
        return self._settle(plan, position, same, outcome, outcome.status)

    def resolve(self, plan: str, position: int, resolution: Resolution) -> bool:
        """Record a person's word on a failed or unknown action; True if it is what stands, also if given again."""
        row = tables.ledger.c
        open_ = (row.key == action_key(plan, position)) & row.resolution.is_(None)
        open_ &= row.state.in_(("failed", "unknown"))
        values: dict[str, Any] = {"resolution": resolution.model_dump_json()}
        key = action_key(plan, position)
        with self._database.write() as connection:
            before = self._row(connection, key)
            if before.state == "unknown" and resolution.choice != "abort":
                values["state"] = "resolved_done" if resolution.choice == "skip" else "resolved_not_done"
            if connection.execute(update(tables.ledger).where(open_).values(values)).rowcount != 1:
                return before.resolution is not None and before.resolution.choice == resolution.choice
            body = {"plan_hash": plan, "position": position, **resolution.model_dump(mode="json")}
            self._audit.append(
                connection, self.clock.now(), before.thread_id, "action.resolved", body, subject=key
            )
            return True

    def entry(self, plan: str, position: int) -> LedgerEntry | None:
        """Return the ledger's row for an action, or None if it is in no stored plan."""
        with self._database.read() as connection:
            return self._find(connection, action_key(plan, position))

    def started_since(self, since: datetime) -> int:
        """Return how many actions were started since then, whatever became of them."""
        query = select(func.count()).select_from(tables.ledger).where(
            tables.ledger.c.started_at >= since.isoformat()
        )  # fmt: skip
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def unsettled(self) -> list[LedgerEntry]:
        """Return the actions that are approved and not started, or started and not settled by target or person."""
        row = tables.ledger.c
        unresolved = row.state.in_(("failed", "unknown")) & row.resolution.is_(None)
        query = select(tables.ledger).where(or_(row.state.in_(("approved", "started")), unresolved))
        with self._database.read() as connection:
            return [
                _entry(item)
                for item in connection.execute(query.order_by(row.plan_hash, row.position)).mappings()
            ]

    def withdraw(self, plan: str, state: Literal["expired", "stale", "cancelled"], why: str) -> None:
        """Take back the actions of a plan that have not started: another plan takes their place, or none does."""
        with self._database.write() as connection:
            if self._move(connection, plan, NOT_STARTED, state):
                thread_id = self._row(connection, action_key(plan, 0)).thread_id
                self._audit.append(
                    connection, self.clock.now(), thread_id, f"plan.{state}", {"why": why}, subject=plan
                )

    # --- inside, in the caller's transaction ------------------------------------------------------

    def _propose(self, connection: Connection, plan: Plan) -> None:
        rows = [
            {
                "key": action_key(plan.hash, position), "plan_hash": plan.hash, "thread_id": plan.thread_id,
                "position": position, "state": "proposed",
            }
            for position in range(len(plan.actions))
        ]  # fmt: skip
        connection.execute(self._database.insert(tables.ledger).values(rows).on_conflict_do_nothing())

    def _move(self, connection: Connection, plan: str, before: Iterable[State], state: State) -> int:
        these = (tables.ledger.c.plan_hash == plan) & tables.ledger.c.state.in_(list(before))
        return connection.execute(update(tables.ledger).where(these).values(state=state)).rowcount

    def _settle(self, plan: str, position: int, these: Any, outcome: Outcome, state: str) -> bool:
        key = action_key(plan, position)
        values = {"state": state, "outcome": outcome.model_dump_json()}
        body = {"plan_hash": plan, "position": position, **outcome.model_dump(mode="json")}
        with self._database.write() as connection:
            if connection.execute(update(tables.ledger).where(these).values(values)).rowcount == 1:
                row = self._row(connection, key)
                self._audit.append(
                    connection, self.clock.now(), row.thread_id, f"action.{state}", body, subject=key
                )
                return True
            row = self._row(connection, key)
            if row.outcome is None or row.outcome.model_dump(exclude={"finished_at"}) != outcome.model_dump(
                exclude={"finished_at"}
            ):
                self._audit.append(
                    connection, self.clock.now(), row.thread_id, "action.late", body, subject=key
                )
        return False

    def _row(self, connection: Connection, key: str) -> LedgerEntry:
        found = self._find(connection, key)
        if found is None:
            raise Tampered(f"the ledger has no row for action {key[:12]}; nothing was executed")
        return found

    def _find(self, connection: Connection, key: str) -> LedgerEntry | None:
        row = connection.execute(select(tables.ledger).where(tables.ledger.c.key == key)).mappings().first()
        return _entry(row) if row else None


def _entry(row: Any) -> LedgerEntry:
    outcome, resolution = row["outcome"], row["resolution"]
    return LedgerEntry.model_validate(
        {
            **row,
            "outcome": Outcome.model_validate_json(outcome) if outcome else None,
            "resolution": Resolution.model_validate_json(resolution) if resolution else None,
        }
    )
