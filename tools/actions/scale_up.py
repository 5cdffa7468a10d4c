"""`scale_up`: run more replicas of a service."""

from typing import Any

from pydantic import Field

from ..errors import InputError
from ..inventory import Service
from .base import ActionSpec, Risk, ServiceParams


class ScaleUpParams(ServiceParams):
    """`replicas` is the new total, not how many to add."""

    replicas: int = Field(ge=1, le=100)


def _risk(params: ServiceParams, service: Service) -> Risk:
    assert isinstance(params, ScaleUpParams)  # noqa: S101 - the catalogue pairs them
    # More than doubling may overload what the service depends on (connections, quotas).
    return "low" if params.replicas <= max(2, 2 * service.replicas) else "medium"


def _arguments(params: ServiceParams, service: Service) -> dict[str, Any]:
    assert isinstance(params, ScaleUpParams)  # noqa: S101 - the catalogue pairs them
    if params.replicas <= service.replicas:
        raise InputError(
            f"scale_up: `replicas` is the new total and must be above the {service.replicas} that "
            f"{service.name} has now, got {params.replicas}"
        )
    return {"replicas": params.replicas}


SPEC = ActionSpec(
    name="scale_up",
    params=ScaleUpParams,
    description="Run more replicas of the service; `replicas` is the new total.",
    operation="scale",
    risk=_risk,
    arguments=_arguments,
)
