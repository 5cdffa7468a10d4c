"""A model endpoint of the tests' own, and an engine that talks to it over real HTTP."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ops_assistant.agents.llm import LLM, LLMSettings
from ops_assistant.tools.alert import Alert
from ops_assistant.tools.digest import LogDigest, digest_logs
from ops_assistant.tools.knowledge import KnowledgeBase

sys.path.insert(0, str(Path(__file__).parents[2]))  # for tests/openai_server.py

from openai_server import KEY, OpenAIServer


@pytest.fixture(scope="session")
def endpoint() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def server(endpoint: OpenAIServer) -> OpenAIServer:
    endpoint.reset()
    return endpoint


@pytest.fixture(scope="session")
def engines() -> dict[LLMSettings, LLM]:
    """Engines by settings: making a client takes longer than most tests."""
    return {}


@pytest.fixture
def make_llm(server: OpenAIServer, engines: dict[LLMSettings, LLM]) -> Callable[..., LLM]:
    """Return an engine on the server; waits before a retry are collected in `llm.waits`, not slept."""

    def make(**changes: Any) -> LLM:
        chosen = LLMSettings(
            **{"base_url": server.url, "api_key": SecretStr(KEY), "timeout_s": 20, **changes}
        )
        if chosen not in engines:
            waits: list[float] = []
            engines[chosen] = LLM(chosen, sleep=waits.append)
            engines[chosen].waits = waits  # type: ignore[attr-defined]
        engines[chosen].waits.clear()  # type: ignore[attr-defined]
        return engines[chosen]

    return make


@pytest.fixture(scope="session")
def knowledge_base(seeded_knowledge: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase(seeded_knowledge) as opened:
        yield opened


POOL_LOG = """\
[2026-02-20 03:15:28] ERROR: API request /api/users failed
[2026-02-20 03:15:28] ERROR: Database connection timeout after 5000ms
[2026-02-20 03:15:28] ERROR: Connection pool exhausted (50/50 connections in use)
[2026-02-20 03:15:29] ERROR: Retry failed, returning 504 Gateway Timeout
[2026-02-20 03:15:30] WARN: Connection pool size: 50, waiting threads: 120
"""


@pytest.fixture
def incident(tmp_path: Path) -> Callable[..., tuple[Alert, LogDigest]]:
    """Make the incident of an exhausted pool; `extra` lines are logged as well, the alert's fields can be changed."""

    def make(*extra: str, **alert: Any) -> tuple[Alert, LogDigest]:
        log = tmp_path / "app.log"
        log.write_text(
            POOL_LOG + "".join(f"[2026-02-20 03:15:30] {line}\n" for line in extra), encoding="utf-8"
        )
        fields = {
            "timestamp": "2026-02-20 03:15:30", "service": "api-server", "severity": "high",
            "message": "API response time exceeds 5 seconds", **alert,
        }  # fmt: skip
        parsed = Alert.parse(fields)
        return parsed, digest_logs([log], alert_time=parsed.timestamp)

    return make
