"""The closed catalogue of actions, and the one way to plan one of them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ..errors import InputError
from ..inventory import Inventory, Service
from . import (
    clear_cache,
    restart_service,
    rollback_release,
    rotate_logs,
    run_runbook_command,
    scale_down,
    scale_up,
    terminate_connections,
)
from .base import ActionSpec, Backend, Preview, Risk

CATALOGUE: Mapping[str, ActionSpec] = {
    module.SPEC.name: module.SPEC
    for module in (
        restart_service,
        scale_up,
        scale_down,
        clear_cache,
        rollback_release,
        terminate_connections,
        rotate_logs,
        run_runbook_command,
    )
}


def param_models() -> dict[str, type[BaseModel]]:
    """Return the parameter model of each action type, for the agents' output checks."""
    return {spec.name: spec.params for spec in CATALOGUE.values()}


class Planned(BaseModel):
    """An action checked against catalogue and inventory, with its exact preview."""

    type: str
    params: dict[str, Any]
    backend: str
    preview: Preview
    risk: Risk


def plan_action(
    type_: str, params: Mapping[str, Any], *, inventory: Inventory, backends: Mapping[str, Backend]
) -> Planned:
    """Check one action and return exactly what it will do.

    Raises `InputError` for a type outside the catalogue, parameters that do not fit, a service that is
    not in the inventory, or a backend that is not configured or cannot be asked.
    """
    spec = CATALOGUE.get(type_)
    if spec is None:
        raise InputError(f"unknown action type {type_!r}; the catalogue has {', '.join(sorted(CATALOGUE))}")
    try:
        checked = spec.params.model_validate(dict(params))
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in item["loc"])
        raise InputError(f"{type_}: parameter `{where}`: {item['msg']}") from None
    service = inventory.get(checked.service)
    if service is None:
        known = ", ".join(sorted(item.name for item in inventory.services)) or "none"
        raise InputError(f"{type_}: service {checked.service!r} is not in the inventory (known: {known})")
    name = _backend_name(spec, service)
    backend = backends.get(name)
    if backend is None:
        raise InputError(f"{type_}: {service.name} is run by {name!r}, which is not a configured backend")
    live = backend.replicas(service)
    if live is not None:
        service = service.model_copy(update={"replicas": live})
    preview = backend.plan(spec.operation, service, spec.arguments(checked, service))
    limits = {"timeout_s": spec.timeout_s, "idempotent": spec.idempotent, **spec.limits(checked, service)}
    preview = preview.model_copy(update={"precondition": backend.precondition(preview), **limits})
    return Planned(
        type=type_,
        params=checked.model_dump(mode="json"),
        backend=name,
        preview=preview.model_copy(update={"undo": spec.undo(checked, service, preview)}),
        risk=spec.risk(checked, service),
    )


def _backend_name(spec: ActionSpec, service: Service) -> str:
    # A simulated service is simulated in everything: nothing real may run for it.
    return "command" if spec.local and service.backend != "simulated" else service.backend
