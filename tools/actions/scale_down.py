"""`scale_down`: run fewer replicas of a service, never none."""

from typing import Any

from pydantic import Field

from ..errors import InputError
from ..inventory import Service
from .base import ActionSpec, Preview, Risk, ServiceParams, Undo


class ScaleDownParams(ServiceParams):
    """Run fewer replicas; `replicas` is the new total, not how many to take away."""

    replicas: int = Field(ge=1, le=100)


def _risk(params: ScaleDownParams, service: Service) -> Risk:
    # Less than half of what carried the load until now may not carry it.
    return "medium" if 2 * params.replicas >= service.replicas else "high"


def _arguments(params: ScaleDownParams, service: Service) -> dict[str, Any]:
    if params.replicas >= service.replicas:
        raise InputError(
            f"scale_down: `replicas` is the new total and must be below the {service.replicas} that "
            f"{service.name} has now, got {params.replicas}"
        )
    return {"replicas": params.replicas}


def _undo(params: ScaleDownParams, service: Service, _preview: Preview) -> Undo:
    return Undo(type="scale_up", params={"service": params.service, "replicas": service.replicas})


SPEC = ActionSpec(
    name="scale_down",
    params=ScaleDownParams,
    description="Run fewer replicas of the service; `replicas` is the new total, at least 1.",
    operation="scale",
    risk=_risk,
    arguments=_arguments,
    idempotent=True,
    undo=_undo,
)
