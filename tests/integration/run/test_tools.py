"""The LangChain tools: they read and plan, and none of them changes anything."""

from pathlib import Path

from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.digest import digest_logs
from ops_assistant.tools.evidence_tools import action_tools, evidence_tools, open_evidence_tool
from ops_assistant.tools.inventory import Inventory, Service
from ops_assistant.tools.knowledge import KnowledgeBase
from ops_assistant.tools.redaction import Redactor

WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")


def inventory(folder: Path) -> Inventory:
    (folder / "api.log").write_text("2026-02-20 03:15:28 ERROR pool exhausted password=hunter2-canary\n")
    (folder / "cpu.csv").write_text("time,cpu\n2026-02-20T03:00:00,10\n2026-02-20T03:01:00,99\n")
    return Inventory(services=[Service(name="api", logs=[str(folder / "api.log")]), Service(name="db")])


def test_evidence_is_read_from_the_inventory_s_files_only(tmp_path: Path, data_dir: Path) -> None:
    outside = tmp_path / "elsewhere" / "secret.csv"
    outside.parent.mkdir()
    outside.write_text("time,x\n2026-02-20T03:00:00,1\n")
    with KnowledgeBase(data_dir / "knowledge") as knowledge_base:
        tools = {tool.name: tool for tool in evidence_tools(knowledge_base, inventory(tmp_path), Redactor())}
        logs = tools["fetch_logs"].invoke({"service": "api"})
        assert "pool exhausted" in logs
        assert "canary" not in logs
        assert tools["fetch_logs"].invoke({"service": "db"}).startswith("no_data")
        assert tools["fetch_logs"].invoke({"service": "nowhere"}).startswith("no_data")
        assert "10 -> 99" in tools["get_metrics"].invoke({"path": str(tmp_path / "cpu.csv")})
        assert tools["get_metrics"].invoke({"path": str(outside)}).startswith("error")
        assert tools["get_metrics"].invoke({"path": str(tmp_path / "no.csv")}).startswith("error")
        assert "disk-full" in tools["search_cases"].invoke({"query": "No space left on device"})


def test_an_evidence_line_is_opened_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(
        "".join(f"2026-02-20 03:15:{n:02d} ERROR {word} broke\n" for n, word in enumerate(WORDS))
    )
    opened = open_evidence_tool(digest_logs([tmp_path / "a.log"]))
    assert opened.invoke({"evidence_id": "s1:9"}).startswith("no_data")
    lines = opened.invoke({"evidence_id": "s1:4"}).splitlines()
    assert [line.split("]")[0] for line in lines] == ["[s1:2", "[s1:3", "[s1:4", "[s1:5", "[s1:6"]
    assert "delta broke" in lines[2]


def test_an_action_tool_only_plans(tmp_path: Path) -> None:
    backend = SimulatedBackend(tmp_path / "journal")
    tools = {tool.name: tool for tool in action_tools(inventory(tmp_path), {"simulated": backend})}
    assert {"restart_service", "scale_up", "clear_cache"} <= tools.keys()
    planned = tools["restart_service"].invoke({"service": "api"})
    assert planned.startswith("planned, not executed; needs approval: simulated.restart(")
    assert tools["restart_service"].invoke({"service": "nowhere"}).startswith("error")
    assert backend.entries() == []
