"""The policy holds when a plan is made, when it is edited, when it is decided on, and right before it runs."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops_assistant import InputError, OpsAssistant, Settings
from ops_assistant.graph.guard import Guard
from ops_assistant.graph.store import Store
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.actions.base import Health

from scenarios import POOL

Make = Callable[[dict[str, Any]], OpsAssistant]


@pytest.fixture
def with_rules(settings: Settings, tmp_path: Path) -> Iterator[Make]:
    """Return a function that opens an assistant under the given rules; names that callers give count."""
    with ExitStack() as stack:

        def make(rules: dict[str, Any]) -> OpsAssistant:
            rules = {**rules, "approvals": {"identity": "given", **rules.get("approvals", {})}}
            path = tmp_path / "policy.yaml"
            path.write_text(
                yaml.safe_dump({"version": 1, "environment": "test", "environments": {"test": rules}})
            )
            return stack.enter_context(OpsAssistant(settings.model_copy(update={"policy": path})))

        yield make


def executed(assistant: OpsAssistant) -> list[str]:
    journal = SimulatedBackend(assistant.settings.data_dir / "simulated.jsonl")
    return [entry["call"] for entry in journal.entries()]


def edit_to(replicas: int) -> dict[str, Any]:
    return {
        "actions": [
            {"id": "a1", "type": "scale_up", "params": {"service": "api-server", "replicas": replicas}}
        ]
    }


FREEZE = {"freeze": [{"name": "always", "start": "2000-01-01T00:00:00Z", "end": "2999-01-01T00:00:00Z"}]}


def test_what_is_not_allowed_is_not_planned(with_rules: Make) -> None:
    run = with_rules({"allow": [{"actions": ["rotate_logs"]}]}).investigate(POOL)
    assert run.plan is None
    assert any("does not allow it on api-server" in note for note in run.incident.notes())


def test_an_edit_beyond_the_policy_is_refused_and_the_run_still_waits(with_rules: Make) -> None:
    assistant = with_rules({"caps": {"replicas": 4}})
    run = assistant.investigate(POOL)
    with pytest.raises(InputError, match="the policy's cap is 4"):
        run.edit(edit_to(5), by="dana")
    assert executed(assistant) == []
    assert run.edit(edit_to(4), by="dana").status == "completed"


def test_mutant_an_edit_that_is_not_checked_runs(with_rules: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    assistant = with_rules({"caps": {"replicas": 4}})
    run = assistant.investigate(POOL)
    monkeypatch.setattr(Guard, "assessed", lambda self, action, inventory: action)
    assert run.edit(edit_to(5), by="dana").status == "completed"


def test_a_freeze_refuses_the_approval_with_its_name(with_rules: Make) -> None:
    assistant = with_rules(FREEZE)
    run = assistant.investigate(POOL)
    with pytest.raises(InputError, match="freeze 'always'"):
        run.approve(by="dana")
    assert executed(assistant) == []
    assert run.refresh().status == "awaiting_approval"


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (FREEZE, "freeze 'always'"),
        ({"caps": {"actions_per_hour": 0}}, "cap is 0"),
        ({"allow": [{"actions": ["rotate_logs"]}]}, "does not allow"),
        ({"approvals": {"two_people_from": "low"}}, "2 different people"),
        ({"approvals": {"approvers": [{"people": ["eve"]}]}}, "does not let dana"),
    ],
)
def test_a_policy_that_became_stricter_after_the_approval_holds(
    with_rules: Make, monkeypatch: pytest.MonkeyPatch, rules: dict[str, Any], words: str
) -> None:
    assistant = with_rules({})
    run = assistant.investigate(POOL)

    class Killed(BaseException):
        pass

    def die(*_args: Any, **_kwargs: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Guard, "check_before_running", die)
        with pytest.raises(Killed):
            run.approve(by="dana")  # approved and recorded, then its process dies
    stricter = with_rules(rules)
    again = stricter.open(run.thread_id).resume()
    assert executed(assistant) == []
    assert any(words in error for error in again.incident.errors)


def test_mutant_without_the_check_before_running_it_runs(
    with_rules: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant = with_rules({"caps": {"actions_per_hour": 0}})
    run = assistant.investigate(POOL)
    monkeypatch.setattr(Guard, "check_before_running", lambda *args: None)
    run.approve(by="dana")
    assert executed(assistant)


def test_actions_per_hour_stop_at_the_cap(with_rules: Make) -> None:
    assistant = with_rules({"caps": {"actions_per_hour": 1}})
    run = assistant.investigate(POOL)
    assert run.plan is not None
    run.approve(by="dana")
    assert len(executed(assistant)) == 1
    if len(run.plan.actions) > 1 or run.status == "awaiting_approval":
        assert any("cap is 1" in error for error in run.incident.errors)


TWO = {"approvals": {"two_people_from": "low"}}


def test_two_people_must_approve(with_rules: Make) -> None:
    assistant = with_rules(TWO)
    run = assistant.investigate(POOL).approve(by="dana")
    assert run.status == "awaiting_approval"
    assert run.question is not None
    assert (run.question["approvals_needed"], run.question["approved_by"]) == (2, ["dana"])
    assert executed(assistant) == []
    with pytest.raises(InputError, match="another person must"):
        run.approve(by="dana")
    assert executed(assistant) == []
    assert run.approve(by="eve").status == "completed"


def test_one_account_under_two_names_is_one_person(with_rules: Make) -> None:
    assistant = with_rules({"approvals": {**TWO["approvals"], "identity": "account"}})
    run = assistant.investigate(POOL).approve(by="dana")
    with pytest.raises(InputError, match=f"{getpass.getuser()} has approved this plan already"):
        run.approve(by="eve")
    assert executed(assistant) == []


def test_mutant_names_that_callers_give_let_one_account_approve_twice(with_rules: Make) -> None:
    assistant = with_rules(TWO)  # identity: given
    assert assistant.investigate(POOL).approve(by="dana").approve(by="eve").status == "completed"


def test_one_rejection_ends_a_plan_that_one_has_approved(with_rules: Make) -> None:
    assistant = with_rules(TWO)
    run = assistant.investigate(POOL).approve(by="dana")
    run.abort(by="eve")
    assert run.status == "aborted"
    assert executed(assistant) == []


def test_an_edit_counts_as_the_first_of_two_approvals(with_rules: Make) -> None:
    assistant = with_rules(TWO)
    run = assistant.investigate(POOL).edit(edit_to(3), by="dana")
    assert run.status == "awaiting_approval"
    with pytest.raises(InputError, match="another person must"):
        run.approve(by="dana")
    assert executed(assistant) == []
    assert run.approve(by="eve").status == "completed"
    assert executed(assistant) == ["simulated.scale"]


def test_the_requester_may_not_approve(with_rules: Make) -> None:
    assistant = with_rules({"approvals": {"requester_may_approve": False, "identity": "account"}})
    run = assistant.investigate(POOL)
    with pytest.raises(InputError, match="may not approve"):
        run.approve(by="somebody-else")
    assert executed(assistant) == []


def test_who_may_approve_what(with_rules: Make) -> None:
    rules = {"approvals": {"approvers": [{"people": ["eve"]}, {"people": ["sam"], "services": ["db"]}]}}
    assistant = with_rules(rules)
    run = assistant.investigate(POOL)
    for name in ("dana", "sam"):
        with pytest.raises(InputError, match=f"does not let {name} approve"):
            run.approve(by=name)
    assert executed(assistant) == []
    assert run.approve(by="eve").status == "completed"


AUTO = {"approvals": {"auto": [{}]}, "risks": [{"risk": "low"}]}


def test_low_risk_is_approved_by_the_policy_where_it_says_so(with_rules: Make) -> None:
    assistant = with_rules(AUTO)
    run = assistant.investigate(POOL)
    assert run.status == "completed"
    assert run.decision is not None
    assert (run.decision.by, run.decision.door) == ("policy", "policy")
    assert executed(assistant)


def test_higher_risk_waits_for_a_person(with_rules: Make) -> None:
    assistant = with_rules({**AUTO, "risks": [{"risk": "medium"}]})
    assert assistant.investigate(POOL).status == "awaiting_approval"
    assert executed(assistant) == []


def test_nobody_comes_in_by_the_policy_s_door(with_rules: Make) -> None:
    assistant = with_rules(TWO)
    run = assistant.investigate(POOL)
    with pytest.raises(InputError, match="the policy's own"):
        run.approve(by="policy", door="policy")
    assert executed(assistant) == []


def worsening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every action end in a service that is not well; replicas are what was last asked for."""

    def replicas(backend: SimulatedBackend, service: Any) -> int:
        asked = [entry["args"]["replicas"] for entry in backend.entries() if "replicas" in entry["args"]]
        return int(asked[-1]) if asked else 1

    def health(backend: SimulatedBackend, service: Any) -> Health:
        return Health(known=True, healthy=False, detail="it answers 503")

    monkeypatch.setattr(SimulatedBackend, "replicas", replicas)
    monkeypatch.setattr(SimulatedBackend, "health", health)


@pytest.mark.parametrize("roll_back", ["automatic", "ask", "never"])
def test_a_service_that_got_worse_stops_the_plan_and_is_rolled_back_as_the_policy_says(
    with_rules: Make, monkeypatch: pytest.MonkeyPatch, roll_back: str
) -> None:
    worsening(monkeypatch)
    assistant = with_rules({"roll_back": roll_back, "settle_s": 0})
    run = assistant.investigate(POOL).edit(edit_to(3), by="dana")
    assert any("it answers 503" in note for note in run.incident.errors)
    assert run.plan is not None
    if roll_back == "never":
        assert executed(assistant) == ["simulated.scale"]
        return
    assert run.plan.rolls_back
    assert (run.plan.actions[0].type, run.plan.actions[0].params["replicas"]) == ("scale_down", 1)
    if roll_back == "ask":
        assert run.status == "awaiting_approval"
        assert executed(assistant) == ["simulated.scale"]
        run.approve(by="eve")
    assert executed(assistant) == ["simulated.scale", "simulated.scale"]
    assert run.status == "failed"


def test_every_decision_and_refusal_is_in_the_audit(with_rules: Make) -> None:
    assistant = with_rules(TWO)
    run = assistant.investigate(POOL).approve(by="dana")
    with pytest.raises(InputError):
        run.approve(by="dana")
    run.approve(by="eve")
    store = Store(assistant.settings.data_dir / "store.sqlite", sign=assistant._dependencies.seal.sign_record)
    kinds = [entry.kind for entry in store.audit.entries(run.thread_id)]
    assert store.audit.verify() == []
    store.close()
    for kind in ("run.started", "plan.proposed", "approval", "decision.refused", "decision.approve"):
        assert kind in kinds
    assert kinds.count("action.started") == kinds.count("action.succeeded") > 0
