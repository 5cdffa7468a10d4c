"""What a plan may be made of, as text for a prompt: the catalogue, the services with their commands, the policy."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from ...tools.inventory import Inventory, Service
from ...tools.runbook import ChoiceParam, IntegerParam, RunbookCommand, TextParam
from .budget import fit

MAX_SERVICES = 30


def catalogue_text(catalogue: Mapping[str, type[BaseModel]]) -> str:
    """Return one line per action type: its parameters with their limits, and what it does."""
    if not catalogue:
        return "(empty: propose no actions)"
    return "\n".join(
        f"- {name}({', '.join(_parameter(key, part) for key, part in _properties(model).items())})"
        + (f": {(model.__doc__ or '').strip().splitlines()[0]}" if model.__doc__ else "")
        for name, model in catalogue.items()
    )


def known_services(inventory: Inventory, service: str) -> list[str]:
    """Return the names that an action may act on: the alerted service, what it depends on, then all others."""
    inventory = inventory.with_service(service)  # unless its name is no safe argument
    own = inventory.get(service)
    near = [service, *(own.depends_on if own else [])]
    known = {item.name for item in inventory.services}
    return [name for name in dict.fromkeys([*near, *sorted(known)]) if name in known]


def services_text(inventory: Inventory, service: str, *, tokens: int) -> str:
    """Return the services, the alerted one first, each with its replicas and its runbook commands."""
    names = known_services(inventory, service)[:MAX_SERVICES]
    lines = [_service(item) if (item := inventory.get(name)) else f"- {name}" for name in names]
    return fit("\n".join(lines), tokens)


def rules_text(rules: Sequence[str]) -> str:
    """Return what the policy allows; empty if it limits nothing."""
    return "".join(f"Policy: {rule}\n" for rule in rules)


def _service(service: Service) -> str:
    commands = "".join(f"; command {_command(name, item)}" for name, item in service.commands.items())
    return f"- {service.name} ({service.backend}, replicas: {service.replicas}){commands}"


def _command(name: str, command: RunbookCommand) -> str:
    params = ", ".join(f"{key}={_limits(param)}" for key, param in command.params.items())
    return f"{name}({params})" + (f" {command.description}" if command.description else "")


def _limits(param: IntegerParam | ChoiceParam | TextParam) -> str:
    if isinstance(param, IntegerParam):
        return f"{param.min}..{param.max}"
    return "|".join(param.choices) if isinstance(param, ChoiceParam) else f"text like {param.pattern}"


def _properties(model: type[BaseModel]) -> dict[str, Any]:
    properties: dict[str, Any] = model.model_json_schema()["properties"]
    return properties


def _parameter(name: str, schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    return name if low is None and high is None else f"{name} {'' if low is None else low}..{high or ''}"
