"""The third door: a real `langgraph dev` server on the project's own checkpoint file."""

import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk import get_sync_client

from ops_assistant import OpsAssistant, Settings

from scenarios import POOL

ROOT = Path(__file__).parent.parent.parent.parent
APPROVE = {"decisions": [{"type": "approve"}]}


# langgraph_sdk's sync client leaves the socket of a killed server to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _collected_here() -> Iterator[None]:
    """Collect that garbage before another test would be blamed for it."""
    yield
    gc.collect()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(data_dir: Path, log: Path) -> Iterator[tuple[Any, "subprocess.Popen[bytes]"]]:
    """Serve the graph from `langgraph.json`, as the README says, and yield a client and the process."""
    port = free_port()
    environment = {
        **os.environ, "OPS_DATA_DIR": str(data_dir), "OPS_ENGINE": "case-based", "LANGSMITH_TRACING": "false",
        "LANGGRAPH_CLI_NO_ANALYTICS": "1", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    argv = [
        str(Path(sys.executable).parent / "langgraph"), "dev", "--no-browser", "--no-reload", "--port", str(port),
        "--config", "langgraph.json",
    ]  # fmt: skip
    with (
        log.open("wb") as output,
        subprocess.Popen(
            argv,
            cwd=_checkout(log.parent),
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            _wait_until_ready(port, process, log)
            yield get_sync_client(url=f"http://127.0.0.1:{port}"), process
        finally:
            with contextlib.suppress(ProcessLookupError):  # the test may have killed it
                os.killpg(process.pid, signal.SIGKILL)


def _checkout(folder: Path) -> Path:
    """Return a folder with what `langgraph.json` names: the server keeps its own memory of runs where it is started."""
    made = folder / "checkout"
    made.mkdir(exist_ok=True)
    for name in ("langgraph.json", "ops_assistant"):
        if not (made / name).exists():
            (made / name).symlink_to(ROOT / name)
    return made


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    pause = threading.Event()
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ok", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            pause.wait(0.2)  # polling a port that another program opens; bounded
    raise AssertionError(f"the server did not start:\n{log.read_text()}")


def test_a_run_paused_in_python_is_resumed_through_the_server(settings: Settings, tmp_path: Path) -> None:
    with OpsAssistant(settings) as assistant:
        run = assistant.investigate(POOL)
    with serving(settings.data_dir, tmp_path / "server.log") as (client, _):
        client.threads.create(thread_id=run.thread_id, if_exists="do_nothing", graph_id="ops-assistant")
        state = client.threads.get_state(run.thread_id)
        (question,) = state["interrupts"]
        assert run.plan is not None
        assert question["value"]["plan_hash"] == run.plan.hash
        assert state["values"]["diagnosis"]["failure_mode"] == "db-connection-pool-exhausted"
        result = client.runs.wait(run.thread_id, "ops-assistant", command={"resume": APPROVE})
        assert "approve" in result["report"]["markdown"]
    with OpsAssistant(settings) as assistant:
        finished = assistant.open(run.thread_id)
        assert finished.status == "completed"
        assert finished.decision is not None
        assert finished.decision.door == "server"


def test_a_run_paused_in_a_killed_server_is_resumed_from_python(settings: Settings, tmp_path: Path) -> None:
    with serving(settings.data_dir, tmp_path / "server.log") as (client, process):
        thread_id = client.threads.create(thread_id=str(uuid.uuid4()))["thread_id"]
        words = "service api-server: responses take longer than 5 seconds\n" + "\n".join(POOL["logs"])
        client.runs.wait(thread_id, "ops-assistant", input={"messages": [{"role": "user", "content": words}]})
        messages = client.threads.get_state(thread_id)["values"]["messages"]
        assert "Diagnosis" in messages[-1]["content"]
        os.killpg(process.pid, signal.SIGKILL)
    with OpsAssistant(settings) as assistant:
        assert [run.thread_id for run in assistant.pending()] == [thread_id]
        run = assistant.open(thread_id).approve(by="dana")
        assert run.status == "completed"
        assert run.outcomes


def test_the_server_runs_with_every_step_on_disk(settings: Settings, tmp_path: Path) -> None:
    """What Studio draws and what a chat needs: the graph's nodes, and `messages` in its input schema."""
    with serving(settings.data_dir, tmp_path / "server.log") as (client, _):
        (assistant,) = client.assistants.search()
        nodes = {node["id"] for node in client.assistants.get_graph(assistant["assistant_id"])["nodes"]}
        assert {"intake", "await_approval", "record_decision", "execute_action", "learn"} <= nodes
        schema = client.assistants.get_schemas(assistant["assistant_id"])["input_schema"]
        assert {"alert", "messages"} <= schema["properties"].keys()
        thread_id = client.threads.create()["thread_id"]
        client.runs.wait(thread_id, "ops-assistant", input={"alert": POOL})
        history = client.threads.get_history(thread_id, limit=50)
        assert len(history) >= 6  # one checkpoint per step, not one at the end
