"""Named commands of a service, as the inventory defines them: a fixed argv with typed holes.

commands:
  retry-queue:
    argv: [/usr/local/bin/queuectl, retry, "--queue={queue}", "{count}"]
    params: {queue: {type: choice, choices: [mail, sms]}, count: {type: integer, min: 1, max: 500}}
    risk: medium
"""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from .arguments import Argument, safe_argument, visible
from .errors import InputError

CommandName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
ParamName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]

_HOLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "fish", "csh", "tcsh", "busybox"})


class IntegerParam(BaseModel):
    """A whole number between `min` and `max`, both included."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["integer"]
    min: int = 0
    max: int

    def text(self, value: str | int) -> str:
        """Return the value as an argument; raises `ValueError` if it does not fit."""
        if not re.fullmatch(r"-?[0-9]{1,18}", str(value)):
            raise ValueError("must be a whole number")
        if not self.min <= int(value) <= self.max:
            raise ValueError(f"must be from {self.min} to {self.max}")
        return str(int(value))


class ChoiceParam(BaseModel):
    """One of a list."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["choice"]
    choices: list[Argument] = Field(min_length=1)

    def text(self, value: str | int) -> str:
        """Return the value as an argument; raises `ValueError` if it is not on the list."""
        if str(value) not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}")
        return str(value)


class TextParam(BaseModel):
    """A text that matches `pattern` as a whole."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["text"]
    pattern: str
    max_length: int = Field(200, ge=1, le=1_000)

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return value

    def text(self, value: str | int) -> str:
        """Return the value as an argument; raises `ValueError` if it does not match."""
        text = str(value)
        if len(text) > self.max_length:
            raise ValueError(f"must have at most {self.max_length} characters")
        if not re.fullmatch(self.pattern, text):
            raise ValueError(f"must match {self.pattern}")
        return text


Param = Annotated[IntegerParam | ChoiceParam | TextParam, Field(discriminator="type")]


class RunbookCommand(BaseModel):
    """A command with holes `{name}` in its arguments, one per parameter. The program has no hole and is no shell."""

    model_config = ConfigDict(extra="forbid")

    argv: list[str] = Field(min_length=1, max_length=50)
    params: dict[ParamName, Param] = Field(default_factory=dict)
    description: str = ""
    risk: Literal["low", "medium", "high"] = "high"
    timeout_s: float = Field(60, gt=0, le=3600)
    idempotent: bool = Field(False, description="Whether running it twice ends where running it once does.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for part in self.argv:
            visible(part)
        program = safe_argument(self.argv[0])
        if _HOLE.search(program):
            raise ValueError("the program must be fixed: `argv[0]` cannot hold a parameter")
        if PurePath(program).name in _SHELLS and any(part.startswith("-") for part in self.argv[1:]):
            raise ValueError(
                "a shell with options is free text: put the commands into a script and name the script"
            )
        holes = {name for part in self.argv for name in _HOLE.findall(part)}
        if holes != set(self.params):
            raise ValueError(
                f"`argv` has the holes {sorted(holes)}, but `params` defines {sorted(self.params)}"
            )
        return self

    def render(self, arguments: Mapping[str, str | int]) -> list[str]:
        """Return the argv with its holes filled.

        Raises `InputError` for an unknown or missing argument, one that does not fit its type, one that hides
        something, and one that would be read as an option.
        """
        if set(arguments) != set(self.params):
            raise InputError(
                f"`arguments` must have exactly {sorted(self.params) or 'none'}, got {sorted(arguments) or 'none'}"
            )
        texts: dict[str, str] = {}
        for name, value in arguments.items():
            try:
                texts[name] = safe_argument(self.params[name].text(value))
            except ValueError as error:
                raise InputError(f"argument `{name}` {error}") from None
        return [_HOLE.sub(lambda hole: texts[hole[1]], part) for part in self.argv]
