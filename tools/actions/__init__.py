"""Typed actions: the closed catalogue of what the assistant may do, and the backends that do it."""

from .base import ActionSpec, BackendResult, Preview, Risk
from .catalogue import CATALOGUE, param_models, plan_action

__all__ = ["CATALOGUE", "ActionSpec", "BackendResult", "Preview", "Risk", "param_models", "plan_action"]
