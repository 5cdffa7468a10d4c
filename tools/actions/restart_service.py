"""`restart_service`: stop and start a service."""

from ..inventory import Service
from .base import ActionSpec, Risk, ServiceParams


class RestartParams(ServiceParams):
    """Stop and start the service."""


def _risk(_params: RestartParams, service: Service) -> Risk:
    # With a single replica a restart is an outage, if a short one.
    return "low" if service.replicas > 1 else "medium"


SPEC = ActionSpec(
    name="restart_service",
    params=RestartParams,
    description="Stop and start the service; requests in flight on it may fail.",
    operation="restart",
    risk=_risk,
    timeout_s=180,  # init systems wait 90 s for a service to stop before they kill it
)
