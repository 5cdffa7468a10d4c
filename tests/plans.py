"""Plans for tests."""

from datetime import UTC, datetime, timedelta

from ops_assistant.graph.models import Plan, PlanBody, PlannedAction
from ops_assistant.tools.actions import Preview


def make_plan(count: int = 2) -> Plan:
    """Return a plan that restarts `count` services."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Plan.of(
        PlanBody(
            thread_id="t", created_at=now, expires_at=now + timedelta(hours=1),
            actions=[
                PlannedAction(
                    id=f"a{number}", type="restart_service", params={"service": f"s{number}"}, backend="simulated",
                    preview=Preview(kind="call", call="simulated.restart", args={}), risk="low",
                )
                for number in range(1, count + 1)
            ],
        )
    )  # fmt: skip
