"""A model endpoint of the tests' own, and an engine that talks to it over real HTTP."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ops_assistant.agents.llm import LLM, LLMSettings

sys.path.insert(0, str(Path(__file__).parents[2]))  # for tests/openai_server.py

from openai_server import KEY, OpenAIServer


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def make_llm(server: OpenAIServer) -> Callable[..., LLM]:
    """Make an engine on the server; waits before a retry are collected in `llm.waits`, not slept."""

    def make(**settings: Any) -> LLM:
        waits: list[float] = []
        chosen = {"base_url": server.url, "api_key": SecretStr(KEY), "timeout_s": 20, **settings}
        llm = LLM(LLMSettings(**chosen), sleep=waits.append)
        llm.waits = waits  # type: ignore[attr-defined]
        return llm

    return make
