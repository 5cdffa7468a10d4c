"""`clear_cache`: drop what a service has cached."""

from typing import Any

from pydantic import Field

from ..arguments import Argument
from ..inventory import Service
from .base import ActionSpec, Risk, ServiceParams


class ClearCacheParams(ServiceParams):
    """Drop cached keys; `pattern`, optional, is one of those that the inventory lists for the service, else all go."""

    pattern: Argument | None = Field(None)


def _risk(_params: ClearCacheParams, _service: Service) -> Risk:
    # A cold cache sends its whole load to what stands behind it.
    return "medium"


def _arguments(params: ClearCacheParams, _service: Service) -> dict[str, Any]:
    return {} if params.pattern is None else {"pattern": params.pattern}


SPEC = ActionSpec(
    name="clear_cache",
    params=ClearCacheParams,
    description="Drop the service's cached data; its sources take the load until the cache is warm again.",
    operation="clear_cache",
    risk=_risk,
    arguments=_arguments,
    idempotent=True,
)
