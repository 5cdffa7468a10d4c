"""Learning: from a finished run to a case, or to one more outcome of a known case."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ops_assistant.tools.errors import InputError
from ops_assistant.tools.knowledge import Case, Curation, KnowledgeBase, Learned, learn, propose_case
from ops_assistant.tools.knowledge.learning import fixed_words

MakeCase = Callable[..., Case]


@pytest.fixture
def kb(tmp_path: Path, make_case: MakeCase) -> Iterator[KnowledgeBase]:
    with KnowledgeBase(tmp_path, seed=False) as base:
        base.add(make_case())
        yield base


def finished_run(line: str, **changes: Any) -> dict[str, Any]:
    run: dict[str, Any] = {
        "alert": {"id": "alert-77", "service": "order-api", "message": "Orders fail since noon"},
        "digest": {
            "evidence": [
                {"id": "s1:3", "text": line, "template": "t1"},
                {
                    "id": "s1:9",
                    "text": "2026-11-24 12:00:01 INFO heron ate the herring at 10.0.0.7",
                    "template": "t2",
                },
            ],
            "templates": [{"id": "t1", "count": 900}, {"id": "t2", "count": 1}],
        },
        "diagnosis": {
            "failure_mode": "db-connection-pool-exhausted",
            "root_cause": "Every connection was borrowed.",
            "evidence": [
                {"id": "s1:3", "quote": "x"},
                {"id": "s1:9", "quote": "y"},
                {"id": "s9:9", "quote": "z"},
            ],
        },
        "recommendation": {
            "solutions": [{"priority": 1, "description": "Restart", "steps": ["Restart order-api"]}]
        },
        "plan": {"actions": [{"type": "restart_service", "params": {"service": "order-api"}, "id": "a1"}]},
        "outcomes": [
            {
                "status": "succeeded",
                "started_at": "2026-11-24T12:10:00Z",
                "finished_at": "2026-11-24T12:17:00Z",
            }
        ],
        "verification": {"status": "recovered"},
    }
    return run | changes


def test_a_run_becomes_a_case() -> None:
    case = propose_case(finished_run("2026-11-24 12:00:00 ERROR Gremlins sit in the gear box, count=15"))
    assert case is not None
    assert case.source == "learned"
    # The rare line comes first; numbers, times and addresses are no part of a signature.
    assert [item.text for item in case.signatures] == [
        "INFO heron ate the herring at",
        "ERROR Gremlins sit in the gear box",
    ]
    assert case.actions[0].type == "restart_service"
    assert (case.outcome.tried, case.outcome.worked) == (1, 1)
    assert case.estimated_time == "7 min"


@pytest.mark.parametrize(
    ("changes", "worked", "rolled_back"),
    [
        ({"verification": {"status": "unchanged"}}, 0, 0),
        ({"verification": None}, 0, 0),
        ({"outcomes": [{"status": "failed"}, {"status": "rolled_back"}]}, 0, 1),
    ],
)
def test_a_remedy_that_failed_is_proposed_as_failed(
    changes: dict[str, Any], worked: int, rolled_back: int
) -> None:
    case = propose_case(finished_run("Gremlins sit in the gear box", **changes))
    assert case is not None
    assert (case.outcome.worked, case.outcome.rolled_back) == (worked, rolled_back)


@pytest.mark.parametrize(
    "changes",
    [
        {"outcomes": []},
        {"diagnosis": {"failure_mode": "no-fault"}},
        {"diagnosis": {"failure_mode": "unknown"}},
        {"diagnosis": None},
        {"recommendation": None},
        {"digest": {}},
    ],
)
def test_runs_that_teach_nothing(changes: dict[str, Any]) -> None:
    assert propose_case(finished_run("Gremlins sit in the gear box", **changes)) is None


@pytest.mark.parametrize("line", ["", "12:00:01 500 0x7f", "ERROR: failed", "key=1 key=2"])
def test_lines_without_words_give_no_signature(line: str) -> None:
    assert fixed_words(line) is None


def test_something_new_becomes_a_case_once(kb: KnowledgeBase) -> None:
    case = propose_case(finished_run("Gremlins sit in the gear box"))
    assert case is not None
    for _ in range(2):
        assert learn(kb, case, on=date(2026, 11, 24), run_id="run-1") == Learned("case", case.id)
    assert kb.search("gremlins in the gear box")[0].case.id == case.id
    assert kb.get(case.id) == case


def test_a_repeat_becomes_an_outcome_once(kb: KnowledgeBase) -> None:
    case = propose_case(
        finished_run("HikariPool-1 - Connection is not available, request timed out after 30000ms.")
    )
    assert case is not None
    for _ in range(2):
        assert learn(kb, case, on=date(2026, 11, 24), run_id="run-1") == Learned("outcome", "pg-pool-empty")
    assert len(kb.cases()) == 1
    known = kb.get("pg-pool-empty")
    assert known is not None
    assert (known.outcome.tried, known.outcome.worked) == (1, 1)


def test_editing_a_case_does_not_count_its_outcomes_twice(kb: KnowledgeBase) -> None:
    kb.record_outcome("pg-pool-empty", worked=True, on=date(2026, 11, 24))
    known = kb.get("pg-pool-empty")
    assert known is not None
    kb.update(known.model_copy(update={"title": "The pool is empty, says the operator"}))
    changed = kb.get("pg-pool-empty")
    assert changed is not None
    assert changed.outcome == known.outcome


def test_review_accepts_edits_and_declines(kb: KnowledgeBase) -> None:
    curation = Curation(kb)
    case = propose_case(finished_run("Gremlins sit in the gear box"))
    assert case is not None
    item = curation.propose(case, "run-1")
    assert item is not None
    assert kb.get(case.id) is None  # nothing is stored before a person said so
    edited = case.model_copy(update={"title": "Gremlins, as we call them"})
    assert curation.accept(item, edited=edited) == Learned("case", case.id)
    stored = kb.get(case.id)
    assert stored is not None
    assert stored.title == "Gremlins, as we call them"
    assert curation.queue.items() == []

    unwanted = case.model_copy(update={"id": "unwanted-case"})
    second = curation.propose(unwanted, "run-2")
    assert second is not None
    curation.decline(second)
    assert curation.propose(unwanted, "run-3") is None


def test_exported_cases_come_back_with_their_outcomes(kb: KnowledgeBase, tmp_path: Path) -> None:
    kb.record_outcome("pg-pool-empty", worked=True, on=date(2026, 11, 24))
    kb.export(tmp_path / "mine.yaml")
    with KnowledgeBase(tmp_path / "fresh", seed=False) as fresh:
        curation = Curation(fresh)
        assert curation.import_cases(tmp_path / "mine.yaml")["added"] == ["pg-pool-empty"]
        assert curation.import_cases(tmp_path / "mine.yaml")["kept"] == ["pg-pool-empty"]
        restored = fresh.get("pg-pool-empty")
        assert restored is not None
        assert restored.outcome.worked == 1


def test_a_bad_import_stores_nothing(kb: KnowledgeBase, tmp_path: Path, make_case: MakeCase) -> None:
    from ops_assistant.tools.knowledge.store import to_yaml

    text = to_yaml([make_case("good-case"), make_case("bad-case")]).replace("weight: 3", "weight: 9", 2)
    (tmp_path / "mixed.yaml").write_text(text.replace("weight: 9", "weight: 3", 1))
    with pytest.raises(InputError, match=r"mixed.yaml:\d+: case `bad-case`: signatures.0.weight"):
        Curation(kb).import_cases(tmp_path / "mixed.yaml")
    assert len(kb.cases()) == 1
