"""`rollback_release`: go back to an earlier release of a service."""

from typing import Any

from pydantic import Field

from ..inventory import Service
from .base import ActionSpec, Preview, Risk, ServiceParams, Undo


class RollbackParams(ServiceParams):
    """Go back to the release before the present one, or to `revision`, optional, the backend's number of another."""

    revision: int | None = Field(None, ge=1)


def _risk(_params: RollbackParams, _service: Service) -> Risk:
    # The older release may not understand what the newer one has written (schema, messages, caches).
    return "high"


def _arguments(params: RollbackParams, _service: Service) -> dict[str, Any]:
    return {"revision": params.revision}


def _undo(params: RollbackParams, _service: Service, preview: Preview) -> Undo | None:
    """Going forward again is a rollback to the release that was present, if the backend numbers them."""
    present = preview.precondition.get("revision")
    if present is None:
        return None
    return Undo(type="rollback_release", params={"service": params.service, "revision": present})


SPEC = ActionSpec(
    name="rollback_release",
    params=RollbackParams,
    description="Go back to an earlier release; without `revision` to the one before the present one.",
    operation="rollback",
    risk=_risk,
    arguments=_arguments,
    idempotent=True,
    undo=_undo,
)
