"""Runbooks cut into passages, and what waits for review."""

from pathlib import Path

import pytest

from ops_assistant.tools.errors import InputError, KnowledgeBaseError, NothingToActOn
from ops_assistant.tools.knowledge import Curation, KnowledgeBase, RunbookPassage
from ops_assistant.tools.knowledge.importing import import_markdown, import_with_loader, split_markdown

pytestmark = pytest.mark.filterwarnings("ignore:.*langchain-community:DeprecationWarning")

RUNBOOK = """---
owner: platform
---
# Redis

Introduction.

## Restart

```sh
# a comment, not a heading
systemctl restart redis
```

## Memory
### Limits
Raise `maxmemory`.
# Kafka
Ask the platform team.
"""


def test_passages_keep_their_heading_path_and_code() -> None:
    passages = split_markdown(RUNBOOK, "redis.md")
    assert [item.heading for item in passages] == [
        "Redis",
        "Redis > Restart",
        "Redis > Memory > Limits",
        "Kafka",
    ]
    assert "# a comment, not a heading\nsystemctl restart redis" in passages[1].text
    assert {item.source for item in passages} == {"redis.md"}


def test_long_sections_are_cut_at_blank_lines_and_lose_nothing() -> None:
    paragraphs = [f"paragraph {number} " + "x" * 600 for number in range(5)] + ["y" * 4000]
    passages = split_markdown("# Long\n\n" + "\n\n".join(paragraphs), "long.md")
    assert all(len(item.text) <= 1600 for item in passages)
    joined = "".join(item.text for item in passages).replace("\n", "")
    assert joined == "".join(paragraphs)


@pytest.mark.parametrize("text", ["", "\n\n", "# Only a heading\n", "---\nfront: matter\n---\n"])
def test_nothing_to_keep(text: str) -> None:
    assert split_markdown(text, "empty.md") == []


def test_a_folder_is_read_in_full_and_bad_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "a.md").write_text("# A\ntext a")
    (tmp_path / "b.markdown").write_text("text b")
    (tmp_path / "c.txt").write_text("not Markdown")
    (tmp_path / "d.md").write_bytes(b"\xff\xfe\x00bad")
    imported = import_markdown(tmp_path)
    assert sorted(item.source for item in imported.passages) == ["b.markdown", "team/a.md"]
    assert len(imported.skipped) == 1
    assert "d.md: not UTF-8" in imported.skipped[0]


def test_nothing_to_import_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no Markdown file"):
        import_markdown(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        import_markdown(tmp_path / "missing")


@pytest.mark.parametrize("name", ["notion", "directory"])
def test_document_loaders(tmp_path: Path, name: str) -> None:
    (tmp_path / "Restart Redis 0123abcd.md").write_text("# Restart\nsystemctl restart redis")
    options = {"path": str(tmp_path)} | ({"glob": "**/*.md"} if name == "directory" else {})
    (passage,) = import_with_loader(name, options).passages
    assert passage.heading == "Restart"
    assert passage.source.endswith("Restart Redis 0123abcd.md")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [("sharepoint", {}, "expected one of"), ("text", {"colour": "red"}, "colour")],
)
def test_loader_mistakes_are_named(name: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        import_with_loader(name, options)


def test_a_loader_that_fails_is_reported(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeBaseError, match="loader `text` failed"):
        import_with_loader("text", {"file_path": str(tmp_path / "missing.md")})


def test_a_loader_without_its_package_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def no_client(_: object) -> None:
        raise ImportError("please install `some-client`")

    monkeypatch.setattr("langchain_community.document_loaders.text.TextLoader.lazy_load", no_client)
    with pytest.raises(KnowledgeBaseError, match="some-client"):
        import_with_loader("text", {"file_path": str(tmp_path / "x.md")})


@pytest.fixture
def curation(tmp_path: Path) -> Curation:
    return Curation(KnowledgeBase(tmp_path, seed=False))


def test_only_accepted_passages_are_searched(curation: Curation) -> None:
    passages = split_markdown(RUNBOOK, "redis.md")
    assert curation.queue_passages(passages, "import of redis.md") == 4
    assert curation.search_passages("restart redis") == []
    accepted, declined = passages[1], passages[3]
    curation.accept(accepted.id)
    curation.decline(declined.id)
    (hit,) = curation.search_passages("how to restart redis")
    assert (hit.passage, hit.passage.heading) == (accepted, "Redis > Restart")
    # A second import brings back neither what was accepted nor what was declined.
    assert curation.queue_passages(passages, "again") == 0
    assert len(curation.queue.items()) == 2


def test_unknown_and_strange_ids(curation: Curation) -> None:
    for name in ("passage-0", "../lock", ""):
        with pytest.raises(NothingToActOn):
            curation.queue.get(name)


def test_a_damaged_queue_file_is_named(curation: Curation, tmp_path: Path) -> None:
    curation.queue_passages([RunbookPassage(source="a", text="text")], "test")
    (path,) = (tmp_path / "review").glob("*.yaml")
    path.write_text("kind: [")
    with pytest.raises(InputError, match=path.name):
        curation.queue.items()
