"""An incident as people read it: the state's JSON as models, for reports and programs."""

from typing import Any, Self

from pydantic import BaseModel, Field, ValidationError

from ..agents.llm.usage import Usage
from ..agents.models import Diagnosis, EngineName, LogAnalysis, Recommendation
from ..tools.alert import Alert
from ..tools.digest import LogDigest
from .coverage import Coverage
from .models import Decision, Outcome, Plan, Report, Verification


class Incident(BaseModel):
    """Everything a run has found and done so far; what it has not reached yet is None or empty."""

    alert: Alert | None = None
    digest: LogDigest | None = None
    log_analysis: LogAnalysis | None = None
    diagnosis: Diagnosis | None = None
    coverage: Coverage | None = None
    recommendation: Recommendation | None = None
    plan: Plan | None = None
    plan_notes: list[str] = Field(default_factory=list)
    decision: Decision | None = None
    outcomes: list[Outcome] = Field(default_factory=list)
    verification: Verification | None = None
    report: Report | None = None
    proposed_case: dict[str, Any] | None = None
    usage: dict[str, Any] = Field(default_factory=dict)
    errors: list[str] = Field(default_factory=list)

    @classmethod
    def of(cls, state: Any) -> Self:
        """Read the incident out of a graph state; a part that was made nonsense by hand is left out, and said."""
        incident = cls()
        unreadable = []
        for name in cls.model_fields:
            if name in state:
                try:
                    part = cls.model_validate({name: state[name]})
                except ValidationError:
                    unreadable.append(f"`{name}` in the run's state cannot be read and is left out")
                else:
                    setattr(incident, name, getattr(part, name))
        incident.errors = [*incident.errors, *unreadable]
        return incident

    def model_use(self) -> str:
        """Return which engine made what, and what models used; empty if none was asked."""
        used = Usage.model_validate(self.usage)
        if not used.calls:
            return ""
        made = ", ".join(f"{name.replace('_', ' ')} {engine}" for name, engine in self.engines().items())
        return f"{used.words()}. Engines: {made}."

    def engines(self) -> dict[str, EngineName]:
        """Return which engine made each agent's result."""
        made = {
            "log_analysis": self.log_analysis, "diagnosis": self.diagnosis, "recommendation": self.recommendation,
        }  # fmt: skip
        return {name: result.engine for name, result in made.items() if result is not None}

    def notes(self) -> list[str]:
        """Return everything a reader should know about how this was made, without repeats."""
        results = (self.log_analysis, self.diagnosis, self.recommendation)
        notes = [
            result.degraded_because for result in results if result is not None and result.degraded_because
        ]
        digest_notes = self.digest.notes if self.digest else []
        return list(dict.fromkeys([*self.errors, *self.plan_notes, *notes, *digest_notes]))
