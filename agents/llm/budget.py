"""The limits of one incident: what may still be spent, counted as it is spent."""

from ...tools.digest import estimate_tokens
from ...tools.errors import ModelError
from .settings import LLMSettings, Role
from .usage import Usage, cost_usd, price_of

# A shorter answer than this is of no use; below it a call is not worth its input.
MIN_OUTPUT_TOKENS = 200


def fit(text: str, tokens: int) -> str:
    """Return the first whole lines of `text` that fit in `tokens`; a cut is said in the last line."""
    if estimate_tokens(text) <= tokens:
        return text
    kept: list[str] = []
    left = tokens - 12  # for the last line
    for line in text.splitlines():
        left -= estimate_tokens(line) + 1
        if left < 0:
            break
        kept.append(line)
    return "\n".join([*kept, "[cut here to fit the token budget]"])


class Budget:
    """What one incident has used and may still use.

    Made per incident; `used` continues from an earlier step's `Usage`, so that nothing but plain JSON has
    to be kept between the steps of a run.
    """

    def __init__(self, settings: LLMSettings, used: Usage | None = None) -> None:
        self._settings = settings
        self.used = used or Usage()

    @property
    def input_left(self) -> int:
        """Input tokens that may still be sent."""
        return self._settings.max_input_tokens - self.used.input_tokens

    @property
    def seconds_left(self) -> float:
        """Seconds that may still be waited for the model."""
        return self._settings.max_seconds - self.used.seconds

    @property
    def tool_rounds_left(self) -> int:
        """How often the model may still ask for more evidence."""
        return self._settings.max_tool_rounds - self.used.tool_rounds

    def affords(self, role: Role, input_tokens: int, output_tokens: int) -> bool:
        """Whether this much more would stay within tokens and money."""
        price = price_of(self._settings.model_name(role))
        cost = cost_usd(price, input_tokens, output_tokens) if price else 0.0
        return input_tokens <= self.input_left and self.used.cost_usd + cost <= self._settings.max_cost_usd

    def output_allowed(self, role: Role, input_tokens: int, wanted: int) -> int:
        """Return how many tokens a call with this input may answer with, at most `wanted`.

        Raises `ModelError` naming the limit if the call does not fit any more.
        """
        limits = self._settings
        if self.seconds_left <= 0:
            raise ModelError(f"over budget: {self.used.seconds:.0f} of {limits.max_seconds:g} s are used")
        if input_tokens > self.input_left:
            raise ModelError(
                f"over budget: this call needs about {input_tokens} input tokens, "
                f"{max(0, self.input_left)} of {limits.max_input_tokens} are left"
            )
        allowed = min(wanted, limits.max_output_tokens - self.used.output_tokens)
        price = price_of(limits.model_name(role))
        if price is not None:
            money = limits.max_cost_usd - self.used.cost_usd - cost_usd(price, input_tokens, 0)
            allowed = min(allowed, int(money * 1e6 / price.output))
        if allowed < min(wanted, MIN_OUTPUT_TOKENS):
            raise ModelError(
                f"over budget: {self.used.output_tokens} of {limits.max_output_tokens} output tokens and "
                f"{self.used.cost_usd:.4f} of {limits.max_cost_usd:g} USD are used"
            )
        return allowed

    def record(
        self, role: Role, *, input_tokens: int, output_tokens: int, seconds: float, cached_tokens: int = 0
    ) -> Usage:
        """Add one call and return it."""
        price = price_of(self._settings.model_name(role))
        cost = cost_usd(price, input_tokens, output_tokens, cached_tokens) if price else 0.0
        call = Usage(
            input_tokens=input_tokens, output_tokens=output_tokens, cost_usd=cost, seconds=seconds, calls=1,
            unpriced_calls=0 if price else 1,
        )  # fmt: skip
        self.used = self.used.add(call)
        return call

    def record_tool_round(self) -> None:
        """Count one round of evidence tools."""
        self.used = self.used.add(Usage(tool_rounds=1))
