"""`run_runbook_command`: run a command that the inventory names for the service; never free text."""

from typing import Annotated, Any

import orjson
from pydantic import BeforeValidator, Field

from ..errors import InputError
from ..inventory import Service
from ..runbook import CommandName, RunbookCommand
from .base import ActionSpec, Risk, ServiceParams


def _from_text(value: object) -> object:
    """Read an object that a form or a model sent as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value or "{}")
    except orjson.JSONDecodeError as error:
        raise ValueError(f'expected an object, e.g. {{"queue": "mail"}}: {error}') from None


class RunbookParams(ServiceParams):
    """Run a command that the inventory names for the service; `arguments`: its parameters as a JSON object."""

    command: CommandName
    arguments: Annotated[dict[str, str | int], BeforeValidator(_from_text)] = Field(default_factory=dict)


def _command(params: RunbookParams, service: Service) -> RunbookCommand:
    command = service.commands.get(params.command)
    if command is None:
        known = ", ".join(sorted(service.commands)) or "none"
        raise InputError(
            f"run_runbook_command: the inventory gives {service.name} no command {params.command!r} (known: {known})"
        )
    return command


def _risk(params: RunbookParams, service: Service) -> Risk:
    return _command(params, service).risk


def _arguments(params: RunbookParams, service: Service) -> dict[str, Any]:
    return {"command": params.command, "argv": _command(params, service).render(params.arguments)}


def _limits(params: RunbookParams, service: Service) -> dict[str, Any]:
    command = _command(params, service)
    return {"timeout_s": command.timeout_s, "idempotent": command.idempotent}


SPEC = ActionSpec(
    name="run_runbook_command",
    params=RunbookParams,
    description="Run a command that the inventory names for the service, with its typed parameters.",
    operation="run_command",
    risk=_risk,
    arguments=_arguments,
    limits=_limits,
    local=True,
)
