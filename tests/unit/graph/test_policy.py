"""The policy file: what it accepts, and what its rules mean."""

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from pydantic import ValidationError

from ops_assistant.graph.guard import dependents
from ops_assistant.graph.policy import Freeze, Scope, load_policy
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory, Service

EXAMPLE = Path(str(files("ops_assistant") / "data" / "policy.yaml"))


def write(tmp_path: Path, rules: str) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(f"version: 1\nenvironment: here\nenvironments:\n  here: {rules}\n")
    return path


def test_the_example_is_a_policy() -> None:
    assert load_policy(EXAMPLE).roll_back == "automatic"
    assert load_policy(EXAMPLE, "production").caps.targets == 3


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ("{alow: []}", "environments.here.alow"),
        ("{caps: {replicas: 0}}", "caps.replicas"),
        ("{allow: [{actions: [rm]}]}", "allow.0"),
        ("{freeze: [{name: x}]}", "freeze.0"),
        ("{freeze: [{name: x, days: [mon], timezone: Mars/Here}]}", "freeze.0"),
        ('{freeze: [{name: x, days: [mon], from: "23:00", to: "01:00"}]}', "freeze.0"),
        ("{freeze: [{name: x, start: 2026-01-02T00:00:00, end: 2026-01-03T00:00:00}]}", "freeze.0.start"),
        ("{approvals: {two_people_from: grave}}", "approvals.two_people_from"),
        ("{approvals: {approvers: [{people: []}]}}", "approvers.0.people"),
        ("[]", "environments.here"),
    ],
)
def test_a_file_that_is_not_right_names_the_field(tmp_path: Path, rules: str, field: str) -> None:
    with pytest.raises(InputError, match=field.replace(".", r"\.")):
        load_policy(write(tmp_path, rules))


def test_an_unknown_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no environment 'there'"):
        load_policy(write(tmp_path, "{}"), "there")


def test_a_missing_file_and_bad_yaml(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_policy(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(InputError, match="not valid YAML"):
        load_policy(tmp_path / "bad.yaml")


def test_a_scope_covers_by_pattern() -> None:
    scope = Scope(actions=["restart_service"], services=["api-*"])
    assert scope.covers("restart_service", "api-server")
    assert not scope.covers("restart_service", "db")
    assert not scope.covers("scale_up", "api-server")


@pytest.mark.parametrize(
    ("now", "on"),
    [("2026-03-02T00:30", True), ("2026-03-02T02:30", False), ("2026-03-01T00:30", False)],
)
def test_a_weekly_freeze_is_in_its_own_time_zone(now: str, on: bool) -> None:
    freeze = Freeze.model_validate(
        {"name": "x", "days": ["mon"], "from": "01:00", "to": "03:00", "timezone": "Europe/Berlin"}
    )
    assert freeze.holds(datetime.fromisoformat(now).replace(tzinfo=UTC)) is on


def test_a_freeze_ends_before_its_end() -> None:
    freeze = Freeze.model_validate(
        {"name": "x", "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
    )
    assert freeze.holds(datetime(2026, 1, 1, tzinfo=UTC))
    assert not freeze.holds(datetime(2026, 1, 2, tzinfo=UTC))


def test_rules_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(ValidationError):
        load_policy(None).roll_back = "never"  # type: ignore[misc]


def test_dependents_are_followed_through_and_cycles_end() -> None:
    inventory = Inventory(
        services=[
            Service(name="db"), Service(name="api", depends_on=["db", "web"]), Service(name="web", depends_on=["api"]),
            Service(name="other"),
        ]
    )  # fmt: skip
    assert dependents("db", inventory) == ["api", "web"]
    assert dependents("api", inventory) == ["web"]
    assert dependents("other", inventory) == []
