"""Runs that an older version of the graph paused: their plan runs as hashed, or is asked about again; never lost."""

from typing import Any

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from ops_assistant import OpsAssistant, Settings
from ops_assistant.graph import approval_request
from ops_assistant.graph.checkpoints import open_checkpointer
from ops_assistant.graph.state import IncidentState
from ops_assistant.run import Run
from ops_assistant.tools.actions.catalogue import CATALOGUE

from faulty import config, effects
from scenarios import POOL


def paused_by_an_older_graph(assistant: OpsAssistant, settings: Settings, *, channels: bool = True) -> Run:
    """Return a run that waits in a step whose name is not in the graph any more."""
    run = assistant.investigate(POOL)
    with open_checkpointer(settings.checkpoint_file) as saver:
        found = saver.get_tuple(config(run.thread_id))
        assert found is not None
        values = dict(found.checkpoint["channel_values"])
        saver.delete_thread(run.thread_id)
        kept = {key: value for key, value in values.items() if key in IncidentState.__annotations__}
        for key in () if channels else ("approval_notice", "resolution", "resolution_error", "taken"):
            kept.pop(key, None)
        old = StateGraph(IncidentState)
        old.add_node("ask_the_person", lambda state: {"errors": [str(interrupt({"plan": "old form"}))]})
        old.add_edge(START, "ask_the_person")
        old.add_edge("ask_the_person", END)
        graph = old.compile(checkpointer=saver)
        graph.invoke(kept, config(run.thread_id), durability="sync")  # type: ignore[call-overload]
        assert graph.get_state(config(run.thread_id)).interrupts
    return assistant.open(run.thread_id)


@pytest.mark.parametrize("channels", [True, False], ids=["all channels", "without the newer ones"])
def test_a_step_that_was_renamed_is_asked_again_and_runs_what_was_hashed(
    assistant: OpsAssistant, settings: Settings, channels: bool
) -> None:
    run = paused_by_an_older_graph(assistant, settings, channels=channels)
    shown = run.plan
    assert run.status == "awaiting_approval"
    assert run.thread_id in [row["thread_id"] for row in assistant.rows("awaiting_approval")]
    run.approve(by="dana")
    assert run.status == "completed"
    assert shown is not None
    assert [outcome.plan_hash for outcome in run.outcomes] == [shown.hash]
    assert len(effects(settings)) == 1


def test_resume_puts_the_question_again(assistant: OpsAssistant, settings: Settings) -> None:
    run = paused_by_an_older_graph(assistant, settings)
    assert run.question is None
    run.resume()
    assert run.waits_for == "approval"
    assert effects(settings) == []


def test_mutant_without_a_way_back_the_plan_is_dropped(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpsAssistant, "_way_back", lambda *args: None)
    run = paused_by_an_older_graph(assistant, settings).resume()
    assert run.waits_for == "nothing"  # nobody could ever decide on it


def test_approved_by_an_older_graph_and_not_executed_it_is_executed(
    assistant: OpsAssistant, settings: Settings
) -> None:
    run = paused_by_an_older_graph(assistant, settings)
    assert run.plan is not None
    deps = assistant._dependencies
    from datetime import UTC, datetime

    from ops_assistant.graph.models import Decision

    decision = Decision(
        plan_hash=run.plan.hash, thread_id=run.thread_id, kind="approve", by="dana", door="cli",
        decided_at=datetime.now(UTC), expires_at=run.plan.expires_at,
    )  # fmt: skip
    deps.store.record_decision(decision, seal="s")
    assert [item.stopped for item in assistant.interrupted()] == ["approved"]
    assert assistant.recover()[0].status == "completed"
    assert len(effects(settings)) == 1


def test_a_changed_renderer_changes_nothing_of_what_is_approved(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)
    monkeypatch.setattr(approval_request, "fenced", lambda text: f"shown otherwise: {len(text)}")
    again = assistant.open(run.thread_id)
    assert run.plan is not None
    assert again.plan is not None
    assert again.plan.hash == run.plan.hash
    assert again.approve(by="dana").outcomes[0].plan_hash == run.plan.hash


def test_an_action_that_left_the_catalogue_is_not_executed_differently(
    assistant: OpsAssistant, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs is the stored preview, byte for byte: the catalogue of today is not asked what it would be now."""
    run = assistant.investigate(POOL)
    assert run.plan is not None
    planned = run.plan.actions[0].preview
    monkeypatch.delitem(CATALOGUE, run.plan.actions[0].type)
    seen: list[Any] = []
    from ops_assistant.tools.actions.backends.simulated import SimulatedBackend

    real = SimulatedBackend.run

    def look(self: SimulatedBackend, preview: Any, *, key: str) -> Any:
        seen.append(preview)
        return real(self, preview, key=key)

    monkeypatch.setattr(SimulatedBackend, "run", look)
    assistant.open(run.thread_id).approve(by="dana")
    assert seen == [planned]
