"""What a person may answer to which question, and what is said where nothing is asked."""

import getpass
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from .graph.models import Decision, Plan
from .tools.errors import InputError, NothingToActOn

if TYPE_CHECKING:
    from .run import Run

WaitsFor = Literal["approval", "reconcile", "symptom", "nothing"]

ANSWERS: Mapping[WaitsFor, tuple[str, ...]] = {
    "approval": ("approve", "edit", "reject", "abort"),
    "reconcile": ("retry", "skip", "abort"),
    "symptom": ("retry", "skip", "abort"),
    "nothing": (),
}


def signed(kind: str, by: str | None, door: str, **more: Any) -> dict[str, Any]:
    """Return an answer with who gives it; what is None is left out."""
    given = {key: value for key, value in more.items() if value is not None}
    return {"type": kind, "by": by or getpass.getuser(), "door": door, **given}


def plan_json(plan: Plan | Mapping[str, Any]) -> dict[str, Any]:
    """Return an edited plan as plain JSON; raises `InputError` for anything else."""
    if isinstance(plan, Plan):
        return plan.model_dump(mode="json")
    if not isinstance(plan, Mapping):
        raise InputError(
            f"the edited plan is {type(plan).__name__}; expected the plan as it was shown, changed"
        )
    return dict(plan)


def not_asked(run: "Run") -> NothingToActOn:
    """Return why an answer cannot be taken: another question is open, or none is."""
    where = run.thread_id
    if run.waits_for in ("reconcile", "symptom"):
        at = "has stopped at an action" if run.waits_for == "reconcile" else "did not end the symptom"
        return NothingToActOn(
            f"the plan of run {where} is decided ({_decided(run.decision)}) and {at}; "
            "say `reconcile` with retry, skip or abort"
        )
    if run.waits_for == "approval":
        return NothingToActOn(f"no action of run {where} has stopped; its plan waits for a decision")
    decided = f": {_decided(run.decision)}" if run.decision is not None else ""
    return NothingToActOn(f"run {where} waits for no decision, it is {run.status}{decided}")


def _decided(decision: Decision | None) -> str:
    if decision is None:
        return "by nobody"
    when = f"{decision.decided_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{decision.kind} by {decision.by} through {decision.door} at {when}"
