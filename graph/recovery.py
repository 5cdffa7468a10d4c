"""Runs that stopped half-way: their process died in an investigation, after an approval, or in an action.

Found in the ledger and the runs' rows; where a checkpoint says that a thread stands is only a hint.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from langgraph.types import Command
from pydantic import BaseModel, Field

from .ledger import LedgerEntry, Tampered
from .store import RunRow, Store
from .worker import described, is_held

QUIET = timedelta(minutes=1)
"""How long an approved run may show no sign of life before it counts as interrupted."""
QUIET_INVESTIGATION = timedelta(minutes=5)
"""The same for an investigation, which may wait for a model or read for long."""

Lock = Literal["held", "free", "unknown"]
"""Whether a process of this host holds the run; unknown if none ever did (a server, another host)."""
Stopped = Literal["investigation", "approved", "started", "unasked"]


class Interrupted(BaseModel):
    """A run that nobody works on and that waits for nobody."""

    thread_id: str
    service: str
    severity: str
    message: str
    since: datetime = Field(description="The last sign of life.")
    stopped: Stopped
    detail: str = Field(description="What stands in the ledger.")
    needs: str = Field(description="What going on with it will do.")


_NEEDS: dict[Stopped, str] = {
    "investigation": "resume goes on from its last step; nothing was approved yet",
    "approved": "resume executes what was approved, each action once, or asks again if the approval has expired",
    "started": "resume asks the target whether it happened; where that cannot be told, you are asked",
    "unasked": "resume asks what becomes of the action: retry, skip or abort",
}


def interrupted(store: Store, lock: Callable[[str], Lock]) -> list[Interrupted]:
    """Return the interrupted runs, oldest sign of life first."""
    entries: dict[str, list[LedgerEntry]] = {}
    for entry in store.unsettled():
        entries.setdefault(entry.thread_id, []).append(entry)
    rows = {row["thread_id"]: row for row in store.runs("running")}
    rows |= {thread_id: store.run(thread_id) for thread_id in entries if thread_id not in rows}
    found = [
        item
        for thread_id, row in rows.items()
        if (item := _interrupted(store, row, entries.get(thread_id, []), lock(thread_id))) is not None
    ]
    return sorted(found, key=lambda item: item.since)


def way_back(store: Store, plan_hash: str) -> Command[str]:
    """Return what leads a thread back that ended although its plan is not settled.

    It was paused by an older graph whose step has another name now, or a client moved it. The store says where it
    belongs: to the question if nobody has decided, else to the execution, which trusts the store alone.
    """
    decision = store.decision(plan_hash)
    if decision is None:
        return Command(goto="await_approval")
    edited = store.plan(decision.replaced_by) if decision.replaced_by else None
    if edited is not None:
        return Command(goto="execute_action", update={"plan": edited.model_dump(mode="json")})
    return Command(goto="execute_action" if decision.kind == "approve" else "report")


def _interrupted(store: Store, row: RunRow, entries: Sequence[LedgerEntry], lock: Lock) -> Interrupted | None:
    now, since = store.clock.now(), store.last_sign(row["thread_id"])
    started = [entry for entry in entries if entry.state == "started"]
    if lock == "held" or any(is_held(entry.owner, entry.lease_until, now) for entry in started):
        return None
    quiet = now - since
    approved = [entry for entry in entries if entry.state == "approved"]
    ended = [entry for entry in entries if entry.state in ("failed", "unknown")]
    stopped: Stopped | None = None
    if started:
        stopped = "started"
    elif ended and row["status"] != "awaiting_approval":
        stopped = "unasked"
    elif approved and (lock == "free" or quiet >= QUIET):
        stopped = "approved"
    elif not entries and row["status"] == "running" and quiet >= QUIET_INVESTIGATION:
        stopped = "investigation"
    if stopped is None:
        return None
    return Interrupted(
        thread_id=row["thread_id"], service=row["service"], severity=row["severity"], message=row["message"],
        since=since, stopped=stopped, detail=_detail(store, stopped, [*started, *ended, *approved]),
        needs=_NEEDS[stopped],
    )  # fmt: skip


def _detail(store: Store, stopped: Stopped, entries: Sequence[LedgerEntry]) -> str:
    if stopped == "investigation":
        return "stopped while it investigated"
    entry = entries[0]
    try:
        plan = store.plan(entry.plan_hash)
    except Tampered as error:
        return str(error)
    name = f"{plan.actions[entry.position].id} {plan.actions[entry.position].type}" if plan else "an action"
    if stopped == "approved":
        decision = store.decision(entry.plan_hash)
        by = (
            f"approved by {decision.by} at {decision.decided_at:%Y-%m-%d %H:%M:%S} UTC"
            if decision
            else "approved"
        )
        return f"{name}: {by}, not started"
    when = f" at {entry.started_at:%Y-%m-%d %H:%M:%S} UTC" if entry.started_at else ""
    told = "no outcome" if stopped == "started" else entry.state
    return f"{name}: started{when} by {described(entry.owner)}, {told}"
