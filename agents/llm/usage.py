"""What model calls used and what that costs."""

import re
from typing import NamedTuple, Self

from pydantic import BaseModel, Field


class Price(NamedTuple):
    """USD per million tokens."""

    input: float
    cached_input: float
    output: float


# List prices of OpenAI's standard tier. A model that is not listed has no price: its calls are counted
# in `unpriced_calls`, and only tokens and seconds limit it (right for a model of one's own).
PRICES_AS_OF = "2025-08-01"
PRICES: dict[str, Price] = {
    "gpt-4o": Price(2.50, 1.25, 10.00),
    "gpt-4o-mini": Price(0.15, 0.075, 0.60),
    "gpt-4.1": Price(2.00, 0.50, 8.00),
    "gpt-4.1-mini": Price(0.40, 0.10, 1.60),
    "gpt-4.1-nano": Price(0.10, 0.025, 0.40),
    "gpt-5": Price(1.25, 0.125, 10.00),
    "gpt-5-mini": Price(0.25, 0.025, 2.00),
    "gpt-5-nano": Price(0.05, 0.005, 0.40),
    "o4-mini": Price(1.10, 0.275, 4.40),
}

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


def price_of(model: str) -> Price | None:
    """Return the model's price; a dated snapshot (`gpt-4o-2024-08-06`) costs what its family costs."""
    return PRICES.get(_DATED.sub("", model))


class Usage(BaseModel):
    """Sums over the calls of one incident."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0
    calls: int = 0
    tool_rounds: int = 0
    unpriced_calls: int = Field(0, description="Calls to models whose price is not known; not in `cost_usd`.")

    def words(self) -> str:
        """Return the sums as one line for a person."""
        said = (
            f"{self.calls} calls, {self.input_tokens} input and {self.output_tokens} output tokens, "
            f"{self.cost_usd:.4f} USD at the list prices of {PRICES_AS_OF}, {self.seconds:.1f} s"
        )
        said += f", {self.tool_rounds} rounds of tools" if self.tool_rounds else ""
        return said + (f"; {self.unpriced_calls} calls have no known price" if self.unpriced_calls else "")

    def add(self, other: "Usage") -> Self:
        """Return the sum of both."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in type(self).model_fields}
        return type(self)(**sums)


def cost_usd(price: Price, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float:
    """Return the cost of one call; `cached_tokens` are those of the input that the provider had cached."""
    fresh = input_tokens - cached_tokens
    return (fresh * price.input + cached_tokens * price.cached_input + output_tokens * price.output) / 1e6
