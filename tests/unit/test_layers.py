"""Dependencies point one way: ops_assistant -> graph -> agents -> tools."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ORDER = ["tools", "agents", "graph", "ops_assistant"]
FILES = sorted(path for layer in ORDER for path in (ROOT / layer).rglob("*.py"))


def imported_layers(path: Path) -> set[str]:
    """Return the layers that a module imports, by resolving its relative imports as the installed package does."""
    layer = path.relative_to(ROOT).parts[0]
    inside = list(path.relative_to(ROOT).parts[:-1])
    package = ["ops_assistant", *inside] if layer != "ops_assistant" else inside
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            names = [[*module, alias.name] for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        for name in names:
            if name[0] == "ops_assistant":
                found.add(name[1] if len(name) > 1 and name[1] in ORDER else "ops_assistant")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_imports_upwards(path: Path) -> None:
    layer = path.relative_to(ROOT).parts[0]
    allowed = set(ORDER[: ORDER.index(layer) + 1])
    if layer != "ops_assistant":
        assert "ops_assistant" not in imported_layers(path)
    assert imported_layers(path) <= allowed | ({"ops_assistant"} if layer == "ops_assistant" else set())


def test_the_check_sees_an_upward_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tools").mkdir()
    module = tmp_path / "tools" / "bad.py"
    module.write_text("from ..graph.state import IncidentState\n", encoding="utf-8")
    monkeypatch.setitem(imported_layers.__globals__, "ROOT", tmp_path)
    assert imported_layers(module) == {"graph"}
