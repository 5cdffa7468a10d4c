"""What every action has: parameters of a type, a risk computed by code, an exact preview, and a backend that runs it.

How a backend is used, in this order:

1. `plan` decides exactly what will be done, and `precondition` what that relies on; both enter the plan and its hash.
2. `changed(backend, preview)` looks whether that still holds. If not, the plan is stale and a new one is made.
3. `dry_run` lets the target check the request without effect, where the target can.
4. `run` acts, once. It hands the precondition to the target itself wherever the target can compare and set.
5. `probe` tells, after a crash or a time-out, whether it happened.
"""
# ruff: noqa: ARG002 - the defaults of the protocol ignore what they are given

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeVar

from ..errors import InputError
from ..inventory import Service, ServiceName

Risk = Literal["low", "medium", "high"]

OUTPUT_LIMIT = 20_000
"""Most characters of output that a result keeps."""


def shortened(text: str, limit: int = OUTPUT_LIMIT) -> str:
    """Return text of at most `limit` characters: its beginning and its end, with a word on what is left out between.

    Cut at line ends where there are any near: half a secret would not be recognised as one.
    """
    if len(text) <= limit:
        return text
    half = limit // 2 - 30  # room for the word
    head, tail = text[:half], text[-half:]
    if head.rfind("\n") > half // 2:
        head = head[: head.rfind("\n")]
    if 0 <= tail.find("\n") < half // 2:
        tail = tail[tail.find("\n") + 1 :]
    return f"{head}\n... ({len(text) - len(head) - len(tail)} characters left out)\n{tail}"


class BackendUnavailable(InputError):
    """The backend's target cannot be asked (unreachable, refused, client not installed), so nothing can be planned."""


class ActionParams(BaseModel):
    """Parameters of an action; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class ServiceParams(ActionParams):
    """An action on one service of the inventory."""

    service: ServiceName


class Undo(BaseModel):
    """The action that takes another one back; it is planned and decided on like any other."""

    model_config = ConfigDict(extra="forbid")

    type: str
    params: dict[str, Any]


class Preview(BaseModel):
    """Exactly what will be done: an argv (never a shell string) or one API call; plain JSON, no secrets."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["argv", "call"]
    argv: list[str] = Field(
        default_factory=list, description="For `argv`: the program, absolute, and its arguments."
    )
    call: str = Field(
        "", description="The operation, e.g. `simulated.restart`; for `argv`, what the argv does."
    )
    args: dict[str, Any] = Field(
        default_factory=dict, description="What the operation acts on, and its arguments."
    )
    precondition: dict[str, Any] = Field(
        default_factory=dict, description="What was true of the target and must still be when it runs."
    )
    timeout_s: float = Field(
        60, gt=0, le=3600, description="Seconds after which the outcome counts as unknown."
    )
    idempotent: bool = Field(False, description="Whether running it twice ends where running it once does.")
    undo: Undo | None = Field(
        None, description="What takes it back to what was seen; None if nothing does or need be."
    )

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
    """How a backend's operation ended.

    If it did not go well, `problem` says what that means: `failed`: the target refused it or it ended in
    error; `stale`: the precondition no longer held and nothing was done; `unknown`: it may or may not have
    happened (a time-out, a connection lost after the request was sent), so `probe` it and never run it again.
    """

    ok: bool
    output: str = Field("", max_length=OUTPUT_LIMIT)
    simulated: bool = False
    problem: Literal["failed", "stale", "unknown"] = Field("failed", description="Only read if not `ok`.")


class Health(BaseModel):
    """What a backend says about a service now."""

    known: bool = Field(description="Whether the backend can tell at all.")
    healthy: bool = False
    detail: str = ""


class Backend(Protocol):
    """A way to act on services; made cheaply, its client is opened at first use.

    What only some backends can do has an answer here that says so; backends inherit it.
    """

    name: str

    def plan(self, operation: str, service: Service, args: dict[str, Any]) -> Preview:
        """Return the exact call or argv; raises `InputError` if this backend cannot do it.

        May read from the target to decide what exactly (which release to go back to), and never writes.
        """
        ...

    def replicas(self, service: Service) -> int | None:
        """Return how many replicas are wanted of the service now, or None if this backend does not count them."""
        return None

    def precondition(self, preview: Preview) -> dict[str, Any]:
        """Return what is true of the target now and `preview` relies on, as plain JSON; {} if on nothing.

        Read-only. Must not move on its own: a counter of the target's own changes would make every plan stale.
        Raises `BackendUnavailable` if the target cannot be asked.
        """
        return {}

    def dry_run(self, preview: Preview) -> BackendResult | None:
        """Have the target check the operation without any effect; None if it cannot be tried out."""
        return None

    def run(self, preview: Preview, *, key: str) -> BackendResult:
        """Do what `preview` says, once; `key` is the action's idempotency key, left at the target where it can be."""
        ...

    def probe(self, preview: Preview, *, key: str, since: datetime) -> bool | None:
        """Tell whether a `run` with this key, started at `since`, took effect; None if nobody can say.

        Changes nothing at the target. Asked only of a key that was started: after False it may never run again.
        """
        return None

    def health(self, service: Service) -> Health:
        """Return the service's state as the backend sees it; `known` is False if the target cannot be asked."""
        ...


def changed(backend: Backend, preview: Preview) -> str | None:
    """Return in words what `preview` relies on and no longer holds; None if all of it still does.

    Raises `BackendUnavailable` if the target cannot be asked.
    """
    if not preview.precondition:
        return None
    return differences(preview.precondition, backend.precondition(preview))


def differences(before: dict[str, Any], now: dict[str, Any]) -> str | None:
    """Return in words which values of `before` are others `now`; None if none is."""
    moved = [
        f"{key} was {value!r} and is {now.get(key)!r}"
        for key, value in before.items()
        if now.get(key) != value
    ]
    return "; ".join(moved) or None


P = TypeVar("P", bound=ServiceParams, default=Any)


@dataclass(frozen=True)
class ActionSpec(Generic[P]):
    """One action of the catalogue. Adding an action is one module that makes one of these.

    The service that the functions are given carries the replicas that its backend wants now.
    """

    name: str
    params: type[P]
    description: str
    operation: str
    risk: Callable[[P, Service], Risk]
    arguments: Callable[[P, Service], dict[str, Any]] = lambda _params, _service: {}
    idempotent: bool = False
    timeout_s: float = 60
    limits: Callable[[P, Service], dict[str, Any]] = lambda _params, _service: {}
    """What the parameters say about `idempotent` and `timeout_s`, where the action as a whole cannot."""
    undo: Callable[[P, Service, Preview], Undo | None] = lambda _params, _service, _preview: None
    local: bool = False
    """Whether a program on this host does it, whatever runs the service."""
