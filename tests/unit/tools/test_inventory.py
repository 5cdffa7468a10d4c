"""The inventory file."""

from pathlib import Path

import pytest

from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory


def test_an_inventory_is_read(tmp_path: Path) -> None:
    file = tmp_path / "inventory.yaml"
    file.write_text(
        "services:\n  - {name: api, replicas: 3, depends_on: [db], logs: [/var/log/api.log]}\n  - {name: db}\n"
    )
    api = Inventory.load(file).get("api")
    assert api is not None
    assert (api.replicas, api.depends_on, api.backend) == (3, ["db"], "simulated")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services: [{name: -x}]", "services.0.name"),
        ("services: [{nme: x}]", "services.0"),
        ("services: [", "not valid YAML"),
        ("- a", "inventory.yaml"),
    ],
)
def test_a_bad_inventory_names_the_field(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "inventory.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        Inventory.load(file)


def test_the_alerted_service_is_known_once() -> None:
    inventory = Inventory().with_service("api").with_service("api")
    assert [service.name for service in inventory.services] == ["api"]
