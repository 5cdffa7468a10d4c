"""Answers to the approval request: strict, and clear about what was expected."""

from typing import Any

import pytest

from ops_assistant.graph.answers import parse_answer
from ops_assistant.tools.errors import InputError

from plans import make_plan

APPROVE = {"type": "approve"}
REJECT = {"type": "reject", "message": "not now"}


def test_all_approved() -> None:
    assert parse_answer({"decisions": [APPROVE, APPROVE]}, make_plan()).kind == "approve"


def test_all_rejected_keeps_the_reasons() -> None:
    answer = parse_answer(
        {"decisions": [REJECT, {"type": "respond", "message": "try the cache"}]}, make_plan()
    )
    assert (answer.kind, answer.comment) == ("reject", "not now; try the cache")


def test_some_approved_is_a_smaller_plan() -> None:
    answer = parse_answer({"decisions": [REJECT, APPROVE]}, make_plan())
    assert answer.kind == "edit"
    assert [(action_id, action.params) for action_id, action in answer.edits] == [("a2", {"service": "s2"})]


def test_an_edited_action_replaces_the_shown_one() -> None:
    edited = {
        "type": "edit",
        "edited_action": {"name": "scale_up", "args": {"service": "s1", "replicas": "3"}},
    }
    answer = parse_answer({"decisions": [edited, APPROVE]}, make_plan())
    assert [(key, action.type) for key, action in answer.edits] == [
        ("a1", "scale_up"),
        ("a2", "restart_service"),
    ]


def test_one_abort_ends_it_all() -> None:
    assert parse_answer({"decisions": [APPROVE, {"type": "abort"}]}, make_plan()).kind == "abort"


def test_our_own_forms() -> None:
    plan = make_plan()
    assert parse_answer({"type": "approve", "by": "dana", "plan_hash": plan.hash}, plan).by == "dana"
    whole = {
        "type": "edit",
        "plan": {"hash": plan.hash, "actions": [{"id": "a2", "type": "x", "params": {}}]},
    }
    assert [key for key, _ in parse_answer(whole, plan).edits] == ["a2"]


@pytest.mark.parametrize(
    "raw",
    [
        True, False, None, 0, "approve", "yes", [], {}, {"x": False}, {"not-an-id": False}, {"approved": True},
        {"decisions": []}, {"decisions": [APPROVE]}, {"decisions": [APPROVE] * 3}, {"decisions": "approve"},
        {"decisions": [{"type": "accept"}, APPROVE]}, {"decisions": [{"type": "APPROVE"}, APPROVE]},
        {"decisions": [{"type": "approve", "extra": 1}, APPROVE]}, {"decisions": [None, APPROVE]},
        {"decisions": [{"type": "edit"}, APPROVE]}, {"decisions": [APPROVE, APPROVE], "also": 1},
        {"type": "yes"}, {"type": "edit"}, {"type": "edit", "plan": {}}, {"type": "edit", "plan": {"actions": [{}]}},
        [{"type": "accept", "args": None}],
    ],
    ids=str,
)  # fmt: skip
def test_nonsense_is_no_approval_and_says_what_is_expected(raw: Any) -> None:
    with pytest.raises(InputError, match="expected|decision"):
        parse_answer(raw, make_plan())


def test_an_answer_to_another_plan_is_refused() -> None:
    with pytest.raises(InputError, match="look at it and answer again"):
        parse_answer({"type": "approve", "plan_hash": make_plan(1).hash}, make_plan(2))
