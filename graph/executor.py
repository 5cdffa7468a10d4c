"""Running one approved action, once.

Trusts nothing but the store: the plan's body under its hash, the decision bound to that hash, and the
ledger. Before an action runs its intent is committed; a started action without an outcome is never run
again, whoever asks, from whatever checkpoint.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from ..tools.actions.base import Backend, BackendUnavailable, changed
from ..tools.errors import ExecutionRefused, OpsError
from ..tools.inventory import Inventory
from ..tools.redaction import Redactor
from .attempt import LEASE, Attempt
from .guard import Guard
from .ledger import NOT_STARTED, LedgerEntry, action_key
from .models import Outcome, Plan, PlannedAction
from .store import Store
from .worker import described, is_held, this_worker


class ActionInProgress(OpsError):
    """Another worker holds this action right now; wait for it and look again."""


class Stale(ExecutionRefused):
    """What the approved action relied on no longer holds; a new plan is needed."""


class Executor:
    """Runs the actions of approved plans through their backends."""

    def __init__(
        self,
        store: Store,
        backends: Mapping[str, Backend],
        redactor: Redactor,
        guard: Guard,
        *,
        lease: timedelta = LEASE,
    ) -> None:
        self._guard = guard
        self._store = store
        self._backends = backends
        self._redactor = redactor
        self._lease = lease

    # --- what the store says ------------------------------------------------------------------------

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
        """Return the position of the first action that is not settled, or None if all are."""
        for position in range(len(plan.actions)):
            entry = self._store.entry(plan.hash, position)
            if entry is None or not _goes_on(entry):
                return position
        return None

    def halted(self, plan: Plan) -> tuple[int, Outcome] | None:
        """Return the action that stopped the plan and waits for a person's word, with its outcome, or None.

        An action whose worker is gone, or whose outcome is unknown, is looked at again at the target.
        """
        position = self.next_position(plan)
        if position is None:
            return None
        entry = self._store.entry(plan.hash, position)
        if entry is None or entry.state in NOT_STARTED or entry.resolution is not None:
            return None
        outcome = self._known(plan, position, entry)
        return None if outcome.status == "succeeded" else (position, outcome)

    def last_succeeded(self, plan: Plan) -> int | None:
        """Return the position of the last action that succeeded, or None."""
        for position in reversed(range(len(plan.actions))):
            entry = self._store.entry(plan.hash, position)
            if entry is not None and entry.state == "succeeded":
                return position
        return None

    def aborted(self, plan: Plan) -> bool:
        """Tell whether a person has ended the plan at an action that stopped it."""
        entries = (self._store.entry(plan.hash, position) for position in range(len(plan.actions)))
        return any(
            entry is not None and entry.resolution is not None and entry.resolution.choice == "abort"
            for entry in entries
        )

    def unchecked(self, plan: Plan) -> bool:
        """Tell whether an action of the plan succeeded and nobody has looked at its service since."""
        position = self.last_succeeded(plan)
        if position is None:
            return False
        key = action_key(plan.hash, position)
        return not any(self._store.has_noted(kind, key) for kind in ("action.checked", "action.regressed"))

    def not_started(self, plan: Plan) -> list[PlannedAction]:
        """Return the actions of a plan that were never claimed."""
        entries = ((action, self._store.entry(plan.hash, at)) for at, action in enumerate(plan.actions))
        return [action for action, entry in entries if entry is None or entry.fence == 0]

    def outcomes(self, plan: Plan) -> list[Outcome]:
        """Return the recorded outcomes of a plan's actions, after those of the plans that it replaces."""
        before = self._store.plan(plan.replaces) if plan.replaces else None
        earlier = self.outcomes(before) if before is not None and before.thread_id == plan.thread_id else []
        entries = (self._store.entry(plan.hash, position) for position in range(len(plan.actions)))
        return earlier + [
            _told(entry) for entry in entries if entry is not None and entry.outcome is not None
        ]

    # --- doing --------------------------------------------------------------------------------------

    def run_once(self, thread_id: str, plan_hash: str, position: int, inventory: Inventory) -> Outcome:
        """Run one action if it never ran, and return its outcome; else return the outcome it had.

        Raises `ExecutionRefused` without a valid approval, `Stale` if its precondition no longer holds,
        `ActionInProgress` if another worker is at it.
        """
        plan = self.approved_plan(thread_id, plan_hash)
        entry = self._store.entry(plan_hash, position)
        if entry is None or entry.state in ("rejected", "expired", "stale", "cancelled", "proposed"):
            raise ExecutionRefused(
                f"the action is {entry.state if entry else 'not in the ledger'}; nothing was executed"
            )
        if entry.state != "approved":
            return self._known(plan, position, entry)
        self._check(plan, position, inventory)
        attempt = Attempt(
            self._store, self._backends[plan.actions[position].backend], self._redactor,
            plan=plan, position=position, owner=this_worker(), lease=self._lease,
        )  # fmt: skip
        if not attempt.claim():
            entry = self._store.entry(plan_hash, position)
            assert entry is not None  # noqa: S101 - the claim failed because the row has moved on
            return self._known(plan, position, entry)
        return attempt.run()

    def _check(self, plan: Plan, position: int, inventory: Inventory) -> None:
        """Look once more, right before the claim, at everything that may have changed since the approval."""
        action = plan.actions[position]
        decision = self._store.decision(plan.hash)
        if decision is None or self._store.now() > min(decision.expires_at, plan.expires_at):
            raise ExecutionRefused("the approval has expired; nothing was executed")
        self._guard.check_before_running(plan, position, inventory)
        backend = self._backends.get(action.backend)
        if backend is None:
            raise ExecutionRefused(f"backend {action.backend!r} is not configured; nothing was executed")
        try:
            moved = changed(backend, action.preview)
            trial = backend.dry_run(action.preview) if moved is None else None
        except BackendUnavailable as error:
            raise ExecutionRefused(f"{error}; nothing was executed") from error
        if moved is not None:
            raise Stale(f"{action.type}: {moved} since it was planned; nothing was executed")
        if trial is not None and not trial.ok:
            refused = self._redactor.redact(trial.output)
            raise Stale(f"{action.type}: the target refuses it in a dry run: {refused}; nothing was executed")

    def _known(self, plan: Plan, position: int, entry: LedgerEntry) -> Outcome:
        """Return how a claimed action ended; one that nobody knows of is probed, and never run again."""
        if entry.outcome is not None and (entry.state != "unknown" or entry.resolution is not None):
            return _told(entry)
        if entry.state == "started" and is_held(entry.owner, entry.lease_until, self._store.now()):
            raise ActionInProgress(
                f"{plan.actions[position].type} is being executed by {described(entry.owner)}; look again later"
            )
        outcome = self._probed(plan, position, entry)
        if outcome.status == "unknown":
            self._store.finish(plan.hash, position, outcome, owner=None)
        else:
            self._store.settle_by_probe(plan.hash, position, outcome, fence=entry.fence)
        late = self._store.entry(plan.hash, position)
        return _told(late) if late is not None and late.outcome is not None else outcome

    def _probed(self, plan: Plan, position: int, entry: LedgerEntry) -> Outcome:
        action = plan.actions[position]
        since = entry.started_at or plan.created_at
        backend = self._backends.get(action.backend)
        try:
            applied = (
                backend.probe(action.preview, key=action_key(plan.hash, position), since=since)
                if backend is not None
                else None
            )
        except (BackendUnavailable, OSError):
            applied = None
        begun = (
            f"started at {since:%Y-%m-%d %H:%M:%S} UTC by {described(entry.owner)}, "
            "which stopped before it reported"
        )
        if applied:
            text = f"{begun}; {action.backend} shows that it took effect."
        elif applied is False:
            text = f"{begun}; {action.backend} shows that it did not take effect. It will not be run again by itself."
        elif entry.outcome is not None:
            text = entry.outcome.output
        else:
            text = f"{begun}; check the target by hand. The action will not be run again."
        return _outcome(plan, position, since, applied=applied, output=text)


def _goes_on(entry: LedgerEntry) -> bool:
    """Tell whether the plan goes on after this action."""
    if entry.state in ("succeeded", "resolved_done"):
        return True
    return entry.resolution is not None and entry.resolution.choice == "skip"


def _told(entry: LedgerEntry) -> Outcome:
    """Return the outcome with what a person has said of it."""
    assert entry.outcome is not None  # noqa: S101 - callers have looked
    if entry.resolution is None:
        return entry.outcome
    said = entry.resolution
    why = f": {said.evidence}" if said.evidence else ""
    return entry.outcome.model_copy(update={"settled": f"{said.choice} by {said.by}{why}"})


def _outcome(plan: Plan, position: int, started: datetime, *, applied: bool | None, output: str) -> Outcome:
    action = plan.actions[position]
    return Outcome(
        action_id=action.id,
        type=action.type,
        status="unknown" if applied is None else "succeeded" if applied else "failed",
        output=output,
        started_at=started,
        plan_hash=plan.hash,
        position=position,
        not_applied=applied is False,
    )
