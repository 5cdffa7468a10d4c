"""The LLM engine: one structured question at a time, bounded, checked, never needed for a run to end."""

from .budget import Budget
from .engine import LLM
from .settings import LLMSettings
from .usage import PRICES, PRICES_AS_OF, Price, Usage

__all__ = ["LLM", "PRICES", "PRICES_AS_OF", "Budget", "LLMSettings", "Price", "Usage"]
