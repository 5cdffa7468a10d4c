"""What the three agents answer. Field names are those of the project's original description, extended."""

from typing import Literal

from pydantic import BaseModel, Field

from ..tools.alert import Severity
from ..tools.digest.models import Citation

EngineName = Literal["case-based", "llm"]
Verdict = Literal["fault", "no-fault", "not-enough-evidence"]


class LogAnalysis(BaseModel):
    """What the logs say, before any cause is named."""

    error_type: str = Field(
        description="Short name of the dominant error, e.g. `ConnectionTimeout`; `none` if healthy."
    )
    error_message: str = Field(description="The most telling message, verbatim from a log line.")
    affected_components: list[str] = Field(default_factory=list)
    error_count: int = Field(0, ge=0, description="Lines of level error or worse in the window.")
    first_occurrence: str | None = Field(None, description="ISO 8601 UTC of the first error line.")
    pattern: str = Field("", description="One sentence: how the errors behave over time.")
    evidence: list[Citation] = Field(default_factory=list)
    engine: EngineName = "case-based"
    degraded_because: str | None = Field(None, description="Why the model's result was not used.")


class SimilarCase(BaseModel):
    """A historical case that resembles the incident, and why."""

    id: str
    title: str
    failure_mode: str
    score: float = Field(description="0 to 1, best first.")
    why: list[str] = Field(default_factory=list)
    outcome: str = Field("", description="e.g. `worked 4 of 5 times, last 2026-11-02`.")


class Hypothesis(BaseModel):
    """One possible cause with what speaks for and against it."""

    failure_mode: str
    root_cause: str
    confidence: int = Field(ge=0, le=100, description="Percent; all hypotheses together at most 100.")
    evidence: list[Citation] = Field(default_factory=list)
    against: list[str] = Field(default_factory=list)
    confirm_by: list[str] = Field(default_factory=list, description="Checks that would confirm or refute it.")


class Diagnosis(BaseModel):
    """What broke and why, with proof; or that nothing did; or what is missing to tell."""

    verdict: Verdict = "fault"
    root_cause: str
    failure_mode: str = Field(description="Slug of `failure_modes.yaml`, `no-fault` or `unknown`.")
    severity: Severity
    impact_scope: str = ""
    possible_triggers: list[str] = Field(default_factory=list)
    confidence: int = Field(ge=0, le=100)
    similar_cases: list[SimilarCase] = Field(default_factory=list)
    hypotheses: list[Hypothesis] = Field(
        default_factory=list, description="Ranked; the first is the diagnosis."
    )
    evidence: list[Citation] = Field(default_factory=list)
    missing_evidence: list[str] = Field(default_factory=list, description="What to fetch next.")
    unread: list[str] = Field(
        default_factory=list, description="What was given and not looked at, e.g. images without a model."
    )
    proven: bool = Field(False, description="Set by code: the root cause has at least one verified citation.")
    engine: EngineName = "case-based"
    degraded_because: str | None = None


class ProposedAction(BaseModel):
    """A typed action of the catalogue, as an agent proposes it; not yet checked or planned."""

    type: str
    params: dict[str, str | int | dict[str, str | int]] = Field(default_factory=dict)
    effect: Literal["cure", "relief"] = "relief"
    reason: str = ""


class Solution(BaseModel):
    """One way out, best first."""

    priority: int = Field(ge=1)
    description: str
    effect: Literal["cure", "relief"] = Field(
        "cure", description="cure: its steps remove the cause; relief: they only ease the symptom."
    )
    expected_effect: str = Field("", description="What changes when it works, and how soon one sees it.")
    steps: list[str]
    risks: list[str] = Field(default_factory=list)
    estimated_time: str = ""
    verification: list[str] = Field(default_factory=list)
    rollback: list[str] = Field(default_factory=list)
    actions: list[ProposedAction] = Field(default_factory=list)


class Recommendation(BaseModel):
    """What to do now, and what keeps it from happening again."""

    solutions: list[Solution] = Field(default_factory=list)
    preventive_measures: list[str] = Field(default_factory=list)
    engine: EngineName = "case-based"
    degraded_because: str | None = None
