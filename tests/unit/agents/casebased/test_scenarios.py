"""The two scenarios of the first issue, read from their logs alone."""

from pathlib import Path

import pytest

from ops_assistant.agents.casebased import analyse_logs, diagnose, recommend
from ops_assistant.tools.alert import Alert
from ops_assistant.tools.digest import digest_logs

DATA = Path(__file__).parents[4] / "ops_assistant" / "data"


@pytest.fixture
def run(tmp_path, knowledge_base):
    def investigate(name, **options):
        alert = Alert.load(DATA / f"{name}.json")
        log = tmp_path / "inline.log"
        log.write_text(alert.logs or "")
        digest = digest_logs([log], alert_time=alert.timestamp)
        analysis = analyse_logs(alert, digest)
        diagnosis = diagnose(alert, digest, analysis, knowledge_base)
        return analysis, diagnosis, recommend(alert, digest, diagnosis, knowledge_base, **options)

    return investigate


def test_the_exhausted_pool_is_the_cause_and_the_time_out_its_symptom(run):
    analysis, diagnosis, recommendation = run("connection-pool")
    assert analysis.error_count == 4
    assert analysis.error_type == "Connection pool exhausted"
    assert analysis.affected_components == ["api-server"]
    assert analysis.pattern == "4 complaints between 03:15:28 and 03:15:29 UTC on 20 February 2026."
    assert analysis.first_occurrence == "2026-02-20T03:15:28.000Z"
    assert diagnosis.failure_mode == "db-connection-pool-exhausted"
    assert diagnosis.proven
    assert "Connection pool exhausted (50/50 connections in use)" in diagnosis.evidence[0].quote
    assert {item.failure_mode for item in diagnosis.hypotheses[1:]} & {"upstream-timeout"}
    assert diagnosis.root_cause.startswith(
        "The connection pool of api-server is used up (50/50 connections in use, waiting threads: 120"
    )
    assert [action.type for action in recommendation.solutions[0].actions] == ["restart_service"]
    assert recommendation.solutions[0].actions[0].params == {"service": "api-server"}


def test_the_full_heap_is_the_cause_and_the_thread_error_follows_it(run):
    analysis, diagnosis, recommendation = run("heap-out-of-memory")
    assert analysis.error_type == "OutOfMemoryError: Java heap space"
    assert diagnosis.failure_mode == "heap-out-of-memory"
    assert "Java heap space" in diagnosis.evidence[0].quote
    assert diagnosis.severity == "critical"
    assert any(
        action.type == "restart_service" for item in recommendation.solutions for action in item.actions
    )


def test_a_rejected_restart_is_not_proposed_again(run):
    _, _, recommendation = run("heap-out-of-memory", rejected_because="no restarts in business hours")
    assert recommendation.solutions
    assert not any(
        action.type == "restart_service" for item in recommendation.solutions for action in item.actions
    )


def test_only_actions_of_the_catalogue_are_proposed(run):
    _, _, recommendation = run("connection-pool", catalogue=["scale_up"])
    assert all(action.type == "scale_up" for item in recommendation.solutions for action in item.actions)
