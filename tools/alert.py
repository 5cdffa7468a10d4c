"""The alert: what woke somebody up, and where the logs around it are."""

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from .errors import InputError

Severity = Literal["critical", "high", "medium", "low"]

# What monitoring systems call their severities, on our four.
_SEVERITY_WORDS = {
    "critical": "critical", "crit": "critical", "fatal": "critical", "emergency": "critical", "page": "critical",
    "p1": "critical", "sev1": "critical", "disaster": "critical",
    "high": "high", "error": "high", "major": "high", "p2": "high", "sev2": "high",
    "medium": "medium", "warning": "medium", "warn": "medium", "average": "medium", "moderate": "medium",
    "p3": "medium", "sev3": "medium",
    "low": "low", "info": "low", "informational": "low", "minor": "low", "notice": "low", "p4": "low", "sev4": "low",
}  # fmt: skip


_EXPECTED = "expected a JSON object with at least `service` and `message`"


def _severity(value: Any) -> Any:
    word = value.strip().lower() if isinstance(value, str) else value
    return _SEVERITY_WORDS.get(word, value) if isinstance(word, str) else value


def _timestamp(value: Any) -> Any:
    # "2026-02-20 03:15:30" is what people write; pydantic wants no help with the rest.
    return value.strip() if isinstance(value, str) else value


def _joined(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return value


class Alert(BaseModel):
    """An alert with its logs, inline (`logs`) or by reference (`log_sources`: files, folders, globs).

    A `timestamp` without a zone is UTC. Without an `id`, one is derived from the content, so that the
    same alert always has the same id.
    """

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=False)

    id: str = Field("", validation_alias=AliasChoices("id", "alert_id"), description="The alert's own id.")
    timestamp: Annotated[datetime | None, BeforeValidator(_timestamp)] = Field(
        None, description="When it fired; ISO 8601, UTC if it has no zone."
    )
    service: str = Field(min_length=1, max_length=200, description="The service the alert names.")
    severity: Annotated[Severity, BeforeValidator(_severity)] = Field(
        "medium", description="critical, high, medium or low."
    )
    message: str = Field(
        min_length=1,
        max_length=10_000,
        validation_alias=AliasChoices("message", "alert", "summary"),
        description="One sentence with the symptom.",
    )
    labels: dict[str, str] = Field(default_factory=dict, description="Free labels, as monitoring sends them.")
    logs: Annotated[str | None, BeforeValidator(_joined)] = Field(
        None,
        description="Log text, inline; a list of lines is joined. `==> name <==` headings separate files.",
    )
    log_sources: list[str] = Field(default_factory=list, description="Log files, folders or globs.")
    metrics: list[str] = Field(default_factory=list, description="Metric files (CSV or JSON).")
    images: list[str] = Field(default_factory=list, description="Dashboard screenshots: image files.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.timestamp is not None and self.timestamp.tzinfo is None:
            self.timestamp = self.timestamp.replace(tzinfo=UTC)
        if not self.id:
            seed = orjson.dumps(
                [self.service, self.message, str(self.timestamp), self.logs, self.log_sources]
            )
            self.id = "alert-" + hashlib.sha256(seed).hexdigest()[:12]
        return self

    @property
    def title(self) -> str:
        """The message with the service's name before it, unless it begins with that already."""
        known = self.message.lower().startswith(self.service.lower())
        return self.message if known else f"{self.service}: {self.message}"

    @classmethod
    def parse(cls, data: Any, *, origin: str = "alert") -> Self:
        """Return the alert in `data`; raises `InputError` that names each bad field and what is expected."""
        if isinstance(data, cls):
            return data
        if not isinstance(data, dict):
            raise InputError(f"{origin}: {_EXPECTED}, got {_kind(data)}")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            problems = "; ".join(_describe(item) for item in error.errors(include_url=False))
            raise InputError(f"{origin}: {problems}") from error

    @classmethod
    def read(cls, raw: bytes, *, origin: str) -> Self:
        """Return the alert in JSON bytes; raises `InputError` for what is empty, binary, not UTF-8, or no alert."""
        if not raw.strip():
            raise InputError(f"{origin}: empty; {_EXPECTED}")
        return cls.parse(_decode_json(raw, origin), origin=origin)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an alert from a JSON file; relative log and metric paths are taken from the file's folder.

        Raises `InputError` as `read` does, and for a file that is missing or cannot be read.
        """
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            raise InputError(f"{path}: no such alert file") from None
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        alert = cls.read(raw, origin=str(path))
        base = path.resolve().parent
        for field in ("log_sources", "metrics", "images"):
            setattr(alert, field, [str(base / item) for item in getattr(alert, field)])
        return alert


def _decode_json(raw: bytes, origin: str) -> Any:
    raw = raw.removeprefix(b"\xef\xbb\xbf")  # a byte order mark, as some editors write
    if b"\x00" in raw[:4096]:
        raise InputError(f"{origin}: binary or UTF-16 content; expected JSON text in UTF-8")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{origin}: not UTF-8 (byte {error.start}); expected JSON text in UTF-8") from None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{origin}: not JSON ({error}); {_EXPECTED}") from None


def _kind(value: Any) -> str:
    names = {
        list: "a list",
        str: "a string",
        int: "a number",
        float: "a number",
        bool: "a boolean",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)


def _describe(item: Any) -> str:
    field = ".".join(str(part) for part in item["loc"]) or "alert"
    message = re.sub(r"^Value error, ", "", item["msg"])
    if item["type"] == "missing":
        return f"field `{field}` is missing"
    return f"field `{field}`: {message[0].lower()}{message[1:]}"
