"""Where authority lives: plans, approvals, decisions and the ledger, outside the graph's state.

Plans, approvals and decisions are insert-only (triggers refuse changes) and signed; whatever changes is in the
audit in the same transaction.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..tools.errors import NothingToActOn
from . import tables
from .audit import Audit, Sign
from .clock import Clock
from .database import Database
from .ledger import NOT_STARTED, Ledger, LedgerEntry, Tampered, action_key
from .models import Decision, Plan, PlanBody, RunStatus, plan_hash

__all__ = ["LedgerEntry", "RunRow", "Store", "Tampered", "action_key"]

CLOCK_TOLERANCE = timedelta(seconds=5)
"""How far the clocks of several hosts may differ before the store calls one set back."""


class RunRow(dict[str, Any]):
    """One row of `runs`: thread_id, alert_id, service, severity, message, requester, status, detail, times."""


def unsigned(_text: str) -> str:
    """Sign nothing: for a store whose records nobody but this process can write."""
    return ""


class Store(Ledger):
    """Plans, decisions, ledger and audit of all runs."""

    def __init__(
        self,
        target: Path | str,
        *,
        sign: Sign = unsigned,
        anchors: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Open the SQLite file or PostgreSQL URL; `anchors` is the file that witnesses the audit's heads."""
        database = Database(target)
        self.audit = Audit(database, sign, anchors)
        super().__init__(database, self.audit, clock or Clock())
        self._sign = sign

    def close(self) -> None:
        """Release the database."""
        self._database.close()

    def now(self) -> datetime:
        """Return the time that counts for expiry; raises `Tampered` if the clock stands before the last entry's."""
        now = self.clock.now()
        with self._database.read() as connection:
            last = self.audit.latest_time(connection)
        if last is not None and datetime.fromisoformat(last) > now + CLOCK_TOLERANCE:
            raise Tampered(
                f"the clock says {now:%Y-%m-%d %H:%M:%S} UTC, but the audit has an entry of {last}: it was set back. "
                "Nothing is executed until it is right"
            )
        return now

    def note(self, thread_id: str, kind: str, body: dict[str, Any], *, subject: str = "") -> None:
        """Write an audit entry that goes with no other change."""
        with self._database.write() as connection:
            self.audit.append(connection, self.clock.now(), thread_id, kind, body, subject=subject)

    def note_once(self, thread_id: str, kind: str, body: dict[str, Any], *, subject: str) -> dict[str, Any]:
        """Write an audit entry unless there is one of this kind about the subject; return the body that stands."""
        with self._database.write() as connection:
            standing = self.audit.first(connection, kind, subject)
            if standing is not None:
                return standing
            self.audit.append(connection, self.clock.now(), thread_id, kind, body, subject=subject)
            return body

    def has_noted(self, kind: str, subject: str) -> bool:
        """Tell whether the audit has an entry of this kind about the subject."""
        with self._database.read() as connection:
            return self.audit.first(connection, kind, subject) is not None

    def last_sign(self, thread_id: str) -> datetime:
        """Return the time of a run's last audit entry; raises `NothingToActOn` for an unknown thread."""
        with self._database.read() as connection:
            last = self.audit.latest_time(connection, thread_id)
        return datetime.fromisoformat(last or self.run(thread_id)["updated_at"])

    # --- runs -----------------------------------------------------------------------------------

    def register_run(
        self, thread_id: str, *, alert_id: str, service: str, severity: str, message: str, requester: str = ""
    ) -> None:
        """Make the run known; a run that starts over on the same thread takes the new alert."""
        now = self.clock.now()
        about = {
            "alert_id": alert_id, "service": service, "severity": severity, "message": message, "requester": requester,
        }  # fmt: skip
        row = {**about, "status": "running", "detail": "", "updated_at": now.isoformat()}
        statement = self._database.insert(tables.runs).values(
            thread_id=thread_id, created_at=now.isoformat(), **row
        )
        with self._database.write() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["thread_id"], set_=row))
            self.audit.append(connection, now, thread_id, "run.started", about)

    def set_status(self, thread_id: str, status: RunStatus, detail: str = "") -> None:
        """Note where the run stands."""
        now = self.clock.now()
        values = {"status": status, "detail": detail, "updated_at": now.isoformat()}
        changed = (tables.runs.c.thread_id == thread_id) & (
            (tables.runs.c.status != status) | (tables.runs.c.detail != detail)
        )
        with self._database.write() as connection:
            if connection.execute(update(tables.runs).where(changed).values(values)).rowcount:
                self.audit.append(connection, now, thread_id, f"run.{status}", {"detail": detail})

    def run(self, thread_id: str) -> RunRow:
        """Return the run's row; raises `NothingToActOn` for an unknown thread."""
        query = select(tables.runs).where(tables.runs.c.thread_id == thread_id)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NothingToActOn(
                f"there is no run {thread_id!r}; `ops-assistant pending` lists those that wait"
            )
        return RunRow(_plain(row))

    def runs(self, status: RunStatus | None = None) -> list[RunRow]:
        """Return the runs, oldest first; only those of one status if given."""
        query = select(tables.runs).order_by(tables.runs.c.created_at)
        if status is not None:
            query = query.where(tables.runs.c.status == status)
        with self._database.read() as connection:
            return [RunRow(_plain(row)) for row in connection.execute(query).mappings()]

    def thread_ids(self, start: str, limit: int = 2) -> list[str]:
        """Return up to `limit` thread ids that begin with `start`; itself alone if it is one."""
        ids = tables.runs.c.thread_id
        query = select(ids).where(ids.startswith(start, autoescape=True)).order_by(ids).limit(limit)
        with self._database.read() as connection:
            found = list(connection.execute(query).scalars())
        return [start] if start in found else found

    # --- plans and decisions --------------------------------------------------------------------

    def add_plan(self, plan: Plan) -> None:
        """Store a plan's body under its hash; storing it again changes nothing."""
        body = PlanBody.model_validate(plan.model_dump(exclude={"hash"}))
        text = body.canonical()
        row = {"hash": plan_hash(text), "thread_id": plan.thread_id, "body": text}
        statement = self._database.insert(tables.plans).values(row).on_conflict_do_nothing()
        with self._database.write() as connection:
            if connection.execute(statement).rowcount:
                self._propose(connection, plan)
                self.audit.append(
                    connection, self.clock.now(), plan.thread_id, "plan.proposed", body.model_dump(mode="json"),
                    subject=plan.hash,
                )  # fmt: skip

    def plan(self, hash_: str) -> Plan | None:
        """Return the plan stored under this hash, or None; raises `Tampered` if its body was changed since."""
        query = select(tables.plans.c.body, tables.plans.c.thread_id).where(tables.plans.c.hash == hash_)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if plan_hash(row.body) != hash_:
            why = f"plan {hash_[:12]} was changed in the store after it was put there; nothing is executed"
            self.note_once(row.thread_id, "alarm.plan_changed", {"why": why}, subject=hash_)
            raise Tampered(why)
        return Plan(**PlanBody.model_validate_json(row.body).model_dump(), hash=hash_)

    def record_decision(
        self, decision: Decision, *, seal: str, edited: Plan | None = None, needed: int = 1
    ) -> Decision | None:
        """Record a person's word on a plan; with an edit, the approval of the edited plan in the same transaction.

        The first decision on a plan stands. `needed` approvals by different people make an approval's decision;
        None says that more are missing. Recording the same answer again returns what stands (a node may run
        twice); another answer raises `NothingToActOn` that says who decided what.
        """
        try:
            with self._database.write() as connection:
                approval = decision if decision.kind == "approve" else None
                if edited is not None:
                    approval = decision.model_copy(
                        update={
                            "plan_hash": edited.hash, "kind": "approve", "expires_at": edited.expires_at,
                            "replaced_by": None, "changes": [],
                        }
                    )  # fmt: skip
                if decision.kind != "approve":
                    self._decide(connection, decision, seal)
                if approval is not None and not self._approve(connection, approval, seal, needed):
                    return decision if edited is not None else None
        except IntegrityError:
            return self._standing(decision, seal)
        return decision

    def decision(self, hash_: str) -> Decision | None:
        """Return the decision that stands on this plan, or None."""
        return self._decision(hash_)[0]

    def approvals(self, hash_: str) -> list[Decision]:
        """Return the approvals that people have given this plan; raises `Tampered` for one that was forged."""
        query = select(tables.approvals).where(tables.approvals.c.plan_hash == hash_)
        with self._database.read() as connection:
            return [self._signed(row, hash_) for row in connection.execute(query).mappings()]

    # --- inside -----------------------------------------------------------------------------------

    def _decide(self, connection: Connection, decision: Decision, seal: str) -> None:
        body = decision.model_dump_json()
        connection.execute(
            insert(tables.decisions).values(
                plan_hash=decision.plan_hash, thread_id=decision.thread_id, seal=seal, body=body,
                mac=self._sign(f"decision\n{body}"),
            )
        )  # fmt: skip
        self._move(
            connection,
            decision.plan_hash,
            NOT_STARTED,
            "approved" if decision.kind == "approve" else "rejected",
        )
        self.audit.append(
            connection, self.clock.now(), decision.thread_id, f"decision.{decision.kind}",
            decision.model_dump(mode="json"), subject=decision.plan_hash,
        )  # fmt: skip

    def _approve(self, connection: Connection, approval: Decision, seal: str, needed: int) -> bool:
        """Record an approval, and the decision if it completes it; False if more people must approve."""
        standing = select(tables.decisions.c.plan_hash).where(
            tables.decisions.c.plan_hash == approval.plan_hash
        )
        if connection.execute(standing).first():
            raise IntegrityError("decided", None, Exception("decided"))
        body = approval.model_dump_json()
        row = {
            "plan_hash": approval.plan_hash, "identity": approval.identity(), "seal": seal, "body": body,
            "mac": self._sign(f"decision\n{body}"),
        }  # fmt: skip
        statement = self._database.insert(tables.approvals).values(row).on_conflict_do_nothing()
        if connection.execute(statement).rowcount and needed > 1:
            self.audit.append(
                connection, self.clock.now(), approval.thread_id, "approval",
                approval.model_dump(mode="json"), subject=approval.plan_hash,
            )  # fmt: skip
        given = select(tables.approvals.c.identity).where(tables.approvals.c.plan_hash == approval.plan_hash)
        if len(connection.execute(given).all()) < needed:
            return False
        self._decide(connection, approval, seal)
        return True

    def _standing(self, decision: Decision, seal: str) -> Decision:
        standing, standing_seal = self._decision(decision.plan_hash)
        if standing is None:
            raise Tampered(f"plan {decision.plan_hash[:12]} has a decision that cannot be read")
        if standing_seal == seal:
            return standing
        with suppress(Exception):
            self.note(
                decision.thread_id,
                "decision.late",
                decision.model_dump(mode="json"),
                subject=decision.plan_hash,
            )
        raise NothingToActOn(
            f"the plan was already decided: {standing.kind} by {standing.by} through {standing.door} "
            f"at {standing.decided_at:%Y-%m-%d %H:%M:%S} UTC"
        ) from None

    def _decision(self, hash_: str) -> tuple[Decision | None, str]:
        query = select(tables.decisions).where(tables.decisions.c.plan_hash == hash_)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return (self._signed(row, hash_), row["seal"]) if row else (None, "")

    def _signed(self, row: Mapping[Any, Any], hash_: str) -> Decision:
        decision = Decision.model_validate_json(row["body"])
        if row["mac"] != self._sign(f"decision\n{row['body']}") or decision.plan_hash != hash_:
            raise Tampered(f"the decision stored for plan {hash_[:12]} was not signed by this installation")
        return decision


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in row.items()}  # the keys are a subclass of str
