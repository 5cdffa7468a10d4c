"""What several fault tests share: a plan with one action of one's choice, what the simulated backend did, a kill."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ops_assistant import OpsAssistant, Settings
from ops_assistant.graph.build import build_graph
from ops_assistant.graph.checkpoints import open_checkpointer
from ops_assistant.run import Run
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.wiring import make_dependencies

APPROVE = {"decisions": [{"type": "approve"}]}


class Killed(BaseException):
    """Stands for a SIGKILL inside one process: nothing that handles errors sees it."""


def die(*_args: Any, **_kwargs: Any) -> Any:
    """Stand for a method at which the process dies."""
    raise Killed


def effects(settings: Settings) -> list[str]:
    """Return the keys of everything that the simulated backend has done, in order."""
    return [entry["key"] for entry in SimulatedBackend(settings.data_dir / "simulated.jsonl").entries()]


def one_action(type_: str, **params: Any) -> dict[str, Any]:
    """Return an edited plan of one action."""
    return {"actions": [{"id": "a1", "type": type_, "params": {"service": "api-server", **params}}]}


def killed_before_the_claim(assistant: OpsAssistant, alert: dict[str, Any]) -> Run:
    """Return a run that was approved and whose process died before anything was started."""
    from ops_assistant.graph.ledger import Ledger

    run = assistant.investigate(alert)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "claim", die)
        with pytest.raises(Killed):
            run.approve(by="dana")
    return run


@contextmanager
def bare_graph(settings: Settings) -> Iterator[Any]:
    """Give the graph as a client of a server has it, without the Python API in front of it."""
    deps = make_dependencies(settings)
    with open_checkpointer(settings.checkpoint_target) as saver:
        yield build_graph(deps).compile(checkpointer=saver)
    deps.store.close()
    deps.knowledge_base.close()


def config(thread_id: str) -> Any:
    """Return the configuration of a thread."""
    return {"configurable": {"thread_id": thread_id}}
