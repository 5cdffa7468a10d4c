"""The difference between two plans, in words."""

from typing import Any

from ops_assistant.graph.models import Plan, PlanBody
from ops_assistant.graph.plan_difference import plan_difference

from plans import make_plan


def with_actions(plan: Plan, *actions: Any) -> Plan:
    body = plan.model_dump(exclude={"hash", "actions"})
    return Plan.of(PlanBody.model_validate({**body, "actions": [action.model_dump() for action in actions]}))


def test_equal_plans_do_not_differ() -> None:
    plan = make_plan(2)
    assert plan_difference(plan, plan) == []


def test_parameters_preconditions_and_risk() -> None:
    plan = make_plan(1)
    (action,) = plan.actions
    preview = action.preview.model_copy(update={"precondition": {"started": "tuesday"}})
    changed = action.model_copy(update={"params": {"service": "s9"}, "preview": preview, "risk": "high"})
    assert plan_difference(plan, with_actions(plan, changed)) == [
        "a1 restart_service: service was 's1' and is 's9'",
        "a1 restart_service: its target has moved, started was None and is 'tuesday'",
        "a1 restart_service: its risk was low and is high",
    ]


def test_what_is_new_left_out_or_in_another_order() -> None:
    plan = make_plan(3)
    first, second, third = plan.actions
    new = first.model_copy(update={"id": "a9"})
    assert plan_difference(plan, with_actions(plan, third, first, new)) == [
        "a9 is new: simulated.restart()",
        "a2 restart_service is left out",
        "the order is now a3, a1",
    ]
    assert second.id == "a2"


def test_another_type_is_told_by_what_it_would_do() -> None:
    plan = make_plan(1)
    preview = plan.actions[0].preview.model_copy(update={"call": "simulated.scale"})
    other = plan.actions[0].model_copy(update={"type": "scale_up", "preview": preview})
    assert plan_difference(plan, with_actions(plan, other)) == [
        "a1: simulated.restart() becomes simulated.scale()"
    ]
