"""Fixtures of all tests: no test sees the developer's settings, and each has a data directory of its own."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops_assistant.assistant import OpsAssistant
from ops_assistant.settings import Settings
from ops_assistant.tools.knowledge import Case, KnowledgeBase

DEMO = Path(__file__).parent.parent / "ops_assistant" / "data"


@pytest.fixture(autouse=True)
def _no_foreign_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if (
            name.startswith(("OPS_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_"))
            and name != "OPS_REQUIRE_SERVICES"
        ):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)  # no .env, no var/ of the checkout


@pytest.fixture(scope="session")
def seeded_knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded knowledge base to copy: seeding it once per test would take most of the tests' time."""
    folder = tmp_path_factory.mktemp("seeded") / "knowledge"
    knowledge_base = KnowledgeBase(folder)
    assert knowledge_base.search("out of memory")
    knowledge_base.close()
    return folder


@pytest.fixture
def data_dir(tmp_path: Path, seeded_knowledge: Path) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(seeded_knowledge, folder / "knowledge")
    return folder


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, engine="case-based")


@pytest.fixture
def assistant(settings: Settings) -> Iterator[OpsAssistant]:
    with OpsAssistant(settings) as made:
        yield made


@pytest.fixture
def make_case() -> Callable[..., Case]:
    """Return a maker of valid cases; its keywords replace fields."""

    def make(case_id: str = "pg-pool-empty", **fields: Any) -> Case:
        data: dict[str, Any] = {
            "id": case_id,
            "title": "Pool of PostgreSQL connections is empty",
            "failure_mode": "db-connection-pool-exhausted",
            "systems": ["postgresql"],
            "symptoms": [
                "Requests wait for seconds and then fail",
                "Threads hang while they borrow a connection",
            ],
            "signatures": [{"text": "Connection is not available, request timed out", "weight": 3}],
            "root_cause": "Every connection of the pool is borrowed and none comes back in time.",
            "checks": ["Look at the pool's active and pending counts"],
            "solution": ["Restart the service, then raise maximumPoolSize"],
            "verification": ["Pending count is zero for five minutes"],
            "estimated_time": "5-10 min",
            "prevention": ["Alert on pending > 0"],
        }
        return Case.model_validate(data | fields)

    return make
