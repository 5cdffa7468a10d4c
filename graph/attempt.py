"""One attempt at an approved action: claim, do with a time-out and a renewed lease, record."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from ..tools.actions.base import OUTPUT_LIMIT, Backend, BackendResult, shortened
from ..tools.errors import OpsError
from ..tools.markdown import visible
from ..tools.redaction import Redactor
from .ledger import action_key
from .models import Outcome, Plan
from .store import Store

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
GRACE_S = 10.0
"""How long after its own time-out a backend may take to say so, in seconds."""


class Attempt:
    """A worker's one try at an action. Only who gets the claim may `run`."""

    def __init__(
        self, store: Store, backend: Backend, redactor: Redactor, *, plan: Plan, position: int, owner: str,
        lease: timedelta,
    ) -> None:  # fmt: skip
        self._store, self._backend, self._redactor = store, backend, redactor
        self._plan, self._position = plan, position
        self._owner, self._lease = owner, lease
        self._started: datetime | None = None

    def claim(self) -> bool:
        """Put the intent on disk; False if another worker was first."""
        self._started = self._store.now()
        return bool(self._store.claim(self._plan.hash, self._position, owner=self._owner, lease=self._lease))

    def run(self) -> Outcome:
        """Do it and return the outcome that is recorded. An action that does not end in time is unknown.

        It goes on in its thread then; should it end after all, what it says is still recorded.
        """
        action = self._plan.actions[self._position]
        ended: list[Outcome] = []

        def work() -> None:
            outcome = self._outcome(self._result())
            ended.append(outcome)
            if given_up.is_set():
                with suppress(OpsError):
                    self._record(outcome)

        given_up = threading.Event()
        thread = threading.Thread(target=work, name=f"action-{action.id}", daemon=True)
        with self._renewed():
            thread.start()
            thread.join(action.preview.timeout_s + GRACE_S)
        if not ended:
            given_up.set()
        if not ended:  # looked at again: from here on its thread records what it says
            waited = action.preview.timeout_s + GRACE_S
            lost = BackendResult(
                ok=False, problem="unknown",
                output=f"{action.backend} did not answer within {waited:g} s; it may or may not have happened",
            )  # fmt: skip
            return self._record(self._outcome(lost))
        return self._record(ended[0])

    def _result(self) -> BackendResult:
        action = self._plan.actions[self._position]
        key = action_key(self._plan.hash, self._position)
        try:
            return self._backend.run(action.preview, key=key)
        except OpsError as error:
            return BackendResult(ok=False, output=str(error)[:OUTPUT_LIMIT])
        except Exception as error:
            # Whatever broke, it broke after the intent: nobody can say what the target has seen of it.
            # Its words may hold a secret: they are kept redacted in the outcome, not in the log.
            logger.warning("backend %s broke on %s: %s", action.backend, action.type, type(error).__name__)
            text = f"{action.backend}: {type(error).__name__}: {error}"
            return BackendResult(ok=False, problem="unknown", output=text[:OUTPUT_LIMIT])

    def _outcome(self, result: BackendResult) -> Outcome:
        action = self._plan.actions[self._position]
        started = self._started or self._store.clock.now()
        failed = "unknown" if result.problem == "unknown" else "failed"
        return Outcome(
            action_id=action.id,
            type=action.type,
            status="succeeded" if result.ok else failed,
            output=storable(self._redactor.redact(result.output)),
            simulated=result.simulated,
            started_at=started,
            finished_at=max(self._store.clock.now(), started),
            plan_hash=self._plan.hash,
            position=self._position,
            not_applied=not result.ok and result.problem == "stale",
        )

    def _record(self, outcome: Outcome) -> Outcome:
        if not self._store.finish(self._plan.hash, self._position, outcome, owner=self._owner):
            # Somebody settled it while it ran (this worker stalled past its lease). Theirs stands.
            entry = self._store.entry(self._plan.hash, self._position)
            if entry is not None and entry.outcome is not None:
                return entry.outcome
        return outcome

    @contextmanager
    def _renewed(self) -> Iterator[None]:
        """Renew the claim in the background for as long as the action runs."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self._lease.total_seconds() / 3):
                with suppress(OpsError):  # a store that is busy now: the next round tries again
                    self._store.renew(self._plan.hash, self._position, owner=self._owner, lease=self._lease)

        thread = threading.Thread(target=renew, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def storable(text: str) -> str:
    """Return text that every store takes and no terminal acts on: bounded, without control characters."""
    encodable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return shortened(visible(encodable, keep_newlines=True))
