"""Incidents with known causes: the JSON-lines files that `ops-assistant evaluate` reads."""

from pathlib import Path
from typing import Annotated

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ..tools.alert import Alert, Severity
from ..tools.errors import InputError
from ..tools.knowledge import failure_modes


def _joined(value: object) -> object:
    return (
        "\n".join(value)
        if isinstance(value, list) and all(isinstance(line, str) for line in value)
        else value
    )


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Incident(BaseModel):
    """One incident and its label. An engine sees only what `as_alert` returns."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1)
    failure_mode: str
    service: str = Field(min_length=1)
    alert: str = Field(min_length=1)
    severity: Severity = "medium"
    logs: Annotated[str, BeforeValidator(_joined)] = Field(min_length=1)
    difficulty: str = "unrated"
    cause_line: str | None = None
    software: Annotated[list[str], BeforeValidator(_listed)] = []

    def as_alert(self) -> Alert:
        """Return the alert with its logs, without anything of the label."""
        return Alert(service=self.service, message=self.alert, severity=self.severity, logs=self.logs)


def load_incidents(path: Path) -> list[Incident]:
    """Read a JSON-lines file; raises `InputError` that names the line and the field of what is wrong."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    incidents: list[Incident] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        incident = _incident(line, where)
        if incident.id in seen:
            raise InputError(
                f"{where}: field `id`: {incident.id!r} is used in line {seen[incident.id]} already"
            )
        seen[incident.id] = number
        incidents.append(incident)
    if not incidents:
        raise InputError(
            f"{path}: no incidents; expected one JSON object a line with id, failure_mode, service, alert, logs"
        )
    return incidents


def _incident(line: bytes, where: str) -> Incident:
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{where}: not JSON ({error}); expected one object a line") from None
    if not isinstance(data, dict):
        raise InputError(f"{where}: expected a JSON object")
    try:
        incident = Incident.model_validate(data)
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in item["loc"])
        raise InputError(f"{where}: field `{field}`: {item['msg'][:1].lower()}{item['msg'][1:]}") from None
    if incident.failure_mode not in failure_modes():
        raise InputError(
            f"{where}: field `failure_mode`: {incident.failure_mode!r} is not a known failure mode "
            "(`ops-assistant kb list` shows those in use)"
        )
    return incident
