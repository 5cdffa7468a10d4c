"""The audit: append-only, and whatever is done to its rows behind our back is found and named."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops_assistant import OpsAssistant
from ops_assistant.cli.app import app
from ops_assistant.graph.audit import AuditEntry
from ops_assistant.graph.audit_export import export_problems, export_text
from ops_assistant.graph.store import Store

from plans import make_plan
from scenarios import POOL

FREE = "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;"
SWAP = (
    "UPDATE audit SET seq = -1 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; "
    "UPDATE audit SET seq = 4 WHERE seq = -1"
)
TAMPERED = {
    "changed": (
        "UPDATE audit SET body = replace(body, 'one', 'two') WHERE seq = 3",
        "entry 3 .* was changed",
    ),
    "changed kind": ("UPDATE audit SET kind = 'x' WHERE seq = 2", "entry 2 .* was changed"),
    "another incident": ("UPDATE audit SET thread_id = 'b' WHERE seq = 3", "entry 3 .* was changed"),
    "removed": ("DELETE FROM audit WHERE seq = 3", "entry 3 is missing before entry 4"),
    "several removed": ("DELETE FROM audit WHERE seq IN (2, 3)", "entry 2 to 3 is missing before entry 4"),
    "reordered": (SWAP, "entry 3 .* was changed"),
    "first removed": ("DELETE FROM audit WHERE seq = 1", "entry 1 is missing before entry 2"),
    "tail cut": ("DELETE FROM audit WHERE seq > 4", "ends with entry 4, but its head is entry 6"),
    "all removed": ("DELETE FROM audit", "ends with entry 0, but its head is entry 6"),
    "head forged": ("UPDATE audit_heads SET mac = 'x' WHERE chain = ''", "not signed by this installation"),
    "tail cut with its head": (
        "DELETE FROM audit WHERE seq > 4; DELETE FROM audit_heads",
        "entries up to 6 were noted outside the database, but the last one is 4",
    ),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(
        tmp_path / "store.sqlite", sign=lambda text: f"mac:{hash(text)}", anchors=tmp_path / "anchors"
    )
    for number, thread_id in enumerate(["a", "b", "a", "a", "b", "a"], start=1):
        made.note(thread_id, "noted", {"what": "one", "number": number})
    yield made
    made.close()


def tamper(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "store.sqlite")
    connection.executescript(FREE + statement)
    connection.close()


def test_a_whole_chain_has_no_problem(store: Store) -> None:
    assert store.audit.verify() == []
    assert [entry.thread_seq for entry in store.audit.entries("a")] == [1, 2, 3, 4]


@pytest.mark.parametrize("statement", ["UPDATE audit SET kind = 'x'", "DELETE FROM audit"])
def test_the_database_refuses_changes(store: Store, tmp_path: Path, statement: str) -> None:
    connection = sqlite3.connect(tmp_path / "store.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="insert-only"):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_done_to_it_is_found_and_named(store: Store, tmp_path: Path, how: str) -> None:
    statement, words = TAMPERED[how]
    tamper(tmp_path, statement)
    problems = "\n".join(store.audit.verify())
    assert re.search(words, problems), problems


def test_mutant_without_hashes_a_changed_entry_is_not_found(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper(tmp_path, TAMPERED["changed"][0])
    monkeypatch.setattr(AuditEntry, "computed_hash", lambda self: self.hash)
    assert store.audit.verify() == []


def test_mutant_without_anchors_a_tail_cut_with_its_head_is_not_missed(store: Store, tmp_path: Path) -> None:
    tamper(tmp_path, "DELETE FROM audit WHERE seq > 4; DELETE FROM audit_heads")
    (tmp_path / "anchors").unlink()
    assert not any("cut off" in problem for problem in store.audit.verify())


def test_a_change_and_its_entry_are_written_together_or_not_at_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("no entry")

    plan = make_plan()
    monkeypatch.setattr(store.audit, "append", broken)
    with pytest.raises(RuntimeError):
        store.add_plan(plan)
    assert store.plan(plan.hash) is None


@pytest.fixture
def exported(store: Store, tmp_path: Path) -> Path:
    path = tmp_path / "record.md"
    path.write_text(export_text(store.audit, "a"))
    return path


def test_an_export_checks_out(store: Store, exported: Path) -> None:
    entries, problems = export_problems(exported, store.audit)
    assert (len(entries), problems) == (4, [])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"what":"one"', '"what":"two"', "entry 1 .* was changed"),
        ("line 2", "", "entry 2 is missing before entry 3"),
        ("line 4", "", "written with 4"),
        ("end", "", "its tail was cut off"),
    ],
)
def test_a_changed_export_is_found(store: Store, exported: Path, old: str, new: str, words: str) -> None:
    lines = exported.read_text().splitlines()
    first = lines.index("````jsonl") + 1
    if old.startswith("line "):
        del lines[first + int(old[5:]) - 1]
    elif old == "end":
        del lines[first + 4]
    else:
        lines[first] = lines[first].replace(old, new)
    exported.write_text("\n".join(lines))
    problems = "\n".join(export_problems(exported, store.audit)[1])
    assert re.search(words, problems), problems


def test_the_command_exports_and_verifies(
    assistant: OpsAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL).approve(by="dana", comment="go")
    assistant.close()
    monkeypatch.setenv("OPS_DATA_DIR", str(assistant.settings.data_dir))
    monkeypatch.setenv("OPS_ENGINE", "case-based")
    runner = CliRunner()
    record = tmp_path / "record.md"
    assert runner.invoke(app, ["audit", "export", run.thread_id, "-o", str(record)]).exit_code == 0
    text = record.read_text()
    assert "decision.approve" in text
    assert "by dana" in text
    assert runner.invoke(app, ["audit", "verify", str(record)]).exit_code == 0
    checked = runner.invoke(app, ["audit", "verify", "--json"])
    assert checked.exit_code == 0
    said = json.loads(checked.stdout)
    assert said["problems"] == []
    assert runner.invoke(app, ["audit", "verify", "--head", said["head"]]).exit_code == 0
    assert runner.invoke(app, ["audit", "verify", "--head", "0" * 64]).exit_code == 1
    tamper(assistant.settings.data_dir, "UPDATE audit SET body = replace(body, 'dana', 'eve')")
    found = runner.invoke(app, ["audit", "verify"])
    assert found.exit_code == 1
    assert "was changed" in found.stdout
