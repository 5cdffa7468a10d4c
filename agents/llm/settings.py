"""What the LLM engine is allowed to use and to spend."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Role = Literal["log", "main"]


class LLMSettings(BaseModel):
    """One OpenAI-compatible endpoint, two models, and the limits of one incident.

    The limits are sums over all calls of one incident; at a limit the run goes on with what it has.
    """

    model_config = ConfigDict(frozen=True)

    base_url: str | None = Field(
        None, description="Endpoint, e.g. `http://localhost:11434/v1`; None: OpenAI."
    )
    api_key: SecretStr | None = None
    log_model: str = Field("gpt-4.1-mini", description="The log analyst's model.")
    model: str = Field("gpt-4o", description="The diagnostician's and the recommender's model.")
    timeout_s: float = Field(60, gt=0, description="Seconds for one call, from request to last byte.")
    max_input_tokens: int = Field(12_000, ge=1)
    max_output_tokens: int = Field(2_500, ge=1)
    max_cost_usd: float = Field(0.04, ge=0, description="At the list prices of `usage.PRICES`.")
    max_seconds: float = Field(120, gt=0, description="Time spent waiting for the model.")
    max_tool_rounds: int = Field(4, ge=0, description="How often the model may ask for more evidence.")
    vision: bool = Field(True, description="Whether `model` reads images.")

    def model_name(self, role: Role) -> str:
        """Return the name of the model that plays `role`."""
        return self.log_model if role == "log" else self.model
