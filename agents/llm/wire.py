"""What the models are asked to fill in.

Kept apart from `agents.models`: strict structured output knows no free keys, no defaults and no limits, and
nothing that code can count (error counts, first occurrence) is left to a model. The order of the fields is
the order in which a model writes, so what it should look at first comes first.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from ...tools.knowledge.loading import failure_modes

UNKNOWN = "unknown"


def _known_mode(value: str) -> str:
    if value != UNKNOWN and value not in failure_modes():
        raise ValueError(f"{value!r} is not one of the listed failure modes")
    return value


def _add_modes(schema: dict[str, Any]) -> None:
    schema["enum"] = [*failure_modes(), UNKNOWN]


FailureMode = Annotated[str, AfterValidator(_known_mode), Field(json_schema_extra=_add_modes)]


class WireCitation(BaseModel):
    """A pointer to a line of evidence."""

    id: str = Field(description="Evidence id as shown, e.g. s1:42")
    quote: str = Field(description="3 to 12 words copied verbatim from that line")


class WireLogAnalysis(BaseModel):
    """What the logs say, before any cause is named."""

    evidence: list[WireCitation] = Field(description="1 to 5 most telling lines")
    error_type: str = Field(description="Short CamelCase name of the dominant error; none if healthy")
    error_message: str = Field(description="The most telling message, copied verbatim from one line")
    affected_components: list[str] = Field(description="Up to 8 names as they stand in the logs")
    pattern: str = Field(description="One sentence: how the errors behave over time")


class WireHypothesis(BaseModel):
    """One possible cause."""

    failure_mode: FailureMode
    root_cause: str = Field(description="One or two sentences; names the failing component and why")
    evidence: list[WireCitation] = Field(description="1 to 3 lines that prove it")
    against: list[str] = Field(description="What speaks against it; may be empty")
    confirm_by: list[str] = Field(description="1 or 2 checks that would confirm or refute it")
    confidence: int = Field(description="0 to 100; all hypotheses together at most 100")


class WireDiagnosis(BaseModel):
    """What broke and why."""

    verdict: Literal["fault", "no-fault", "not-enough-evidence"]
    hypotheses: list[WireHypothesis] = Field(description="1 to 3, most likely first")
    severity: Literal["critical", "high", "medium", "low"]
    impact_scope: str = Field(description="One sentence: who or what is affected, from the evidence")
    possible_triggers: list[str] = Field(description="Up to 3: what may have set it off")
    missing_evidence: list[str] = Field(
        description="What to fetch to be sure: which service's logs or metric, from when to when; may be empty"
    )


class WireParam(BaseModel):
    """One parameter of an action."""

    name: str
    value: str


class WireAction(BaseModel):
    """An action of the catalogue."""

    type: str = Field(description="A type of the catalogue, exactly")
    params: list[WireParam]
    effect: Literal["cure", "relief"] = Field(description="relief: hides or eases the symptom only")
    reason: str = Field(description="One sentence")


class WireSolution(BaseModel):
    """One way out."""

    description: str = Field(description="One sentence")
    effect: Literal["cure", "relief"] = Field(description="cure: the steps remove the cause")
    expected_effect: str = Field(description="One sentence: what changes when it works")
    steps: list[str] = Field(description="2 to 5 steps; commands with the real names filled in")
    risks: list[str]
    estimated_time: str = Field(description="e.g. 5-10 min")
    verification: list[str] = Field(description="How to see that it worked")
    rollback: list[str] = Field(description="How to undo it; may be empty")
    actions: list[WireAction] = Field(description="Only where an action truly helps now; may be empty")


class WireRecommendation(BaseModel):
    """What to do now, and later."""

    solutions: list[WireSolution] = Field(description="1 to 3, best first")
    preventive_measures: list[str] = Field(description="Up to 4")
