"""What a run waits for, as a terminal and a program see it: what is known, and the command of each answer."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from ops_assistant import InputError, OpsAssistant
from ops_assistant.render.terminal import print_run
from ops_assistant.run import Run
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.actions.base import BackendResult

from scenarios import POOL


def printed(run: Run) -> str:
    """Return the page without its line ends, so that words can be looked for."""
    out = io.StringIO()
    print_run(run, Console(file=out, highlight=False, width=120))
    return re.sub(r"\s+", " ", out.getvalue())


@pytest.fixture
def stopped(assistant: OpsAssistant, monkeypatch: pytest.MonkeyPatch) -> Run:
    hostile = BackendResult(
        ok=False, problem="unknown", output="lost the connection\x1b[2J [bold]to it[/bold]"
    )
    monkeypatch.setattr(SimulatedBackend, "run", lambda self, preview, *, key: hostile)
    monkeypatch.setattr(SimulatedBackend, "probe", lambda *args, **kwargs: None)
    return assistant.investigate(POOL).approve(by="dana")


def test_an_action_that_stopped_the_plan_is_told_with_its_choices(stopped: Run) -> None:
    page = printed(stopped)
    assert "An action has stopped the plan" in page
    action = stopped.plan.actions[0] if stopped.plan else None
    assert action is not None
    for words in (
        f"{action.id} {action.type} through simulated, risk {action.risk}",
        "by process ",
        "approved by dana",
        "its target cannot tell whether it took effect",
        action.preview.call,
        "lost the connection",
        "[bold]to it[/bold]",
    ):
        assert words in page
    assert "\x1b" not in page
    for choice in ("retry", "skip", "abort"):
        assert f"ops-assistant reconcile {stopped.thread_id} {choice}" in page


def test_programs_see_the_same_question(stopped: Run) -> None:
    told = stopped.to_json()
    assert told["waits_for"] == "reconcile"
    asked: dict[str, Any] = told["question"]["reconcile"]
    assert asked["approved_by"] == "dana"
    assert asked["started_by"].startswith("process ")
    assert asked["started_at"]
    assert {item["choice"]: item["command"].split()[1] for item in asked["choices"]} == {
        "retry": "reconcile", "skip": "reconcile", "abort": "reconcile",
    }  # fmt: skip


def test_a_plan_is_told_with_its_commands_and_a_completed_run_asks_nothing(assistant: OpsAssistant) -> None:
    run = assistant.investigate(POOL)
    page = printed(run)
    for command in ("approve", "edit", "reject", "abort"):
        assert f"ops-assistant {command} {run.thread_id[:8]}" in page
    done = printed(run.approve(by="dana"))
    assert "ops-assistant approve" not in done
    assert run.to_json()["question"] is None


def test_an_edit_is_stored_and_shown_with_what_it_changed(assistant: OpsAssistant) -> None:
    run = assistant.investigate(POOL)
    edited = {"actions": [{"id": "a1", "type": "clear_cache", "params": {"service": "api-server"}}]}
    run.edit(edited, by="dana")
    assert run.decision is not None
    (change,) = run.decision.changes
    assert change.startswith("a1: simulated.")
    assert "becomes simulated.clear_cache" in change
    assert change in printed(run)
    assert [entry.body["changes"] for entry in assistant.audit.entries(run.thread_id)
            if entry.kind == "decision.edit"] == [[change]]  # fmt: skip


def test_a_plan_that_changed_since_it_was_shown_is_refused_with_the_difference(
    assistant: OpsAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"started": "monday"}
    monkeypatch.setattr(SimulatedBackend, "precondition", lambda self, preview: dict(state))
    run = assistant.investigate(POOL)
    twin = assistant.open(run.thread_id)
    state["started"] = "tuesday"
    run.approve(by="dana")  # stale: asked again
    assert run.question is not None
    assert any("started was 'monday' and is 'tuesday'" in line for line in run.question["changes"])
    with pytest.raises(InputError, match="What has changed: .*started was 'monday' and is 'tuesday'"):
        twin.approve(by="eve")
