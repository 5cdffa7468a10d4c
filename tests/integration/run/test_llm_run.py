"""Whole runs with the LLM engine over real HTTP, and with a model that fails in every step."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ops_assistant import OpsAssistant, Settings

from openai_server import (
    KEY,
    Answer,
    OpenAIServer,
    Reply,
    completion,
    ending,
    good_answers,
    http_error,
    json_answer,
    raw,
    stream_and_stop,
    text,
)
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
    report = run.abort(by="dana").report
    assert report is not None
    told = report.markdown.split("## Models")[1]
    assert "3 calls, 3000 input and 600 output tokens, 0.0097 USD at the list prices" in told
    assert "log analysis llm, diagnosis llm, recommendation llm" in told


def spoilt(**changes: Any) -> Answer:
    """Play a model whose every answer is sound but for these fields, in whichever answer has them."""

    def answer(body: dict[str, Any]) -> Reply:
        value = json.loads(GOOD(body).body["choices"][0]["message"]["content"])
        for part in [value, *value.get("hypotheses", []), *value.get("solutions", [])]:
            part |= {name: change for name, change in changes.items() if name in part}
        return completion(json.dumps(value))

    return answer


INVENTED = [{"id": "s9:99", "quote": "words that nobody has written"}]
GOOD = good_answers("db-connection-pool-exhausted", "api-server", "pool exhausted")
BAD = {
    "prose": text("I am sorry, I cannot"),
    "half-json": text('{"verdict": "fau'),
    "empty-list": json_answer([]),
    "wrong-enums": spoilt(severity="apocalyptic", effect="magic", evidence=INVENTED),
    "invented-ids": spoilt(evidence=INVENTED, solutions=[]),
    "no-hypothesis": spoilt(hypotheses=[], evidence=[], solutions=[]),
    "500": http_error(500),
    "401": http_error(401, message="bad key"),
    "429": http_error(429, Retry_After="0"),
    "429-for-long": http_error(429, Retry_After="600"),
    "hang": ending("hang"),
    "drip": ending("drip"),
    "cut": ending("cut"),
    "stream-that-stops": stream_and_stop,
    "html": raw(b"<html>gateway</html>", "text/html"),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
def test_the_run_goes_on_case_based_and_says_why(
    data_dir: Path, server: OpenAIServer, answer: Answer
) -> None:
    server.script = [answer]
    settings = Settings(
        data_dir=data_dir, openai_api_key=SecretStr(KEY), openai_base_url=server.url, model_timeout_s=0.3
    )
    with OpsAssistant(settings) as assistant:
        run = assistant.investigate(POOL)
        assert run.status == "awaiting_approval"
        results = [run.log_analysis, run.diagnosis, run.recommendation]
        assert [result and result.engine for result in results] == ["case-based"] * 3
        assert run.diagnosis is not None
        assert run.diagnosis.failure_mode == "db-connection-pool-exhausted"
        assert len(server.requests) <= 6  # each of the three steps asks at most once more
        reasons = {result.degraded_because for result in results if result is not None}
        assert None not in reasons
        report = run.approve(by="dana").report
    assert report is not None
    assert reasons <= set(report.notes)


def test_too_much_of_everything_is_cut_to_size(assistant: OpsAssistant, server: OpenAIServer) -> None:
    def many(body: dict[str, Any]) -> Reply:
        value = json.loads(GOOD(body).body["choices"][0]["message"]["content"])
        for name, modes in (("hypotheses", ["slow-query", "disk-full", "dns-failure"]), ("solutions", [])):
            if name in value:
                (one,) = value[name]
                value[name] = [one] + [
                    one | ({"failure_mode": mode} if modes else {}) for mode in modes or [0]
                ] * 33
        return completion(json.dumps(value))

    server.script = [many]
    run = assistant.investigate(POOL)
    assert run.diagnosis is not None
    assert run.recommendation is not None
    assert (run.diagnosis.engine, run.recommendation.engine) == ("llm", "llm")
    assert len(run.diagnosis.hypotheses) == 3
    assert sum(item.confidence for item in run.diagnosis.hypotheses) <= 100
    assert len(run.recommendation.solutions) == 3


def test_no_endpoint_at_all_is_no_failure(data_dir: Path) -> None:
    settings = Settings(
        data_dir=data_dir, openai_api_key=SecretStr(KEY), openai_base_url="http://127.0.0.1:9/v1"
    )
    with OpsAssistant(settings) as assistant:
        run = assistant.investigate(POOL)
    assert run.status == "awaiting_approval"
    assert run.diagnosis is not None
    assert run.diagnosis.degraded_because
