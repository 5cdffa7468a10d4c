"""The policy file: what may be done where, when, how much of it, and who decides.

`policy.yaml` names environments; each has the rules below. Without a file everything in the catalogue may be
done after one person's approval, and names given by callers count.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..tools.actions.base import Risk
from ..tools.actions.catalogue import CATALOGUE
from ..tools.errors import InputError

RISKS: Sequence[Risk] = ("low", "medium", "high")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Names = Annotated[list[str], Field(min_length=1)]


def at_least(risk: Risk, limit: Risk) -> bool:
    """Tell whether a risk is as high as the limit, or higher."""
    return RISKS.index(risk) >= RISKS.index(limit)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Scope(_Strict):
    """Some actions on some services. `*` in a service's name stands for any characters."""

    actions: Names = ["*"]
    services: Names = ["*"]

    @model_validator(mode="after")
    def _known_actions(self) -> Self:
        unknown = [name for name in self.actions if name != "*" and name not in CATALOGUE]
        if unknown:
            raise ValueError(
                f"unknown action {unknown[0]!r}; the catalogue has {', '.join(sorted(CATALOGUE))}"
            )
        return self

    def covers(self, action: str, service: str) -> bool:
        """Tell whether the action on the service is one of these."""
        return ("*" in self.actions or action in self.actions) and any(
            fnmatchcase(service, pattern) for pattern in self.services
        )


class Caps(_Strict):
    """Upper limits; none where nothing is given."""

    replicas: int | None = Field(None, ge=1, description="Replicas that an action may ask for.")
    targets: int | None = Field(None, ge=1, description="Different services that one plan may act on.")
    actions_per_hour: int | None = Field(None, ge=0, description="Actions started in any 60 minutes.")


class Freeze(_Strict):
    """A time in which nothing is executed: from `start` to `end`, or on weekdays between two times of day."""

    name: str
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    days: list[Day] = Field(default_factory=list)
    from_time: time = Field(time.min, alias="from")
    to_time: time | None = Field(
        None, alias="to", description="Not included; the end of the day if left out."
    )
    timezone: str = "UTC"

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.days) == (self.start is not None or self.end is not None):
            raise ValueError("give either `start` and `end`, or `days`")
        if not self.days and (self.start is None or self.end is None or self.start >= self.end):
            raise ValueError("`start` must be before `end`, and both are needed")
        if self.to_time is not None and self.to_time <= self.from_time:
            raise ValueError("`to` must be after `from`; split a window that goes over midnight in two")
        if self.timezone not in available_timezones() | {"UTC"}:
            raise ValueError(f"unknown time zone {self.timezone!r}")
        return self

    def holds(self, now: datetime) -> bool:
        """Tell whether the freeze is on."""
        if self.start is not None and self.end is not None:
            return self.start <= now < self.end
        local = now.astimezone(UTC if self.timezone == "UTC" else ZoneInfo(self.timezone))
        clock = local.time()
        inside = self.from_time <= clock and (self.to_time is None or clock < self.to_time)
        return _DAYS[local.weekday()] in self.days and inside


class RiskRule(Scope):
    """A risk that the policy sets, whatever the catalogue says."""

    risk: Risk


class Approver(Scope):
    """People who may approve these actions on these services, up to a risk."""

    people: Names
    up_to: Risk = "high"


class Approvals(_Strict):
    """Who decides."""

    two_people_from: Risk | None = Field(
        None, description="Plans of this risk or higher need two different people."
    )
    requester_may_approve: bool = True
    identity: Literal["account", "given"] = Field(
        "account",
        description="What a person is known by where no server has authenticated them: the operating system's account, "
        "or the name that the caller gives (for programs that have authenticated their users).",
    )
    approvers: list[Approver] | None = Field(None, description="None: anybody.")
    auto: list[Scope] = Field(default_factory=list, description="Low-risk actions that need no person.")


class Rules(_Strict):
    """The rules of one environment."""

    allow: list[Scope] | None = Field(None, description="What may be done; None: all of the catalogue.")
    caps: Caps = Caps()
    freeze: list[Freeze] = Field(default_factory=list)
    risks: list[RiskRule] = Field(default_factory=list, description="The first that covers an action counts.")
    raise_risk_from_dependents: int | None = Field(
        5, ge=1, description="From so many dependent services on, a risk counts one level higher."
    )
    approvals: Approvals = Approvals()
    roll_back: Literal["never", "ask", "automatic"] = Field(
        "ask", description="What happens when a service is worse after an action that can be taken back."
    )
    settle_s: float = Field(
        10, ge=0, le=600, description="Seconds that a service has to become healthy after an action."
    )


class PolicyFile(_Strict):
    """`policy.yaml`."""

    version: Literal[1]
    environment: str = Field(description="The environment of this installation; `OPS_ENVIRONMENT` beats it.")
    environments: dict[str, Rules]


def load_policy(path: Path | None, environment: str | None = None) -> Rules:
    """Return the rules that hold here; raises `InputError` naming the field for a file that is not right."""
    if path is None:
        return Rules(approvals=Approvals(identity="given"))
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: the policy cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not valid YAML: {error}") from error
    try:
        file = PolicyFile.model_validate(data)
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in item["loc"]) or "policy"
        raise InputError(f"{path}: field `{where}`: {item['msg']}") from error
    name = environment or file.environment
    if name not in file.environments:
        known = ", ".join(sorted(file.environments)) or "none"
        raise InputError(f"{path}: field `environments`: no environment {name!r} (known: {known})")
    return file.environments[name]
