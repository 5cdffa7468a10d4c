"""Running one approved action, once.

Trusts nothing but the store: the plan's body under its hash, the decision bound to that hash, and the
ledger. Before an action runs its intent is committed; a started action without an outcome is never run
again, whoever asks, from whatever checkpoint.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..tools.actions.base import Backend, BackendResult
from ..tools.errors import ExecutionRefused, OpsError
from ..tools.redaction import Redactor
from .models import Outcome, Plan, PlannedAction
from .store import LedgerEntry, Store, action_key

logger = logging.getLogger(__name__)

_LEASE = timedelta(seconds=30)


def _is_dead(owner: str) -> bool:
    """Tell whether the owner was a process of this host that no longer exists; False if nobody can say."""
    host, pid, _ = owner.rsplit(":", 2)
    if host != socket.gethostname() or not Path("/proc/self").exists():
        return False
    return not Path("/proc", pid).exists()


class ActionInProgress(OpsError):
    """Another worker holds this action right now; wait for it and look again."""


class Executor:
    """Runs the actions of approved plans through their backends."""

    def __init__(self, store: Store, backends: Mapping[str, Backend], redactor: Redactor) -> None:
        self._store = store
        self._backends = backends
        self._redactor = redactor

    def approved_plan(self, thread_id: str, plan_hash: str) -> Plan:
        """Return the plan if the store holds a valid approval of exactly it; raises `ExecutionRefused`."""
        plan = self._store.plan(plan_hash)
        if plan is None:
            raise ExecutionRefused(f"no plan with hash {plan_hash[:12]!r} is stored; nothing was executed")
        if plan.thread_id != thread_id:
            raise ExecutionRefused("the plan belongs to another run; nothing was executed")
        decision = self._store.decision(plan_hash)
        if decision is None:
            raise ExecutionRefused("nobody has approved this plan; nothing was executed")
        if decision.kind != "approve":
            raise ExecutionRefused(f"the decision on this plan is {decision.kind}; nothing was executed")
        return plan

    def next_position(self, plan: Plan) -> int | None:
        """Return the position of the first action without an outcome, or None if all have one."""
        for position in range(len(plan.actions)):
            entry = self._store.entry(plan.hash, position)
            if entry is None or entry.outcome is None:
                return position
        return None

    def not_started(self, plan: Plan) -> list[PlannedAction]:
        """Return the actions of a plan that were never claimed."""
        return [
            action
            for position, action in enumerate(plan.actions)
            if self._store.entry(plan.hash, position) is None
        ]

    def outcomes(self, plan: Plan) -> list[Outcome]:
        """Return the recorded outcomes of a plan's actions, in order."""
        entries = (self._store.entry(plan.hash, position) for position in range(len(plan.actions)))
        return [entry.outcome for entry in entries if entry is not None and entry.outcome is not None]

    def run_once(self, thread_id: str, plan_hash: str, position: int) -> Outcome:
        """Run one action if it never ran, and return its outcome; else return the outcome it had.

        Raises `ExecutionRefused` without a valid approval, `ActionInProgress` if another worker is at it.
        """
        plan = self.approved_plan(thread_id, plan_hash)
        action = plan.actions[position]
        entry = self._store.entry(plan_hash, position)
        if entry is not None:
            return self._known(plan, position, action, entry)
        decision = self._store.decision(plan_hash)
        if decision is None or datetime.now(UTC) > min(decision.expires_at, plan.expires_at):
            raise ExecutionRefused("the approval has expired; nothing was executed")
        owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        if not self._store.claim(plan_hash, position, owner=owner, lease=_LEASE):
            entry = self._store.entry(plan_hash, position)
            assert entry is not None  # noqa: S101 - the claim failed because the row exists
            return self._known(plan, position, action, entry)
        started = datetime.now(UTC)
        with self._renewed(plan_hash, position, owner):
            result = self._run(action, action_key(plan_hash, position))
        outcome = Outcome(
            action_id=action.id,
            type=action.type,
            status="succeeded" if result.ok else "failed",
            output=self._redactor.redact(result.output),
            simulated=result.simulated,
            started_at=started,
            finished_at=datetime.now(UTC),
            plan_hash=plan_hash,
        )
        if not self._store.finish(plan_hash, position, outcome, owner=owner):
            # Somebody declared it unknown while it ran (this worker stalled past its lease). Theirs stands.
            entry = self._store.entry(plan_hash, position)
            if entry is not None and entry.outcome is not None:
                return entry.outcome
        return outcome

    def _run(self, action: PlannedAction, key: str) -> BackendResult:
        try:
            return self._backends[action.backend].run(action.preview, key=key)
        except OpsError as error:
            return BackendResult(ok=False, output=str(error))
        except OSError as error:
            logger.warning("backend %s failed on %s: %s", action.backend, action.type, error)
            return BackendResult(ok=False, output=f"{action.backend}: {error}")

    def _known(self, plan: Plan, position: int, action: PlannedAction, entry: LedgerEntry) -> Outcome:
        if entry.outcome is not None:
            return entry.outcome
        if datetime.now(UTC) < entry.lease_until and not _is_dead(entry.owner):
            raise ActionInProgress(
                f"{action.type} is being executed by {entry.owner}; look again when it has ended"
            )
        # Started, and whoever started it is gone. It may have run or not: it is NOT run again.
        outcome = Outcome(
            action_id=action.id,
            type=action.type,
            status="unknown",
            output=f"started at {entry.started_at.isoformat()} by {entry.owner}, which stopped before it reported; "
            "check the target by hand. The action will not be run again.",
            started_at=entry.started_at,
            plan_hash=plan.hash,
        )
        if not self._store.finish(plan.hash, position, outcome, owner=None):
            late = self._store.entry(plan.hash, position)
            if late is not None and late.outcome is not None:
                return late.outcome
        return outcome

    @contextmanager
    def _renewed(self, plan_hash: str, position: int, owner: str) -> Iterator[None]:
        """Renew the claim in the background for as long as the action runs."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(_LEASE.total_seconds() / 3):
                self._store.renew(plan_hash, position, owner=owner, lease=_LEASE)

        thread = threading.Thread(target=renew, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
