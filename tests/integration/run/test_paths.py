"""Whole runs on real input, through the Python API: every path a person can take."""

from pathlib import Path

import pytest

from ops_assistant import InputError, NothingToActOn, OpsAssistant, Settings
from ops_assistant.events import Event
from ops_assistant.run import Run
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.knowledge import Curation

from scenarios import HEAP, NO_FAULT, POOL


def executed(assistant: OpsAssistant) -> list[str]:
    """Return the calls that the simulated backend has really run."""
    journal = SimulatedBackend(assistant.settings.data_dir / "simulated.jsonl")
    return [entry["call"] for entry in journal.entries()]


def waiting(assistant: OpsAssistant) -> Run:
    run = assistant.investigate(POOL)
    assert run.status == "awaiting_approval"
    return run


def test_the_pool_is_the_cause_and_not_the_time_out(assistant: OpsAssistant) -> None:
    run = waiting(assistant)
    assert run.diagnosis is not None
    assert run.diagnosis.failure_mode == "db-connection-pool-exhausted"
    assert run.diagnosis.proven
    assert run.digest is not None
    cited = [line.text for item in run.diagnosis.evidence if (line := run.digest.line(item.id))]
    assert any("50/50 connections in use" in text for text in cited)
    assert run.log_analysis is not None
    assert run.log_analysis.error_count == 4
    assert run.log_analysis.first_occurrence is not None
    assert run.log_analysis.first_occurrence.startswith("2026-02-20T03:15:28")
    assert run.diagnosis.similar_cases[0].why
    assert run.recommendation is not None
    assert run.recommendation.solutions[0].steps
    assert run.recommendation.preventive_measures


def test_the_heap_is_the_cause_and_not_the_thread_error(assistant: OpsAssistant) -> None:
    run = assistant.investigate(HEAP)
    assert run.diagnosis is not None
    assert run.diagnosis.failure_mode == "heap-out-of-memory"
    assert run.plan is not None
    assert run.plan.actions[0].params["service"] == "worker-service"


def test_approve_executes_exactly_the_plan_once(assistant: OpsAssistant) -> None:
    run = waiting(assistant)
    assert run.plan is not None
    planned = [action.preview.call for action in run.plan.actions]
    run.approve(by="dana", comment="go")
    assert run.status == "completed"
    assert executed(assistant) == planned
    assert [outcome.status for outcome in run.outcomes] == ["succeeded"] * len(planned)
    assert run.decision is not None
    assert (run.decision.kind, run.decision.by, run.decision.comment) == ("approve", "dana", "go")
    assert run.report is not None
    assert "approve by dana" in run.report.markdown
    assert run.incident.verification is not None
    assert (
        run.incident.verification.status == "unverified"
    )  # inline logs, simulated backend: nothing can be claimed
    (item,) = Curation(assistant.knowledge_base).queue.items()
    assert (item.kind, item.origin) == ("case", run.thread_id)
    assert item.case is not None
    assert item.case.outcome.tried == 0  # a simulated action says nothing about the remedy
    assert assistant.knowledge_base.get(item.case.id) is None  # until a person accepts it


@pytest.mark.parametrize("again", ["approve", "reject", "abort"])
def test_deciding_twice_is_nothing_to_act_on(assistant: OpsAssistant, again: str) -> None:
    run = waiting(assistant)
    run.approve(by="dana")
    before = executed(assistant)
    with pytest.raises(NothingToActOn, match="approve by dana"):
        run.reject("no", by="eve") if again == "reject" else getattr(run, again)(by="eve")
    assert executed(assistant) == before


def test_abort_executes_nothing(assistant: OpsAssistant) -> None:
    run = waiting(assistant).abort(by="dana", reason="false alarm")
    assert run.status == "aborted"
    assert executed(assistant) == []
    assert run.report is not None
    assert "false alarm" in run.report.markdown


def test_reject_looks_once_for_another_plan(assistant: OpsAssistant) -> None:
    run = waiting(assistant)
    assert run.plan is not None
    first = [(action.type, action.params) for action in run.plan.actions]
    run.reject("the pool size is wrong, a restart changes nothing", by="dana")
    if run.status == "awaiting_approval":
        assert [(action.type, action.params) for action in run.plan.actions] != first
        run.reject("no", by="dana")
    assert run.status == "rejected"
    assert executed(assistant) == []


def test_an_edited_plan_is_what_runs(assistant: OpsAssistant) -> None:
    run = waiting(assistant)
    assert run.plan is not None
    plan = run.plan.model_dump(mode="json")
    plan["actions"] = [{"id": "a1", "type": "scale_up", "params": {"service": "api-server", "replicas": 7}}]
    run.edit(plan, by="dana")
    assert run.status == "completed"
    assert executed(assistant) == ["simulated.scale"]
    assert run.plan.actions[0].params == {"service": "api-server", "replicas": 7}
    assert run.decision is not None
    assert run.decision.replaced_by == run.plan.hash


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ([{"id": "a9", "type": "restart_service", "params": {"service": "api-server"}}], "unknown action id"),
        ([{"id": "a1", "type": "rm", "params": {}}], "unknown action type"),
        ([{"id": "a1", "type": "restart_service", "params": {"service": "db"}}], "not in the inventory"),
        ([{"id": "a1", "type": "restart_service", "params": {"service": "api-server"}}] * 2, "given twice"),
        ([], "no action"),
        ("all", "actions"),
    ],
)
def test_a_bad_edit_is_refused_and_the_run_still_waits(
    assistant: OpsAssistant, actions: object, words: str
) -> None:
    run = waiting(assistant)
    with pytest.raises(InputError, match=words):
        run.edit({"actions": actions}, by="dana")
    assert run.refresh().status == "awaiting_approval"
    assert executed(assistant) == []
    assert run.approve(by="dana").status == "completed"


def test_an_approval_of_a_plan_that_has_changed_is_refused(assistant: OpsAssistant) -> None:
    seen = waiting(assistant)
    other = assistant.open(seen.thread_id)
    assert seen.plan is not None
    other.reject("prefer another way", by="eve")
    with pytest.raises((InputError, NothingToActOn)):
        seen.approve(by="dana")
    assert executed(assistant) == []


def test_a_healthy_service_goes_straight_to_the_report(assistant: OpsAssistant) -> None:
    run = assistant.investigate(NO_FAULT)
    assert run.status == "completed"
    assert run.diagnosis is not None
    assert run.diagnosis.failure_mode in ("no-fault", "unknown")
    assert run.plan is None
    assert run.report is not None


def test_an_unknown_thread_is_nothing_to_act_on(assistant: OpsAssistant) -> None:
    with pytest.raises(NothingToActOn, match="no run 'nowhere'"):
        assistant.open("nowhere")


def test_a_bad_alert_leaves_no_run_behind(assistant: OpsAssistant) -> None:
    for bad in (
        {"service": "x"},
        {"service": "x", "message": "y"},
        {"service": "x", "message": "y", "logs": "  "},
    ):
        with pytest.raises(InputError):
            assistant.investigate(bad)
    with pytest.raises(InputError, match="nowhere.log"):
        assistant.investigate({"service": "x", "message": "y", "log_sources": ["nowhere.log"]})
    assert assistant.rows() == []


def test_events_tell_what_happens(assistant: OpsAssistant) -> None:
    seen: list[Event] = []
    assistant.investigate(POOL, on_event=seen.append)
    nodes = [event.node for event in seen if event.kind == "node"]
    assert nodes[:5] == ["intake", "collect", "analyse_logs", "diagnose", "recommend"]


def test_more_evidence_is_fetched_from_the_dependency(tmp_path: Path, data_dir: Path) -> None:
    (tmp_path / "db.log").write_text(
        "2026-02-20 03:15:20.001 UTC [1] LOG:  database system is ready\n"
        '2026-02-20 03:15:27.000 UTC [1] PANIC:  could not write to file "pg_wal/xlogtemp.1": No space left on device\n'
        "2026-02-20 03:15:27.100 UTC [1] LOG:  database system is shut down\n"
    )
    (tmp_path / "inventory.yaml").write_text(
        f"services:\n- {{name: api, depends_on: [db]}}\n- {{name: db, logs: ['{tmp_path}/db.log']}}\n"
    )
    settings = Settings(data_dir=data_dir, inventory=tmp_path / "inventory.yaml", engine="case-based")
    with OpsAssistant(settings) as assistant:
        run = assistant.investigate(
            {
                "service": "api", "message": "api answers 500", "timestamp": "2026-02-20 03:15:30",
                "logs": "2026-02-20 03:15:28,001 ERROR api: connect to db:5432 failed: Connection refused\n" * 5,
            }
        )  # fmt: skip
    assert run.digest is not None
    assert any(source.name.endswith("db.log") for source in run.digest.sources)
    assert run.diagnosis is not None
    assert run.diagnosis.failure_mode == "disk-full"
