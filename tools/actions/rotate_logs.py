"""`rotate_logs`: rotate the service's log files by the rules of its logrotate file, to free a full disk."""

from ..inventory import Service
from .base import ActionSpec, Risk, ServiceParams


class RotateParams(ServiceParams):
    """Rotate the service's log files now, where its host runs short of disk."""


def _risk(_params: RotateParams, _service: Service) -> Risk:
    return "low"  # old lines move or go as the service's own rules say; the service goes on


SPEC = ActionSpec(
    name="rotate_logs",
    params=RotateParams,
    description="Rotate the service's log files now, by the rules of its logrotate file.",
    operation="rotate_logs",
    risk=_risk,
    local=True,
    timeout_s=300,  # a large file is compressed on the way
)
