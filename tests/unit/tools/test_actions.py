"""The catalogue: what cannot be planned is refused with a reason, and what can is planned exactly."""

from pathlib import Path

import pytest

from ops_assistant.tools.actions import CATALOGUE, plan_action
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.actions.base import Preview
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory, Service
from ops_assistant.tools.runbook import IntegerParam, RunbookCommand

RETRY = RunbookCommand(
    argv=["queuectl", "retry", "{count}"], params={"count": IntegerParam(type="integer", max=9)}, risk="low"
)
INVENTORY = Inventory(
    services=[
        Service(name="api", replicas=2, commands={"retry": RETRY}),
        Service(name="db"),
        Service(name="far", backend="elsewhere"),
    ]
)


def plan(type_: str, tmp_path: Path, **params: object):
    backends = {"simulated": SimulatedBackend(tmp_path / "journal")}
    return plan_action(type_, params, inventory=INVENTORY, backends=backends)


NEEDED = {
    "scale_up": {"replicas": 3},
    "scale_down": {"replicas": 1},
    "terminate_connections": {"state": "idle"},
    "run_runbook_command": {"command": "retry", "arguments": {"count": 3}},
}


def test_every_action_has_a_plan(tmp_path: Path) -> None:
    for name in CATALOGUE:
        planned = plan(name, tmp_path, service="api", **NEEDED.get(name, {}))
        assert planned.preview.call.startswith("simulated.")
        assert planned.preview.args["service"] == "api"
        assert planned.risk in ("low", "medium", "high")


def test_risk_comes_from_the_inventory(tmp_path: Path) -> None:
    assert plan("restart_service", tmp_path, service="api").risk == "low"
    assert plan("restart_service", tmp_path, service="db").risk == "medium"  # the only replica


@pytest.mark.parametrize(
    ("type_", "params", "words"),
    [
        ("rm_rf", {"service": "api"}, "unknown action type"),
        ("restart_service", {"service": "nowhere"}, "not in the inventory"),
        ("restart_service", {"service": "far"}, "not a configured backend"),
        ("restart_service", {}, "`service`"),
        ("restart_service", {"service": "api", "force": True}, "`force`"),
        ("scale_up", {"service": "api", "replicas": 2}, "above the 2"),
        ("scale_up", {"service": "api", "replicas": "many"}, "`replicas`"),
        ("scale_up", {"service": "api", "replicas": 100_000}, "`replicas`"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, type_: str, params: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        plan(type_, tmp_path, **params)


@pytest.mark.parametrize(
    "name",
    [
        "-exec",
        "--kubeconfig=/tmp/x",
        "a;b",
        "$(x)",
        "../..",
        "a\nb",
        "a\n",
        "",
        "x" * 10_000,
        "ap\u0456",
        "a b",
        "a/b",
    ],
)
def test_a_name_that_smuggles_is_refused_before_a_plan_exists(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        plan("restart_service", tmp_path, service=name)
    assert INVENTORY.with_service(name) is INVENTORY


def test_the_number_of_an_edited_form_may_be_a_string(tmp_path: Path) -> None:
    assert plan("scale_up", tmp_path, service="api", replicas="4").params == {"service": "api", "replicas": 4}


def test_the_simulated_backend_says_that_nothing_real_was_changed(tmp_path: Path) -> None:
    backend = SimulatedBackend(tmp_path / "journal")
    assert not backend.health(INVENTORY.services[0]).known
    result = backend.run(Preview(kind="call", call="simulated.restart", args={"service": "api"}), key="k1")
    assert result.simulated
    assert "no real system" in result.output
    assert [(item["key"], item["call"]) for item in backend.entries()] == [("k1", "simulated.restart")]
    assert backend.health(INVENTORY.services[0]).known
