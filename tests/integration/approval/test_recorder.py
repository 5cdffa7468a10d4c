"""What a model was asked and answered, and what its tools returned, is in the audit: hash, size, redacted text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ops_assistant import OpsAssistant, Settings
from ops_assistant.graph.audit import Audit
from ops_assistant.graph.audit_export import export_text
from ops_assistant.graph.recorder import TEXT_CHARACTERS
from ops_assistant.tools.errors import OpsError

from openai_server import (
    KEY,
    OpenAIServer,
    Reply,
    completion,
    good_answers,
    http_error,
    prompt_text,
    schema_name,
    tool_call,
)
from scenarios import POOL

CANARY = "hunter2-9f8e7d6c5b4a"
GOOD = good_answers("db-connection-pool-exhausted", "api-server", "pool exhausted")


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(secrets=[CANARY]) as running:
        yield running


@pytest.fixture
def assistant(data_dir: Path, server: OpenAIServer) -> Iterator[OpsAssistant]:
    settings = Settings(data_dir=data_dir, openai_api_key=SecretStr(KEY), openai_base_url=server.url)
    with OpsAssistant(settings) as made:
        yield made


def entries(assistant: OpsAssistant, thread_id: str, kind: str) -> list[dict[str, Any]]:
    return [entry.body for entry in assistant.audit.entries(thread_id) if entry.kind == kind]


def test_every_prompt_and_answer_is_recorded(assistant: OpsAssistant, server: OpenAIServer) -> None:
    server.script = [GOOD]
    line = f"[2026-02-20 03:15:29] DEBUG: login user=app password={CANARY}"
    run = assistant.investigate({**POOL, "logs": [*POOL["logs"], line]})
    asked = entries(assistant, run.thread_id, "model.asked")
    answered = entries(assistant, run.thread_id, "model.answered")
    assert [body["step"] for body in asked] == ["analyse_logs", "diagnose", "recommend"]
    assert [body["model"] for body in asked] == [request["model"] for request in server.requests]
    for body, request in zip(asked, server.requests, strict=True):
        assert body["characters"] > len(prompt_text(request))
        assert len(body["sha256"]) == 64
        assert len(body["text"]) <= TEXT_CHARACTERS
    assert len(answered) == 3
    assert all(body["tokens"] == {"input_tokens": 1_000, "output_tokens": 200} for body in answered)
    exported = export_text(assistant.audit, run.thread_id)
    assert asked[0]["sha256"] in exported
    assert CANARY not in exported
    assert KEY not in exported
    assert assistant.audit.verify() == []


def test_a_tool_s_result_is_recorded_with_its_arguments(
    assistant: OpsAssistant, server: OpenAIServer
) -> None:
    def answer(body: dict[str, Any]) -> Reply:
        asked_before = any(message["role"] == "tool" for message in body["messages"])
        if schema_name(body) == "WireDiagnosis" and not asked_before and body.get("tools"):
            return tool_call("search_cases", query="pool exhausted")(body)
        return GOOD(body)

    server.script = [answer]
    run = assistant.investigate(POOL)
    (result,) = entries(assistant, run.thread_id, "tool.result")
    assert (result["step"], result["tool"]) == ("diagnose", "search_cases")
    assert "pool exhausted" in result["arguments"]
    assert "db-connection-pool-exhausted" in result["text"]


def test_a_failed_call_is_recorded_without_the_endpoint_s_words(
    assistant: OpsAssistant, server: OpenAIServer
) -> None:
    server.script = [http_error(401, message=f"bad key {KEY}")]
    run = assistant.investigate(POOL)
    failed = entries(assistant, run.thread_id, "model.failed")
    assert len(failed) == 3
    assert all(body["why"].endswith("AuthenticationError") for body in failed)
    assert KEY not in export_text(assistant.audit, run.thread_id)


def test_what_cannot_be_recorded_is_not_sent(
    assistant: OpsAssistant, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script = [lambda _body: completion("never")]
    real = Audit.append

    def full(
        self: Audit, connection: Any, at: Any, thread_id: str, kind: str, *args: Any, **more: Any
    ) -> Any:
        if kind == "model.asked":
            raise OpsError("the store cannot be used now: database or disk is full")
        return real(self, connection, at, thread_id, kind, *args, **more)

    monkeypatch.setattr(Audit, "append", full)
    run = assistant.investigate(POOL)
    assert server.requests == []
    assert run.status == "awaiting_approval"  # the case-based engine needs no model
    assert run.diagnosis is not None
    assert run.diagnosis.engine == "case-based"
