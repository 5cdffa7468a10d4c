"""Outcomes: what is counted, and how it is said."""

from datetime import date
from pathlib import Path

import pytest

from ops_assistant.tools.knowledge import CaseOutcome, outcome_text
from ops_assistant.tools.knowledge.outcomes import Attempt, OutcomeLog, ranking_factor


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (CaseOutcome(), "not tried yet"),
        (CaseOutcome(tried=5, worked=4, last=date(2026, 11, 2)), "worked 4 of 5 times, last 2026-11-02"),
        (CaseOutcome(tried=1, worked=1), "worked 1 of 1 time"),
        (CaseOutcome(tried=2, rolled_back=1, last=date(2026, 1, 3)),
         "FAILED 2 of 2 times, rolled back 1, last 2026-01-03"),
    ],
)  # fmt: skip
def test_outcome_text(outcome: CaseOutcome, text: str) -> None:
    assert outcome_text(outcome) == text


def test_totals_add_up_and_a_run_counts_once(tmp_path: Path) -> None:
    log = OutcomeLog(tmp_path / "outcomes.jsonl")
    first = Attempt(case_id="a", on=date(2026, 3, 1), worked=True, run_id="t1")
    assert log.append(first)
    assert not log.append(first)
    log.append(Attempt(case_id="a", on=date(2026, 2, 1), worked=False, rolled_back=True))
    assert log.totals() == {"a": CaseOutcome(tried=2, worked=1, rolled_back=1, last=date(2026, 3, 1))}


def test_a_line_torn_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    log = OutcomeLog(tmp_path / "outcomes.jsonl")
    log.append(Attempt(case_id="a", on=date(2026, 3, 1), worked=True))
    with (tmp_path / "outcomes.jsonl").open("ab") as file:
        file.write(b'{"case_id": "a", "on"')
    log.append(Attempt(case_id="a", on=date(2026, 3, 2), worked=True))
    assert log.totals()["a"].worked == 2


def test_success_raises_and_failure_lowers_the_rank() -> None:
    failed, untried, worked = (
        ranking_factor(outcome)
        for outcome in (CaseOutcome(tried=3), CaseOutcome(), CaseOutcome(tried=3, worked=3))
    )
    assert failed < untried == 1 < worked
