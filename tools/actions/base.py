"""What every action has: parameters of a type, a risk computed by code, and an exact preview."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from ..inventory import Service, ServiceName

Risk = Literal["low", "medium", "high"]


class ActionParams(BaseModel):
    """Parameters of an action; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class ServiceParams(ActionParams):
    """An action on one service of the inventory."""

    service: ServiceName


class Preview(BaseModel):
    """Exactly what will be done: an argv (never a shell string) or one API call."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["argv", "call"]
    argv: list[str] = Field(default_factory=list, description="For `argv`: the program and its arguments.")
    call: str = Field("", description="For `call`: the operation, e.g. `simulated.restart`.")
    args: dict[str, Any] = Field(default_factory=dict, description="For `call`: its arguments.")

    def text(self) -> str:
        """Return the preview as one line for a person; every argument is shown as it is."""
        if self.kind == "argv":
            return " ".join(_quoted(part) for part in self.argv)
        return f"{self.call}({', '.join(f'{key}={value!r}' for key, value in self.args.items())})"


def _quoted(part: str) -> str:
    plain = (
        part.isascii() and part.replace("-", "").replace("_", "").replace("/", "").replace(".", "").isalnum()
    )
    return part if plain else repr(part)


class BackendResult(BaseModel):
    """How a backend's operation ended."""

    ok: bool
    output: str = Field("", max_length=20_000)
    simulated: bool = False


class Health(BaseModel):
    """What a backend says about a service now."""

    known: bool = Field(description="Whether the backend can tell at all.")
    healthy: bool = False
    detail: str = ""


class Backend(Protocol):
    """A way to act on services. `plan` decides, `run` does exactly what was planned, `health` looks."""

    name: str

    def plan(self, operation: str, service: Service, args: dict[str, Any]) -> Preview:
        """Return the exact call or argv; raises `InputError` if this backend cannot do it."""
        ...

    def run(self, preview: Preview, *, key: str) -> BackendResult:
        """Do what `preview` says, once; `key` is the action's idempotency key, for the backend's own journal."""
        ...

    def health(self, service: Service) -> Health:
        """Return the service's state as the backend sees it."""
        ...


@dataclass(frozen=True)
class ActionSpec:
    """One action of the catalogue. Adding an action is one module that makes one of these."""

    name: str
    params: type[ServiceParams]
    description: str
    operation: str
    risk: Callable[[ServiceParams, Service], Risk]
    arguments: Callable[[ServiceParams, Service], dict[str, Any]] = lambda _params, _service: {}
