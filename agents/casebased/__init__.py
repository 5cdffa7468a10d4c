"""The case-based engine: the three agents without a model, from signatures, causal precedence and known cases."""

from .analysis import analyse_logs
from .diagnosis import diagnose
from .recommendation import recommend

__all__ = ["analyse_logs", "diagnose", "recommend"]
