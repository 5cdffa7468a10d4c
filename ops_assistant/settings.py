"""Settings: an explicit argument beats the environment (`OPS_...`), which beats `.env`, which beats the default."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from .tools.errors import InputError

Engine = Literal["auto", "case-based", "llm"]


class Settings(BaseSettings):
    """Where things are kept and which engine and model to use. Made on demand, never at import."""

    model_config = SettingsConfigDict(
        env_prefix="OPS_", env_file=".env", env_file_encoding="utf-8", extra="ignore", populate_by_name=True
    )

    data_dir: Path = Field(Path("var"), description="Checkpoints, store, evidence, knowledge base.")
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL (`postgresql://...`) for checkpoints and store, else SQLite in data_dir.",
    )
    checkpoint_key: SecretStr | None = Field(
        None, description="Encrypts checkpoints: 16, 24 or 32 bytes in hexadecimal."
    )
    inventory: Path | None = Field(None, description="inventory.yaml: services, dependencies, log files.")
    policy: Path | None = Field(None, description="policy.yaml: what may be done, and who decides.")
    environment: str | None = Field(None, description="The environment of the policy that holds here.")
    engine: Engine = Field(
        "auto", description="auto: the model if a key or a base URL is set, else case-based."
    )

    openai_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("OPS_OPENAI_API_KEY", "OPENAI_API_KEY")
    )
    openai_base_url: str | None = Field(
        None, validation_alias=AliasChoices("OPS_OPENAI_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_BASE")
    )
    log_model: str = Field("gpt-4.1-mini", description="Model of the log analyst.")
    model: str = Field("gpt-4o", description="Model of diagnosis and recommendation.")
    model_timeout_s: float = Field(60, gt=0, le=600, description="Seconds to wait for one answer of a model.")
    vision: bool = Field(True, description="Whether `model` reads images.")

    embedding: str = Field("wordllama", description="wordllama (offline), openai:<model> or chroma-onnx.")
    chroma_url: str | None = Field(None, description="A Chroma server, else an embedded store in data_dir.")

    redact_ips: bool = False
    redact_hosts: bool = False
    approval_hours: float = Field(24, gt=0, le=24 * 30, description="How long a plan can be decided on.")

    @property
    def checkpoint_file(self) -> Path:
        """The checkpointer's SQLite file."""
        return self.data_dir / "checkpoints.sqlite"

    @property
    def checkpoint_target(self) -> Path | str:
        """Where checkpoints are: the SQLite file, or the PostgreSQL URL."""
        return self.checkpoint_file if self.database_url is None else self.database_url.get_secret_value()

    @property
    def store_target(self) -> Path | str:
        """Where plans, decisions, ledger and audit are: a SQLite file of their own, or the PostgreSQL URL."""
        url = self.database_url
        return self.data_dir / "store.sqlite" if url is None else url.get_secret_value()

    @property
    def checkpoint_key_bytes(self) -> bytes | None:
        """The key of encrypted checkpoints, or None; raises `InputError` if it is not hexadecimal."""
        if self.checkpoint_key is None:
            return None
        try:
            return bytes.fromhex(self.checkpoint_key.get_secret_value())
        except ValueError:
            raise InputError("setting checkpoint_key: expected hexadecimal digits") from None

    @property
    def uses_model(self) -> bool:
        """Whether runs use the LLM engine."""
        if self.engine == "auto":
            return self.openai_api_key is not None or self.openai_base_url is not None
        return self.engine == "llm"


def load_settings(**overrides: object) -> Settings:
    """Return the settings; `None` overrides count as not given. Raises `InputError` naming the setting."""
    try:
        return Settings(**{key: value for key, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        item = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in item["loc"])
        raise InputError(f"setting {name}: {item['msg']}") from None
