"""What the nodes work with, made once by whoever builds the graph and bound to the nodes by closures."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langgraph.config import get_config

from ..agents.diagnostician import Diagnostician
from ..agents.llm import LLM
from ..agents.llm.budget import Budget
from ..agents.llm.usage import Usage
from ..agents.log_analyst import LogAnalyst
from ..agents.recommender import Recommender
from ..tools.actions.base import Backend
from ..tools.inventory import Inventory
from ..tools.knowledge import KnowledgeBase
from ..tools.redaction import Redactor
from .executor import Executor
from .guard import Guard
from .planner import Planner
from .seal import Seal
from .store import Store


@dataclass(frozen=True)
class Dependencies:
    """Everything outside the state: agents, stores, backends. Holds secrets; never enters a checkpoint."""

    data_dir: Path
    store: Store
    seal: Seal
    knowledge_base: KnowledgeBase
    llm: LLM | None
    log_analyst: LogAnalyst
    diagnostician: Diagnostician
    recommender: Recommender
    inventory: Inventory
    backends: Mapping[str, Backend]
    guard: Guard
    planner: Planner
    executor: Executor
    redactor: Redactor

    def budget(self, usage: dict[str, Any] | None) -> Budget | None:
        """Return the incident's model budget, continued from what its earlier steps used; None without a model."""
        return Budget(self.llm.settings, Usage.model_validate(usage or {})) if self.llm else None

    def evidence_dir(self, thread_id: str) -> Path:
        """Return the folder of a run's stored evidence."""
        return self.data_dir / "evidence" / safe_name(thread_id)


def usage_json(budget: Budget | None) -> dict[str, Any]:
    """Return what a budget has used so far, for the state."""
    return budget.used.model_dump(mode="json") if budget else {}


def safe_name(thread_id: str) -> str:
    """Return the thread id if it is safe as a file name, else an encoding of it."""
    if thread_id and all(char.isalnum() or char in "-_" for char in thread_id) and len(thread_id) <= 100:
        return thread_id
    return "x" + thread_id.encode("utf-8", "surrogatepass").hex()[:100]


def current_thread_id() -> str:
    """Return the thread id of the run that calls this node."""
    return str(get_config()["configurable"]["thread_id"])


def authenticated_user() -> str | None:
    """Return the server's authenticated user, if the run came through a server that knows one."""
    user = get_config()["configurable"].get("langgraph_auth_user")
    identity = user.get("identity") if isinstance(user, Mapping) else getattr(user, "identity", None)
    return str(identity) if identity else None
