"""scale_up and scale_down: totals, their risk, and the way back."""

import pytest

from ops_assistant.tools.errors import InputError


@pytest.mark.parametrize(
    ("type_", "replicas", "risk"),
    [
        ("scale_up", 8, "low"),
        ("scale_up", 9, "medium"),
        ("scale_down", 2, "medium"),
        ("scale_down", 1, "high"),
    ],
)
def test_the_further_from_now_the_riskier(plan, type_: str, replicas: int, risk: str) -> None:
    planned = plan(type_, replicas=replicas)
    assert planned.risk == risk
    assert planned.preview.text() == f"simulated.scale(service='api', replicas={replicas})"
    assert planned.preview.idempotent


@pytest.mark.parametrize(("type_", "other"), [("scale_up", "scale_down"), ("scale_down", "scale_up")])
def test_the_undo_is_an_action_of_the_catalogue_back_to_what_was(plan, type_: str, other: str) -> None:
    undo = plan(type_, replicas=5 if type_ == "scale_up" else 3).preview.undo
    assert undo.model_dump() == {"type": other, "params": {"service": "api", "replicas": 4}}


@pytest.mark.parametrize(
    ("type_", "replicas", "words"),
    [("scale_up", 4, "above the 4"), ("scale_down", 4, "below the 4"), ("scale_down", 0, "`replicas`")],
)
def test_the_wrong_way_and_down_to_nothing_are_refused(plan, type_: str, replicas: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        plan(type_, replicas=replicas)
