"""The other actions: their risk, their limits, and what takes them back."""

import pytest

from ops_assistant.tools.actions import CATALOGUE
from ops_assistant.tools.actions.base import Backend, Preview, Undo, differences
from ops_assistant.tools.errors import InputError


@pytest.mark.parametrize(
    ("state", "risk"), [("idle", "low"), ("idle in transaction", "medium"), ("blocking", "high")]
)
def test_ending_sessions_is_the_riskier_the_more_they_do(plan, state: str, risk: str) -> None:
    planned = plan("terminate_connections", state=state)
    assert planned.risk == risk
    assert planned.params == {"service": "api", "state": state, "older_than_s": 300, "limit": 50}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "`state`"),
        ({"state": "active"}, "`state`"),
        ({"state": "idle", "older_than_s": 0}, "`older_than_s`"),
        ({"state": "idle", "limit": 1_001}, "`limit`"),
        ({"state": "idle", "pid": 1}, "`pid`"),
    ],
)
def test_sessions_are_chosen_by_state_age_and_number_only(
    plan, params: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        plan("terminate_connections", **params)


def test_a_rollback_is_of_high_risk_and_undone_only_where_releases_have_numbers(plan) -> None:
    planned = plan("rollback_release")
    assert (planned.risk, planned.preview.undo, planned.preview.args["revision"]) == ("high", None, None)
    seen = Preview(kind="call", precondition={"revision": 7})
    checked = CATALOGUE["rollback_release"].params(service="api")
    undo = CATALOGUE["rollback_release"].undo(checked, None, seen)
    assert undo == Undo(type="rollback_release", params={"service": "api", "revision": 7})


def test_a_cache_pattern_is_an_argument(plan) -> None:
    assert plan("clear_cache").preview.args == {"service": "api"}
    assert plan("clear_cache", pattern="a:*").preview.args == {"service": "api", "pattern": "a:*"}
    with pytest.raises(InputError, match="begin with a dash"):
        plan("clear_cache", pattern="-x")


def test_rotating_logs_is_low_and_restarting_may_take_its_time(plan) -> None:
    assert plan("rotate_logs").risk == "low"
    assert plan("restart_service").preview.timeout_s == 180
    assert not plan("restart_service").preview.idempotent


def test_every_action_says_what_it_does() -> None:
    for name, spec in CATALOGUE.items():
        assert spec.name == name
        assert spec.description.endswith(".")
        assert spec.params.model_config["extra"] == "forbid"


def test_what_a_plan_relies_on_is_compared_value_by_value() -> None:
    assert differences({"replicas": 3}, {"replicas": 3, "more": 1}) is None
    assert (
        differences({"replicas": 3, "uid": "a"}, {"uid": "b"})
        == "replicas was 3 and is None; uid was 'a' and is 'b'"
    )


def test_a_backend_that_can_do_no_more_says_so() -> None:
    class Least(Backend):
        name = "least"

    preview = Preview(kind="call")
    assert Least().precondition(preview) == {}
    assert Least().dry_run(preview) is None
    assert Least().probe(preview, key="k", since=None) is None  # type: ignore[arg-type]
