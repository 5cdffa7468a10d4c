"""What the graph itself makes: plan, decision, outcome, verification, report."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..agents.models import EngineName
from ..tools.actions.base import Preview, Risk
from .canonical import canonical_json, sha256_hex

RunStatus = Literal["running", "awaiting_approval", "completed", "rejected", "aborted", "failed"]
DecisionKind = Literal["approve", "edit", "reject", "abort"]
OutcomeStatus = Literal["succeeded", "failed", "unknown"]


class PlannedAction(BaseModel):
    """One action exactly as it will run."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="`a1`, `a2`, ... unique in the plan and kept through edits.")
    type: str
    params: dict[str, Any]
    backend: str
    preview: Preview
    risk: Risk
    effect: Literal["cure", "relief"] = "relief"
    reason: str = ""
    dry_run: str = Field("", description="What the target said when it was tried out without effect.")
    affects: list[str] = Field(
        default_factory=list, description="The services that depend on its target, directly or not."
    )


class PlanBody(BaseModel):
    """The part of a plan that is hashed: whoever approves the hash approves exactly this."""

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    thread_id: str
    requester: str = Field("", description="Who asked for the investigation, as far as known.")
    created_at: datetime
    expires_at: datetime = Field(description="A decision on this plan is valid until then.")
    actions: list[PlannedAction]
    replaces: str | None = Field(
        None,
        description="Hash of the plan that this one edits, renews, takes back, or follows since it did not help.",
    )
    rolls_back: bool = Field(False, description="Whether it takes back what the plan it replaces did.")

    def canonical(self) -> str:
        """Return the canonical JSON text: sorted keys, ASCII, no blanks."""
        return canonical_json(self.model_dump(mode="json"))


def plan_hash(body_text: str) -> str:
    """Return the hash that a decision binds to, over the canonical text of a plan's body."""
    return sha256_hex("opsplan/v1\n" + body_text)


class Plan(PlanBody):
    """A plan with its hash, as state and people see it."""

    hash: str

    @classmethod
    def of(cls, body: PlanBody) -> "Plan":
        return cls(**body.model_dump(), hash=plan_hash(body.canonical()))


class Decision(BaseModel):
    """What a person decided about one plan; the first one recorded stands."""

    plan_hash: str
    thread_id: str
    kind: DecisionKind
    by: str
    account: str = Field(
        "",
        description="The server's authenticated user, else the operating system's; never what a caller says.",
    )
    authenticated: bool = Field(False, description="Whether `by` was established by a server's login.")
    door: str = Field(description="python, cli, server, policy, ...")
    comment: str = ""
    decided_at: datetime
    expires_at: datetime
    replaced_by: str | None = Field(
        None, description="For an edit: hash of the edited plan, approved with it."
    )
    changes: list[str] = Field(default_factory=list, description="For an edit: what it changed, in words.")
    trusted: bool = Field(
        True, description="Whether the policy takes the name given in `by` for the person's identity."
    )

    def identity(self) -> str:
        """Return who this counts as: two approvals of one identity are one approval."""
        return self.by if self.authenticated or self.trusted else self.account


class Resolution(BaseModel):
    """What a person decided about an action that failed or whose outcome is unknown; the first one stands."""

    choice: Literal["retry", "skip", "abort"]
    by: str
    account: str = ""
    door: str
    evidence: str = ""
    at: datetime


class Outcome(BaseModel):
    """How one approved action ended. `unknown`: it was started and nobody knows; it is never run again."""

    action_id: str
    type: str
    status: OutcomeStatus
    output: str = ""
    simulated: bool = False
    started_at: datetime
    finished_at: datetime | None = None
    plan_hash: str
    position: int = 0
    not_applied: bool = Field(False, description="Whether it is certain that it changed nothing.")
    settled: str = Field("", description="What a person decided about it afterwards, if anything.")


class Check(BaseModel):
    """One thing looked at after the actions."""

    what: str
    result: Literal["better", "unchanged", "worse", "unknown"]
    detail: str = ""


class Verification(BaseModel):
    """Whether the original symptom is gone."""

    status: Literal["recovered", "unchanged", "worse", "unverified"]
    checks: list[Check] = Field(default_factory=list)
    at: datetime | None = None
    settled: str = Field("", description="What a person decided about a symptom that stayed, if anything.")
    accepted: bool = Field(False, description="Whether a person took the symptom as it is.")

    @property
    def persists(self) -> bool:
        """Whether the symptom is known to be still there."""
        return self.status in ("unchanged", "worse")


class Report(BaseModel):
    """The incident's report."""

    summary: str
    markdown: str
    created_at: datetime
    engines: dict[str, EngineName] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)
