"""`scale_up`: run more replicas of a service."""

from typing import Any

from pydantic import Field

from ..errors import InputError
from ..inventory import Service
from .base import ActionSpec, Preview, Risk, ServiceParams, Undo


class ScaleUpParams(ServiceParams):
    """Run more replicas; `replicas` is the new total, not how many to add."""

    replicas: int = Field(ge=1, le=100)


def _risk(params: ScaleUpParams, service: Service) -> Risk:
    # More than doubling may overload what the service depends on (connections, quotas).
    return "low" if params.replicas <= max(2, 2 * service.replicas) else "medium"


def _arguments(params: ScaleUpParams, service: Service) -> dict[str, Any]:
    if params.replicas <= service.replicas:
        raise InputError(
            f"scale_up: `replicas` is the new total and must be above the {service.replicas} that "
            f"{service.name} has now, got {params.replicas}"
        )
    return {"replicas": params.replicas}


def _undo(params: ScaleUpParams, service: Service, _preview: Preview) -> Undo | None:
    # From nothing there is no way back by `scale_down`, which always leaves one.
    if service.replicas == 0:
        return None
    return Undo(type="scale_down", params={"service": params.service, "replicas": service.replicas})


SPEC = ActionSpec(
    name="scale_up",
    params=ScaleUpParams,
    description="Run more replicas of the service; `replicas` is the new total.",
    operation="scale",
    risk=_risk,
    arguments=_arguments,
    idempotent=True,
    undo=_undo,
)
