"""What a person is asked, and may answer, about a symptom that stayed although the plan was executed.

The same form and choices as about an action that stopped a plan, see `resolutions`; here they mean:
`retry` look for another plan, `skip` take the symptom as it is, `abort` end the run as failed.
"""

from typing import Any

from ..tools.markdown import plain
from .models import Plan, Verification
from .resolutions import choice, question

ABOUT = "symptom"
"""What a sealed answer says it is about, so that one about an action is never taken for one about a symptom."""


def symptom_request(plan: Plan, found: Verification, *, error: str | None = None) -> dict[str, Any]:
    """Return the interrupt's payload."""
    choices = [
        choice("retry", plan.thread_id, "look for another plan; it waits for approval"),
        choice("skip", plan.thread_id, "take it as it is: the run is completed"),
        choice("abort", plan.thread_id, "stop here: the run has failed"),
    ]
    checks = "\n".join(f"- {plain(item.what)}: {item.result}; {plain(item.detail)}" for item in found.checks)
    about = f"The plan was executed and the symptom is {found.status}.\n{checks}"
    request = question("symptom", about, choices, plan)
    request["symptom"] = {
        "status": found.status,
        "checks": [item.model_dump(mode="json") for item in found.checks],
        "done": [f"{item.id} {item.type}: {item.preview.text()}" for item in plan.actions],
        "look_again": f"ops-assistant resume {plan.thread_id}",
        "choices": choices,
    }
    if error is not None:
        request["error"] = error
    return request
