"""A program of the fault tests: imports everything once, then forks a child per order, which may kill itself.

Orders come as JSON lines: `{"data_dir", "database_url" or null, "thread_id", "act": "approve" | "recover", "kill_at",
"kill_point", "kill_after_s", "probe", "mutant"}`. The child dies by SIGKILL at the `kill_at`-th boundary that it
crosses (before or after a write or an effect), at the one that `kill_point` names (`before claim`), or after so many
seconds. Answers are JSON lines: `{"signal", "crossed", "run"}`.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from pydantic import SecretStr

from ops_assistant import OpsAssistant, Settings
from ops_assistant.graph.database import Database
from ops_assistant.graph.executor import Executor
from ops_assistant.graph.ledger import Ledger, action_key
from ops_assistant.graph.models import Outcome
from ops_assistant.graph.store import Store
from ops_assistant.run import Run
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend

BOUNDARIES: list[tuple[type, str]] = [
    (Store, "record_decision"), (Store, "add_plan"), (Store, "set_status"), (Store, "note_once"),
    (Ledger, "claim"), (Ledger, "finish"), (Ledger, "settle_by_probe"), (Ledger, "resolve"), (Ledger, "withdraw"),
    (SqliteSaver, "put"), (SqliteSaver, "put_writes"), (PostgresSaver, "put"), (PostgresSaver, "put_writes"),
    (SimulatedBackend, "run"),
]  # fmt: skip


class Killer:
    """Counts the boundaries that are crossed and kills its process at the one it was told, by number or by name."""

    def __init__(self, kill_at: int, kill_point: str) -> None:
        self.kill_at = kill_at
        self.kill_point = kill_point
        self.crossed = 0

    def cross(self, point: str) -> None:
        self.crossed += 1
        if self.crossed == self.kill_at or point == self.kill_point:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: type, name: str) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            self.cross(f"before {name}")
            result = real(*args, **kwargs)
            self.cross(f"after {name}")
            return result

        setattr(owner, name, watched)


def without_ledger(
    self: Executor, thread_id: str, plan_hash: str, position: int, _inventory: object
) -> Outcome:
    """Mutant: what LangGraph alone gives; the node just does it."""
    plan = self.approved_plan(thread_id, plan_hash)
    action, now = plan.actions[position], self._store.now()
    result = self._backends[action.backend].run(action.preview, key=action_key(plan_hash, position))
    outcome = Outcome(
        action_id=action.id, type=action.type, status="succeeded", output=result.output, started_at=now,
        plan_hash=plan_hash, position=position,
    )  # fmt: skip
    self._store.claim(plan_hash, position, owner="me", lease=now - now)
    self._store.finish(plan_hash, position, outcome, owner="me")
    return outcome


def started_again(self: Executor, plan: Any, position: int, entry: Any) -> Outcome:
    """Mutant: a started action without an outcome is taken for one that did not run."""
    action = plan.actions[position]
    self._backends[action.backend].run(action.preview, key=action_key(plan.hash, position))
    outcome = Outcome(
        action_id=action.id, type=action.type, status="succeeded", started_at=self._store.now(), plan_hash=plan.hash,
        position=position,
    )  # fmt: skip
    self._store.finish(plan.hash, position, outcome, owner=None)
    return outcome


def recover(run: Run) -> None:
    """Do what the next shift does: approve what waits, retry what did not happen, settle what nobody knows."""
    for _ in range(8):
        if run.waits_for == "reconcile":
            retry = run.outcomes[-1].not_applied
            run.reconcile("retry" if retry else "skip", evidence="looked at the target", by="eve")
        elif run.waits_for == "approval":
            run.approve(by="eve")
        elif run.status in ("running", "awaiting_approval", "failed") and not run.report:
            run.resume()
        else:
            return


def child(order: dict[str, Any], answer: int) -> None:
    """Carry the order out; whatever it came to is written to the descriptor `answer`."""
    killer = Killer(order.get("kill_at") or 0, order.get("kill_point") or "")
    for owner, name in BOUNDARIES:
        killer.watch(owner, name)
    if not order.get("probe", True):
        SimulatedBackend.probe = lambda *args, **kwargs: None  # type: ignore[method-assign,assignment]
    if order.get("mutant") == "without ledger":
        Executor.run_once = without_ledger  # type: ignore[method-assign]
    if order.get("mutant") == "started again":
        Executor._known = started_again  # type: ignore[method-assign]
    url = order.get("database_url")
    settings = Settings(
        data_dir=Path(order["data_dir"]), engine="case-based", database_url=SecretStr(url) if url else None
    )
    assistant = OpsAssistant(settings)
    run = assistant.open(order["thread_id"])
    if order["act"] == "approve":
        run.approve(by="dana")
    else:
        recover(run)
    said = {
        "status": run.status,
        "planned": len(run.plan.actions) if run.plan else 0,
        "outcomes": [outcome.model_dump(mode="json") for outcome in run.outcomes],
    }
    os.write(answer, json.dumps({"crossed": killer.crossed, "run": said}).encode())


def serve() -> None:
    """Fork one child per line of stdin."""
    assert Database  # imported
    for line in sys.stdin:
        order = json.loads(line)
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            code = 1
            try:
                child(order, writer)
                code = 0
            finally:
                sys.stderr.flush()
                os._exit(code) if sys.exc_info()[0] is None else failed(writer)
        os.close(writer)
        if order.get("kill_after_s") is not None:
            time.sleep(order["kill_after_s"])
            os.kill(pid, signal.SIGKILL)
        with os.fdopen(reader, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(pid, 0)
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        print(json.dumps({"signal": killed, **json.loads(said or b"{}")}), flush=True)


def failed(writer: int) -> None:
    """Tell the test what broke in the child."""
    import traceback

    os.write(writer, json.dumps({"error": traceback.format_exc()[-2_000:]}).encode())
    os._exit(1)


if __name__ == "__main__":
    serve()
