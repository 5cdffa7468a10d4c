"""`clear_cache`: drop what a service has cached."""

from ..inventory import Service
from .base import ActionSpec, Risk, ServiceParams


def _risk(_params: ServiceParams, _service: Service) -> Risk:
    # A cold cache sends its whole load to what stands behind it.
    return "medium"


SPEC = ActionSpec(
    name="clear_cache",
    params=ServiceParams,
    description="Drop the service's cached data; its sources take the load until the cache is warm again.",
    operation="clear_cache",
    risk=_risk,
)
