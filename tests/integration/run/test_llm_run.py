"""Whole runs with the LLM engine over real HTTP, and with a model that fails in every step."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from ops_assistant import OpsAssistant, Settings

from openai_server import KEY, OpenAIServer, good_answers, http_error, text
from scenarios import POOL

CANARY = "hunter2-9f8e7d6c5b4a"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(secrets=[CANARY]) as running:
        yield running


@pytest.fixture
def assistant(data_dir: Path, server: OpenAIServer) -> Iterator[OpsAssistant]:
    settings = Settings(data_dir=data_dir, openai_api_key=SecretStr(KEY), openai_base_url=server.url)
    with OpsAssistant(settings) as made:
        yield made


def test_the_model_s_results_are_used_and_their_cost_is_counted(
    assistant: OpsAssistant, server: OpenAIServer
) -> None:
    server.script = [good_answers("db-connection-pool-exhausted", "api-server", "pool exhausted")]
    secret_line = f"[2026-02-20 03:15:29] DEBUG: login user=app password={CANARY}"
    run = assistant.investigate({**POOL, "logs": [*POOL["logs"], secret_line]})
    assert server.problems == []  # strict schemas, the right models, no secret in any prompt
    assert {request["model"] for request in server.requests} == {"gpt-4.1-mini", "gpt-4o"}
    assert run.log_analysis is not None
    assert run.diagnosis is not None
    assert run.recommendation is not None
    assert {run.log_analysis.engine, run.diagnosis.engine, run.recommendation.engine} == {"llm"}
    assert run.diagnosis.proven
    assert run.status == "awaiting_approval"
    assert run.incident.usage["calls"] == 3
    assert run.incident.usage["cost_usd"] > 0
    assert KEY not in json.dumps(run.to_json())


@pytest.mark.parametrize(
    "answer",
    [http_error(500), http_error(401, message="bad key"), text("I am sorry, I cannot")],
    ids=["500", "401", "prose"],
)
def test_the_run_goes_on_case_based_and_says_so(
    assistant: OpsAssistant, server: OpenAIServer, answer
) -> None:
    server.script = [answer]
    run = assistant.investigate(POOL)
    assert run.status == "awaiting_approval"
    assert run.diagnosis is not None
    assert run.diagnosis.engine == "case-based"
    assert run.diagnosis.failure_mode == "db-connection-pool-exhausted"
    assert run.diagnosis.degraded_because
    report = run.approve(by="dana").report
    assert report is not None
    assert run.diagnosis.degraded_because in report.notes


def test_no_endpoint_at_all_is_no_failure(data_dir: Path) -> None:
    settings = Settings(
        data_dir=data_dir, openai_api_key=SecretStr(KEY), openai_base_url="http://127.0.0.1:9/v1"
    )
    with OpsAssistant(settings) as assistant:
        run = assistant.investigate(POOL)
    assert run.status == "awaiting_approval"
    assert run.diagnosis is not None
    assert run.diagnosis.degraded_because
