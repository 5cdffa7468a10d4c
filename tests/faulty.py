"""What several fault tests share: a plan with one action of one's choice, what the simulated backend did, a kill."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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


class KillServer:
    """A fork server whose children kill themselves on order, see `faults/kill_server.py`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "faults" / "kill_server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, **order: Any) -> dict[str, Any]:
        """Carry an order out in a child and return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer

    def close(self) -> None:
        """End the server."""
        self.process.kill()
        self.process.communicate()


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
