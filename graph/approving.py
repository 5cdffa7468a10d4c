"""An answer on its way from whoever gave it to the step that records it: sealed, so that state cannot make one up."""

from typing import Any

from .answers import Answer
from .dependencies import Dependencies
from .guard import POLICY
from .models import Plan


def sealed(answer: Answer, plan: Plan, deps: Dependencies) -> dict[str, Any]:
    """Return the answer as the state carries it."""
    body = answer.model_dump(mode="json")
    return {**body, "plan_hash": plan.hash, "seal": deps.seal.sign(plan.thread_id, plan.hash, body)}


def approved_by_policy(plan: Plan, deps: Dependencies) -> dict[str, Any]:
    """Return the policy's own approval; the step that records it asks the policy again."""
    return sealed(
        Answer(kind="approve", by=POLICY, door=POLICY, comment="approved by the policy file"), plan, deps
    )
