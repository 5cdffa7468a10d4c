"""The knowledge base over a real embedded Chroma store."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from ops_assistant.tools.digest.models import EvidenceLine, LogDigest, Template
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.knowledge import Case, KnowledgeBase

MakeCase = Callable[..., Case]


@pytest.fixture
def kb(tmp_path: Path, make_case: MakeCase) -> Iterator[KnowledgeBase]:
    with KnowledgeBase(tmp_path, seed=False) as base:
        base.add(make_case())
        base.add(
            make_case(
                "redis-disk-full",
                title="Redis cannot save because the disk is full",
                failure_mode="disk-full",
                systems=["redis"],
                symptoms=["Writes are refused", "Saving the snapshot fails"],
                signatures=[{"text": "MISCONF Redis is configured to save RDB snapshots", "weight": 2}],
                root_cause="The volume that holds the snapshot has no free space left.",
                environments=["production"],
            )
        )
        yield base


def test_a_log_line_finds_its_case_and_says_why(kb: KnowledgeBase) -> None:
    best = kb.search("HikariPool-1 - Connection is not available, request timed out after 30000ms.")[0]
    assert best.case.id == "pg-pool-empty"
    assert any("signature `Connection is not available" in reason for reason in best.why)
    assert 0.8 < best.score <= 1


def test_words_without_signature_find_the_case(kb: KnowledgeBase) -> None:
    assert kb.search("the cache has no free space on its volume")[0].case.id == "redis-disk-full"


def test_filters(kb: KnowledgeBase) -> None:
    text = "requests fail"
    assert {hit.case.id for hit in kb.search(text, systems=["Redis"])} == {"redis-disk-full"}
    assert {hit.case.id for hit in kb.search(text, failure_mode="db-connection-pool-exhausted")} == {
        "pg-pool-empty"
    }
    assert {hit.case.id for hit in kb.search(text, environment="test")} == {"pg-pool-empty"}
    assert len(kb.search(text, environment="production")) == 2


@pytest.mark.parametrize("text", ["", "   ", "12345", "\x00"])
def test_queries_without_words_find_nothing(kb: KnowledgeBase, text: str) -> None:
    assert kb.search(text) == []


def test_the_rare_severe_line_outvotes_the_frequent_ones(kb: KnowledgeBase) -> None:
    digest = LogDigest(
        templates=[
            Template(id="t1", template="requests wait for seconds", count=5000, level="info"),
            Template(id="t2", template="MISCONF Redis is configured to save", count=1, level="error"),
        ],
        evidence=[
            EvidenceLine(id="s1:1", source="a", line=1, level="info", template="t1",
                         text="requests wait for seconds"),
            EvidenceLine(id="s1:9", source="a", line=9, level="error", template="t2",
                         text="MISCONF Redis is configured to save RDB snapshots"),
        ],
    )  # fmt: skip
    hits = kb.search_digest(digest, alert_text="threads hang")
    assert [hit.case.id for hit in hits] == ["redis-disk-full", "pg-pool-empty"]
    assert hits[0].signatures[0].evidence_ids == ["s1:9"]


def test_an_empty_digest_finds_nothing(kb: KnowledgeBase) -> None:
    assert kb.search_digest(LogDigest()) == []


def test_changes_are_found_at_once_and_after_reopening(kb: KnowledgeBase, make_case: MakeCase) -> None:
    kb.update(make_case(title="The herring escaped from the aquarium"))
    assert kb.search("escaped herring")[0].case.id == "pg-pool-empty"
    kb.remove("pg-pool-empty")
    assert kb.get("pg-pool-empty") is None
    with KnowledgeBase(kb.data_dir, seed=False) as again:
        assert [case.id for case in again.cases()] == ["redis-disk-full"]
        assert {hit.case.id for hit in again.search("escaped herring")} <= {"redis-disk-full"}


def test_outcomes_are_kept_shown_and_move_the_rank(kb: KnowledgeBase, make_case: MakeCase) -> None:
    kb.add(
        make_case("pg-twin", systems=["mysql"], symptoms=["Orders pile up", "Nobody can log in to the shop"])
    )
    text = "Connection is not available, request timed out"
    first, second = (hit.case.id for hit in kb.search(text, top_k=2))
    kb.record_outcome(first, worked=False, rolled_back=True, on=date(2026, 11, 1))
    kb.record_outcome(second, worked=True, on=date(2026, 11, 2), run_id="t1")
    kb.record_outcome(second, worked=True, on=date(2026, 11, 2), run_id="t1")
    hits = kb.search(text, top_k=2)
    assert [hit.case.id for hit in hits] == [second, first]
    assert "worked 1 of 1 time, last 2026-11-02" in hits[0].why
    assert "FAILED 1 of 1 time, rolled back 1, last 2026-11-01" in hits[1].why


def test_near_duplicates_become_one_hit(kb: KnowledgeBase, make_case: MakeCase) -> None:
    kb.add(make_case("pg-pool-empty-again"))
    hits = kb.search("Connection is not available, request timed out")
    assert sum(hit.case.failure_mode == "db-connection-pool-exhausted" for hit in hits) == 1
    assert any(reason.startswith("also: pg-pool-empty") for reason in hits[0].why)


def test_errors_leave_everything_as_it_was(kb: KnowledgeBase, make_case: MakeCase) -> None:
    with pytest.raises(InputError, match="exists already"):
        kb.add(make_case())
    with pytest.raises(InputError, match="not a failure mode"):
        kb.add(make_case("new-case", failure_mode="gremlins"))
    with pytest.raises(InputError, match="no case"):
        kb.update(make_case("unknown-case"))
    with pytest.raises(InputError, match="no case"):
        kb.remove("unknown-case")
    assert len(kb.cases()) == 2


def test_a_bad_user_file_is_named_and_the_store_is_untouched(kb: KnowledgeBase) -> None:
    before = len(kb.search("requests fail"))
    bad = kb.data_dir / "cases" / "zz-bad.yaml"
    bad.write_text("- id: zz-bad\n  title: too little\n")
    with (
        KnowledgeBase(kb.data_dir, seed=False) as other,
        pytest.raises(InputError, match=r"zz-bad.yaml:1: case `zz-bad`"),
    ):
        other.search("anything")
    bad.unlink()
    assert len(kb.search("requests fail")) == before


def test_seed_cases_can_be_shadowed_but_not_removed(tmp_path: Path) -> None:
    with KnowledgeBase(tmp_path) as base:
        seed = base.cases()[0]
        with pytest.raises(InputError, match="comes with the package"):
            base.remove(seed.id)
        base.update(seed.model_copy(update={"title": "Our own wording of this case"}))
        assert base.get(seed.id).title == "Our own wording of this case"  # type: ignore[union-attr]
        count = len(base.cases())
        base.remove(seed.id)
        assert base.get(seed.id) == seed
        assert len(base.cases()) == count


def test_export_can_be_read_back(kb: KnowledgeBase, tmp_path: Path) -> None:
    kb.record_outcome("pg-pool-empty", worked=True, on=date(2026, 11, 2))
    assert kb.export(tmp_path / "out" / "mine.yaml") == 2
    from ops_assistant.tools.knowledge import load_cases

    loaded = {case.id: case for case in load_cases(tmp_path / "out")}
    assert loaded["pg-pool-empty"].outcome.worked == 1
