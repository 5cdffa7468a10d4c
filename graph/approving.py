"""An answer on its way from whoever gave it to the step that records it: sealed, so that state cannot make one up."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from .answers import Answer
from .dependencies import Dependencies
from .guard import POLICY
from .models import Plan


class Opened(NamedTuple):
    """An answer whose seal holds: the stored plan it is about, what was said, and the seal."""

    plan: Plan
    body: dict[str, Any]
    seal: str


def sealed(body: Mapping[str, Any], plan: Plan, deps: Dependencies) -> dict[str, Any]:
    """Return an answer's body as the state carries it; `body` is plain JSON."""
    seal = deps.seal.sign(plan.thread_id, plan.hash, dict(body))
    return {**body, "plan_hash": plan.hash, "seal": seal}


def opened(carried: Mapping[str, Any] | None, thread_id: str, deps: Dependencies) -> Opened | None:
    """Return what a sealed answer says, or None if it did not come through a question of this thread."""
    body = dict(carried or {})
    seal, plan_hash = str(body.pop("seal", "")), str(body.pop("plan_hash", ""))
    plan = deps.store.plan(plan_hash)
    if plan is None or plan.thread_id != thread_id or not deps.seal.verify(thread_id, plan_hash, body, seal):
        return None
    return Opened(plan, body, seal)


def approved_by_policy(plan: Plan, deps: Dependencies) -> dict[str, Any]:
    """Return the policy's own approval; the step that records it asks the policy again."""
    answer = Answer(kind="approve", by=POLICY, door=POLICY, comment="approved by the policy file")
    return sealed(answer.model_dump(mode="json"), plan, deps)
