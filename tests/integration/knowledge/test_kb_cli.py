"""`ops-assistant kb`: what it prints and what it changes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ops_assistant.cli.kb import kb_app
from ops_assistant.tools.errors import InputError, NothingToActOn
from ops_assistant.tools.knowledge import Case, Curation, KnowledgeBase
from ops_assistant.tools.knowledge.store import to_yaml

MakeCase = Callable[..., Case]
runner = CliRunner()


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the packaged cases indexed, to copy: indexing takes seconds."""
    folder = tmp_path_factory.mktemp("seeded")
    with KnowledgeBase(folder / "knowledge") as base:
        base.search("no space left on device")
    return folder


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, seeded: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(seeded, tmp_path / "var")
    monkeypatch.setenv("OPS_DATA_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


def kb(*arguments: str, text: str | None = None) -> Result:
    result = runner.invoke(kb_app, list(arguments), input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def kb_json(*arguments: str, text: str | None = None) -> Any:
    return json.loads(kb(*arguments, "--json", text=text).stdout)


@pytest.fixture
def case_file(tmp_path: Path, make_case: MakeCase) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(
        to_yaml([make_case("heron-case", title="The heron ate the herring", systems=["aquarium"])])
    )
    return path


def test_a_case_from_file_to_removal(case_file: Path, tmp_path: Path) -> None:
    assert kb_json("add", str(case_file)) == {"added": ["heron-case"]}
    found = kb_json("search", "heron ate a herring", "--top-k", "1")
    assert found[0]["id"] == "heron-case"
    assert found[0]["why"]
    assert kb_json("show", "heron-case")["outcome_text"] == "not tried yet"
    assert [row["id"] for row in kb_json("list", "--system", "aquarium")] == ["heron-case"]
    assert kb_json("stats")["by_source"]["user"] == 1

    case_file.write_text(case_file.read_text().replace("ate the herring", "ate two herrings"))
    assert kb_json("edit", "heron-case", "--file", str(case_file)) == {"changed": ["heron-case"]}
    assert "two herrings" in kb("show", "heron-case").stdout

    assert kb_json("export", "out.yaml")["exported"] == 1
    assert kb_json("remove", "heron-case") == {"removed": ["heron-case"]}
    assert kb_json("import", "out.yaml")["added"] == ["heron-case"]


def test_text_output_of_a_search_says_why() -> None:
    output = kb("search", "sorry, too many clients already", "--top-k", "1").stdout
    assert "[too-many-connections]" in output
    assert "signature `too many clients`" in output
    assert "words: many, clients" in output


def test_editing_in_an_editor(case_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kb("add", str(case_file))
    texts = iter(["- id: heron-case\n", case_file.read_text().replace("ate the herring", "slept")])
    monkeypatch.setattr("click.edit", lambda *_, **__: next(texts))
    kb("edit", "heron-case", text="y\n")  # the first text has mistakes: edit again
    assert kb_json("show", "heron-case")["title"] == "The heron slept"


def test_leaving_the_editor_changes_nothing(case_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kb("add", str(case_file))
    monkeypatch.setattr("click.edit", lambda *_, **__: None)
    assert kb_json("edit", "heron-case") == {"changed": []}


def test_runbooks_are_reviewed_then_searched(tmp_path: Path) -> None:
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "redis.md").write_text(
        "# Redis\n## Restart\nsystemctl restart redis\n## Flush\nNever."
    )
    (tmp_path / "runbooks" / "bad.md").write_bytes(b"\xff\xff")
    report = kb_json("import", "runbooks")
    assert (report["passages"], report["queued"], len(report["skipped"])) == (2, 2, 1)
    waiting = kb_json("review")
    restart = next(item for item in waiting if item["passage"]["heading"] == "Redis > Restart")
    assert "systemctl restart redis" in kb("review", restart["id"]).stdout
    kb_json("review", restart["id"], "--accept")
    assert [item["result"] for item in kb_json("review", "--all", "--decline")["reviewed"]] == ["declined"]
    (hit,) = kb_json("search", "restart redis", "--passages")
    assert hit["passage"] == {
        "source": "redis.md",
        "heading": "Redis > Restart",
        "text": "systemctl restart redis",
    }


def test_a_proposed_case_is_edited_and_accepted(
    data_dir: Path, make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case("heron-case", title="The heron ate the herring", signatures=[{"text": "heron: herring gone"}],
                     symptoms=["The aquarium is empty", "The bird is fat"])  # fmt: skip
    item = Curation(KnowledgeBase(data_dir / "knowledge")).propose(case, "run-1")
    assert item is not None
    monkeypatch.setattr("click.edit", lambda text, **_: text.replace("ate the herring", "slept"))
    (result,) = kb_json("review", item, "--edit")["reviewed"]
    assert result["as"] == "case heron-case"
    assert kb_json("show", "heron-case")["title"] == "The heron slept"
    assert kb_json("review") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "nothing-here"], "no case `nothing-here`"),
        (["remove", "nothing-here"], "no case"),
        (["add", "missing.yaml"], "missing.yaml: cannot be read"),
        (["import"], "give a PATH or a --loader"),
        (["import", "missing"], "no such file"),
        (["import", "x", "--loader", "sharepoint"], "expected one of"),
        (["import", "x", "--loader", "text", "--option", "encoding"], "NAME=VALUE"),
        (["review", "--accept"], "give the ID"),
        (["review", "x", "--accept", "--decline"], "one of --accept"),
    ],
)
def test_mistakes_are_named(arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        kb(*arguments)


def test_nothing_waits() -> None:
    with pytest.raises(NothingToActOn):
        kb("review", "passage-0", "--accept")


def test_adding_an_id_twice_stores_nothing(case_file: Path, make_case: MakeCase) -> None:
    kb("add", str(case_file))
    case_file.write_text(to_yaml([make_case("other-case"), make_case("heron-case")]))
    with pytest.raises(InputError, match="`heron-case` exists already"):
        kb("add", str(case_file))
    assert kb_json("stats")["by_source"]["user"] == 1


def test_reindex_counts_the_cases(case_file: Path) -> None:
    kb("add", str(case_file))
    assert kb_json("reindex")["indexed"] == len(kb_json("list"))
