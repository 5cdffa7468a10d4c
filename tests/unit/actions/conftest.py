"""One action planned on a simulated service, as most tests of the catalogue want it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ops_assistant.tools.actions import plan_action
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.actions.catalogue import Planned
from ops_assistant.tools.inventory import Inventory, Service

Plan = Callable[..., Planned]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Plan an action on `api`, which has `replicas` of 4."""
    inventory = Inventory(services=[Service(name="api", replicas=4)])
    backends = {"simulated": SimulatedBackend(tmp_path / "journal")}
    return lambda type_, **params: plan_action(
        type_, {"service": "api", **params}, inventory=inventory, backends=backends
    )
