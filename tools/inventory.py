"""The inventory: which services exist, how they are run and where, and what they depend on.

    services:
      - name: checkout
        backend: kubernetes
        target: {namespace: shop, name: checkout}
        replicas: 3
        depends_on: [sessions]
        logs: [/var/log/checkout/]
        metrics: [/var/metrics/checkout.csv]
      - name: sessions
        backend: redis
        target: {url_env: SESSIONS_REDIS_URL, patterns: ["session:*"]}

Read from `inventory.yaml`. Actions may only name services of the inventory; the service that a trusted
alert names is added, run by the `simulated` backend, so that the assistant is useful before anybody wrote one.
"""

from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from .arguments import AbsolutePath
from .errors import InputError
from .metric_sources import MetricSource
from .runbook import CommandName, RunbookCommand
from .targets import TARGETED, Target

# A name that is safe as one argument of any backend: it cannot start with a dash, nor hold a blank,
# a control character, a path separator or a shell character. (In pydantic's Rust regex `$` is the very end.)
ServiceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@:-]{0,199}$")]


class Service(BaseModel):
    """One service: its backend and where that finds it, its replicas, its log files, and what it calls."""

    model_config = ConfigDict(extra="forbid")

    name: ServiceName
    backend: str = "simulated"
    replicas: int = Field(1, ge=0, le=10_000)
    depends_on: list[ServiceName] = Field(default_factory=list)
    logs: list[str] = Field(default_factory=list, description="Log files, folders or globs of this service.")
    metrics: list[MetricSource] = Field(
        default_factory=list, description="Its metrics: files, or Prometheus queries; see `metric_sources`."
    )
    target: Target | None = Field(None, description="Where its backend finds it; see `targets`.")
    commands: dict[CommandName, RunbookCommand] = Field(
        default_factory=dict,
        description="What `run_runbook_command` may run for this service; see `runbook`.",
    )
    logrotate: AbsolutePath | None = Field(None, description="The logrotate file that `rotate_logs` runs.")

    @model_validator(mode="before")
    @classmethod
    def _target_of_the_backend(cls, data: Any) -> Any:
        """Let the service's backend decide which target is expected."""
        if isinstance(data, dict) and isinstance(data.get("target"), dict):
            return {**data, "target": {"backend": data.get("backend", "simulated"), **data["target"]}}
        return data

    @model_validator(mode="after")
    def _has_a_target(self) -> Self:
        if self.backend in TARGETED and self.target is None:
            raise ValueError(f"backend {self.backend} needs a `target` that says where it finds the service")
        if self.target is not None and self.target.backend != self.backend:
            raise ValueError(f"`target` is one of {self.target.backend}, but the backend is {self.backend}")
        return self


class Inventory(BaseModel):
    """All known services by name."""

    model_config = ConfigDict(extra="forbid")

    services: list[Service] = Field(default_factory=list)

    @classmethod
    def load(cls, path: Path | None) -> Self:
        """Read `inventory.yaml`; no path means an empty inventory. Raises `InputError` naming the field."""
        if path is None:
            return cls()
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except OSError as error:
            raise InputError(f"{path}: the inventory cannot be read ({error.strerror})") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: not valid YAML: {error}") from error
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            item = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in item["loc"])
            raise InputError(f"{path}: field `{where}`: {item['msg']}") from error

    def get(self, name: str) -> Service | None:
        """Return the service of this name, or None."""
        return next((service for service in self.services if service.name == name), None)

    def with_service(self, name: str) -> Self:
        """Return an inventory that also knows `name`; a name that is no safe argument is left out."""
        if self.get(name) is not None:
            return self
        try:
            service = Service(name=name)
        except ValidationError:
            return self
        return self.model_copy(update={"services": [*self.services, service]})
