"""Measures an engine on incidents whose causes are known: accuracy, false alarms, calibration, proof."""

from .compare import compare, load_result
from .engines import open_engine
from .incidents import Incident, load_incidents
from .metrics import Result
from .page import html_page
from .runner import evaluate

__all__ = [
    "Incident",
    "Result",
    "compare",
    "evaluate",
    "html_page",
    "load_incidents",
    "load_result",
    "open_engine",
]
