"""`terminate_connections`: end database sessions that hold a connection or a lock and do no work."""

from typing import Any, Literal

from pydantic import Field

from ..inventory import Service
from .base import ActionSpec, Risk, ServiceParams

SessionState = Literal["idle", "idle in transaction", "blocking"]


class TerminateParams(ServiceParams):
    """End database sessions; `state`: idle, idle in transaction or blocking; optional: `older_than_s`, `limit`.

    The oldest `limit` sessions that have been in that state for `older_than_s` seconds. `blocking`: others wait
    for them, and they for nobody; their age is that of their transaction.
    """

    state: SessionState
    older_than_s: int = Field(300, ge=1, le=604_800)
    limit: int = Field(50, ge=1, le=1_000)


def _risk(params: TerminateParams, _service: Service) -> Risk:
    # An idle session loses nothing; an open transaction is rolled back; a blocking one may be at work.
    risks: dict[SessionState, Risk] = {"idle": "low", "idle in transaction": "medium", "blocking": "high"}
    return risks[params.state]


def _arguments(params: TerminateParams, _service: Service) -> dict[str, Any]:
    return params.model_dump(exclude={"service"})


SPEC = ActionSpec(
    name="terminate_connections",
    params=TerminateParams,
    description="End database sessions that are idle, idle in transaction or blocking for `older_than_s` seconds.",
    operation="terminate_connections",
    risk=_risk,
    arguments=_arguments,
    idempotent=True,
)
