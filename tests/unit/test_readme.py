"""What the README shows is what works: its inventory loads, its commands and names exist."""

import re
from pathlib import Path

import ops_assistant
from ops_assistant.tools.inventory import Inventory

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_inventory_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(services:.*?)```", README, re.DOTALL)
    (tmp_path / "inventory.yaml").write_text(example)
    assert [service.name for service in Inventory.load(tmp_path / "inventory.yaml").services] == [
        "api-server",
        "orders-db",
        "worker",
    ]


def test_the_commands_exist() -> None:
    from ops_assistant.cli.app import app

    known = {command.name for command in app.registered_commands} | {
        group.name for group in app.registered_groups
    }
    shown = set(re.findall(r"ops-assistant ([a-z]+)\b", README)) - {"on"}
    assert {"investigate", "approve", "digest", "kb", "evaluate", "doctor"} <= shown
    assert shown <= known


def test_the_imported_names_exist() -> None:
    names = re.findall(r"from ops_assistant import ([\w, ]+)", README)
    for name in {part.strip() for line in names for part in line.split(",")}:
        assert hasattr(ops_assistant, name)
