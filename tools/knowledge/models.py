"""A historical case: what an experienced engineer knows about one way that one program fails."""

import re
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator


class Signature(BaseModel):
    """Words a program prints for this failure: a literal string or a safe regular expression (RE2).

    `weight` says how strongly it points at this failure mode as the ROOT cause: 3 = names the cause
    itself, 2 = strong sign, 1 = seen with it but also with others (a symptom).
    """

    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(None, min_length=4, description="Literal; matched case-insensitively.")
    pattern: str | None = Field(None, min_length=4, description="RE2 regular expression, case-insensitive.")
    weight: Literal[1, 2, 3] = 2

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str | None, info: ValidationInfo) -> str | None:
        # Cases read back from our own cache were checked when they were first loaded.
        if value is not None and not (info.context or {}).get("checked"):
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"not a valid regular expression: {error}") from None
            if re.search(r"\(\?[=!<]|\\[1-9]", value):
                raise ValueError("look-around and back-references are not allowed (RE2 syntax)")
        return value

    def model_post_init(self, _context: Any) -> None:
        if (self.text is None) == (self.pattern is None):
            raise ValueError("a signature has either `text` or `pattern`")


class Confusion(BaseModel):
    """Another failure mode this one is often taken for, and how to tell them apart."""

    model_config = ConfigDict(extra="forbid")

    failure_mode: str
    tell: str = Field(min_length=15)


class CaseAction(BaseModel):
    """A typed action of the catalogue; `{service}` in a value stands for the incident's service."""

    model_config = ConfigDict(extra="forbid")

    type: str
    params: dict[str, str | int] = Field(default_factory=dict)
    effect: Literal["cure", "relief"] = "relief"
    reason: str = ""


class CaseOutcome(BaseModel):
    """How often the case's remedy was tried, and how it went."""

    model_config = ConfigDict(extra="forbid")

    tried: int = 0
    worked: int = 0
    rolled_back: int = 0
    last: date | None = None


class Case(BaseModel):
    """One historical case of the knowledge base."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{2,79}$")
    title: str = Field(min_length=8, max_length=160)
    failure_mode: str = Field(description="A slug of `failure_modes.yaml`.")
    systems: list[str] = Field(min_length=1, description="Lower-case product names, e.g. `postgresql`.")
    symptoms: list[str] = Field(min_length=2, description="As an engineer or a user would describe them.")
    signatures: list[Signature] = Field(min_length=1)
    confused_with: list[Confusion] = Field(default_factory=list)
    root_cause: str = Field(min_length=30)
    impact: str = ""
    triggers: list[str] = Field(default_factory=list, description="What usually sets it off.")
    checks: list[str] = Field(min_length=1, description="Commands or looks that confirm it.")
    solution: list[str] = Field(min_length=1, description="Steps, with real commands.")
    actions: list[CaseAction] = Field(default_factory=list)
    verification: list[str] = Field(min_length=1)
    rollback: list[str] = Field(default_factory=list)
    risks: list[str] = Field(default_factory=list)
    estimated_time: str = Field(pattern=r"^\d+(-\d+)? (min|h)$", description="e.g. `5-10 min`.")
    prevention: list[str] = Field(min_length=1)
    outcome: CaseOutcome = Field(default_factory=CaseOutcome)
    source: Literal["seed", "user", "learned", "imported"] = "seed"
    environments: list[str] = Field(
        default_factory=list, description="Where it applies, e.g. `production`; empty: anywhere."
    )


class SignatureHit(BaseModel):
    """A signature of a case that was found, and where."""

    signature: str = Field(description="The literal text, or the pattern.")
    weight: Literal[1, 2, 3]
    evidence_ids: list[str] = Field(
        default_factory=list, description="Evidence lines that carry it; empty if only the alert text does."
    )
    literal: bool = Field(True, description="Whether `signature` is text; else it is a pattern.")
    words: str = Field("", description="The words of the log that match it.")


class Hit(BaseModel):
    """A case that a search found."""

    case: Case
    score: float = Field(ge=0, le=1, description="How strongly the query speaks for this case.")
    why: list[str] = Field(default_factory=list, description="Signatures, terms and outcome, for a person.")
    signatures: list[SignatureHit] = Field(default_factory=list)
