"""After the plan: a symptom that stays, or got worse, stops the run and asks; the policy decides on the way back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops_assistant import OpsAssistant, Settings
from ops_assistant.run import Run
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.actions.base import BackendResult

from scenarios import POOL

Log = Callable[..., None]
START = datetime.now(UTC) - timedelta(minutes=10)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The alert's log as a file that can grow: two errors a minute before the alert."""
    file = tmp_path / "api.log"
    lines = [
        f"{START + timedelta(seconds=30 * number):%Y-%m-%d %H:%M:%S} ERROR: Connection pool exhausted (50/50 "
        "connections in use), request timed out"
        for number in range(10)
    ]
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture
def settings(data_dir: Path, tmp_path: Path) -> Settings:
    return with_policy(data_dir, tmp_path, roll_back="ask")


def with_policy(data_dir: Path, tmp_path: Path, **rules: Any) -> Settings:
    policy = tmp_path / "policy.yaml"
    rules = {"settle_s": 0, "approvals": {"identity": "given"}, **rules}
    policy.write_text(yaml.safe_dump({"version": 1, "environment": "t", "environments": {"t": rules}}))
    return Settings(data_dir=data_dir, engine="case-based", policy=policy)


def alert(log: Path, **fields: Any) -> dict[str, Any]:
    given = {key: value for key, value in POOL.items() if key != "logs"}
    return {**given, "timestamp": datetime.now(UTC).isoformat(), "log_sources": [str(log)], **fields}


def prints(monkeypatch: pytest.MonkeyPatch, log: Path, line: str, times: int = 1) -> None:
    """Make every action end with new lines in the log."""
    real = SimulatedBackend.run

    def run(self: SimulatedBackend, preview: Any, *, key: str) -> BackendResult:
        write(log, line, times)
        return real(self, preview, key=key)

    monkeypatch.setattr(SimulatedBackend, "run", run)


def write(log: Path, line: str, times: int = 1) -> None:
    now = datetime.now(UTC) + timedelta(seconds=1)
    with log.open("a") as file:
        file.writelines(f"{now:%Y-%m-%d %H:%M:%S} {line}\n" for _ in range(times))


ERROR = "ERROR: Connection pool exhausted (50/50 connections in use), request timed out"


def approved(assistant: OpsAssistant, log: Path, *, type_: str = "restart_service", **fields: Any) -> Run:
    run = assistant.investigate(alert(log, **fields))
    assert run.plan is not None
    edited = {"actions": [{"id": "a1", "type": type_, "params": {"service": "api-server"}}]}
    return run.edit(edited, by="dana")


def executed(assistant: OpsAssistant) -> list[str]:
    journal = SimulatedBackend(assistant.settings.data_dir / "simulated.jsonl")
    return [entry["call"] for entry in journal.entries()]


def test_a_log_without_new_errors_is_a_recovery(
    assistant: OpsAssistant, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prints(monkeypatch, log, "INFO: pool is idle", 20)
    run = approved(assistant, log)
    assert run.status == "completed"
    assert run.incident.verification is not None
    assert run.incident.verification.status == "recovered"


@pytest.mark.parametrize(("times", "status"), [(1, "unchanged"), (200, "worse")])
def test_a_symptom_that_stays_asks_a_person(
    assistant: OpsAssistant, log: Path, monkeypatch: pytest.MonkeyPatch, times: int, status: str
) -> None:
    prints(monkeypatch, log, ERROR, times)
    run = approved(assistant, log)
    assert (run.status, run.waits_for) == ("awaiting_approval", "symptom")
    assert run.question is not None
    assert run.question["symptom"]["status"] == status
    assert [item["choice"] for item in run.question["symptom"]["choices"]] == ["retry", "skip", "abort"]
    assert run.report is None
    assert executed(assistant) == ["simulated.restart"]


@pytest.mark.parametrize(("choice", "status"), [("skip", "completed"), ("abort", "failed")])
def test_a_person_settles_it(
    assistant: OpsAssistant, log: Path, monkeypatch: pytest.MonkeyPatch, choice: Any, status: str
) -> None:
    prints(monkeypatch, log, ERROR)
    run = approved(assistant, log).reconcile(choice, evidence="known noise", by="eve")
    assert (run.status, run.waits_for) == (status, "nothing")
    assert run.incident.verification is not None
    assert run.incident.verification.settled == f"{choice} by eve: known noise"
    said = [
        entry.body for entry in assistant.audit.entries(run.thread_id) if entry.kind == "symptom.resolved"
    ]
    assert [(body["choice"], body["by"]) for body in said] == [(choice, "eve")]
    assert executed(assistant) == ["simulated.restart"]


def test_another_plan_is_looked_for_and_waits_for_its_own_approval(
    assistant: OpsAssistant, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prints(monkeypatch, log, ERROR)
    run = approved(assistant, log, type_="clear_cache")
    first = run.plan
    run.reconcile("retry", by="eve")
    assert len(executed(assistant)) == 1
    assert run.waits_for == "approval"
    assert first is not None
    assert run.plan is not None
    assert run.plan.replaces == first.hash
    assert [action.type for action in run.plan.actions] == ["restart_service"]
    run.approve(by="dana")
    assert [outcome.type for outcome in run.outcomes] == ["clear_cache", "restart_service"]
    assert run.waits_for == "symptom"  # it still stays
    run.reconcile("retry", by="eve")
    assert run.status == "failed"
    assert any("no other action is known" in note for note in run.incident.notes())


def test_a_symptom_that_goes_by_itself_is_not_asked_about_any_more(
    assistant: OpsAssistant, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prints(monkeypatch, log, ERROR)
    run = approved(assistant, log)
    write(log, "INFO: pool is idle", 50)
    lines = [line for line in log.read_text().splitlines() if "INFO" in line]
    log.write_text("\n".join(lines) + "\n")  # rotated
    assert run.resume().status == "completed"
    assert run.incident.verification is not None
    assert run.incident.verification.status == "recovered"


def test_nonsense_asks_again_and_an_answer_to_an_action_is_none_to_a_symptom(
    assistant: OpsAssistant, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from langgraph.types import Command

    prints(monkeypatch, log, ERROR)
    run = approved(assistant, log)
    assert run._question is not None
    assistant.go_on(run, {run._question.id: {"type": "perhaps"}}, None)
    assert run.question is not None
    assert "expected" in run.question["error"]
    assert run.plan is not None
    body = {"choice": "skip", "evidence": "", "by": "eve", "door": "x", "position": 0}
    seal = assistant._dependencies.seal.sign(run.thread_id, run.plan.hash, body)
    forged = {**body, "plan_hash": run.plan.hash, "seal": seal}
    assistant._drive(run, Command(goto="record_symptom", update={"resolution": forged}), None)
    assert not any(entry.kind == "symptom.resolved" for entry in assistant.audit.entries(run.thread_id))


@pytest.mark.parametrize("roll_back", ["automatic", "ask", "never"])
def test_the_way_back_is_the_policy_s(
    data_dir: Path, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, roll_back: str
) -> None:
    asked = {"replicas": [1]}

    def replicas(backend: SimulatedBackend, service: Any) -> int:
        entries = [entry["args"]["replicas"] for entry in backend.entries() if "replicas" in entry["args"]]
        return int((asked["replicas"] + entries)[-1])

    monkeypatch.setattr(SimulatedBackend, "replicas", replicas)
    prints(monkeypatch, log, ERROR)
    with OpsAssistant(with_policy(data_dir, tmp_path, roll_back=roll_back)) as assistant:
        run = assistant.investigate(alert(log))
        up = {
            "actions": [{"id": "a1", "type": "scale_up", "params": {"service": "api-server", "replicas": 3}}]
        }
        run.edit(up, by="dana")
        assert run.plan is not None
        if roll_back == "never":
            assert (run.waits_for, executed(assistant)) == ("symptom", ["simulated.scale"])
            return
        assert run.plan.rolls_back
        if roll_back == "ask":
            assert (run.waits_for, executed(assistant)) == ("approval", ["simulated.scale"])
            assert run.question is not None
            assert "the symptom is unchanged" in run.question["notice"]
            run.approve(by="eve")
        assert executed(assistant) == ["simulated.scale"] * 2
        assert run.status == "failed"
        # A jump back to the check takes nothing back a second time.
        from langgraph.types import Command

        assistant._drive(run, Command(goto="verify"), None)
        assert executed(assistant) == ["simulated.scale"] * 2


def test_a_worker_that_dies_before_it_has_looked_leaves_no_action_unlooked_at(
    assistant: OpsAssistant, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outcome is on disk, the checkpoint is not: whoever resumes looks at the service before the next action."""

    class Killed(BaseException):
        pass

    run = assistant.investigate(alert(log))
    two = {
        "actions": [
            {"id": "a1", "type": "restart_service", "params": {"service": "api-server"}},
        ]
    }
    with monkeypatch.context() as patch:
        patch.setattr(
            "ops_assistant.graph.nodes.execute_action.outcomes_update",
            lambda *args: (_ for _ in ()).throw(Killed),
        )
        with pytest.raises(Killed):
            run.edit(two, by="dana")
    assert not any(entry.kind == "action.checked" for entry in assistant.audit.entries(run.thread_id))
    run = assistant.open(run.thread_id).resume()
    assert run.status == "completed"
    checked = [entry for entry in assistant.audit.entries(run.thread_id) if entry.kind == "action.checked"]
    assert len(checked) == 1


def metric(tmp_path: Path, last: float) -> str:
    file = tmp_path / "pool.csv"
    now = datetime.now(UTC)
    before = [(now - timedelta(minutes=9), 10.0), (now - timedelta(minutes=5), 50.0)]
    rows = [*before, (now + timedelta(seconds=5), last)]
    file.write_text("time,in_use\n" + "".join(f"{time.isoformat()},{value}\n" for time, value in rows))
    return str(file)


@pytest.mark.parametrize(("last", "status"), [(12, "recovered"), (48, "unchanged"), (90, "worse")])
def test_the_alert_s_metric_is_looked_at_again(
    assistant: OpsAssistant, log: Path, tmp_path: Path, last: float, status: str
) -> None:
    run = approved(assistant, log, metrics=[metric(tmp_path, last)])
    assert run.incident.verification is not None
    assert run.incident.verification.status == status
