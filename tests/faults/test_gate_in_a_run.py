"""The start gate in whole runs: a real program, whose gate, worker or host dies on the way."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops_assistant import InputError, OpsAssistant, Settings
from ops_assistant.graph.ledger import action_key
from ops_assistant.run import Run
from ops_assistant.tools.actions import start_gate, start_gate_child
from ops_assistant.tools.actions.process import Programs

from faulty import one_action
from scenarios import POOL
from services import until


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """A named pipe that the program waits for."""
    fifo = tmp_path / "go"
    os.mkfifo(fifo)
    return fifo


@pytest.fixture
def settings(data_dir: Path, tmp_path: Path, go: Path) -> Settings:
    script = tmp_path / "flush"
    script.write_text(f'#!/bin/sh\necho ran >> {tmp_path}/counter\nread word < {go}\necho "said $word"\n')
    script.chmod(0o700)
    service = {
        "name": "jobs", "backend": "systemd", "target": {"unit": "jobs.service"},
        "commands": {"flush": {"argv": [str(script)], "timeout_s": 60}},
    }  # fmt: skip
    (tmp_path / "inventory.yaml").write_text(yaml.safe_dump({"services": [service]}))
    return Settings(data_dir=data_dir, inventory=tmp_path / "inventory.yaml", engine="case-based")


def ran(tmp_path: Path) -> int:
    counter = tmp_path / "counter"
    return len(counter.read_text().splitlines()) if counter.exists() else 0


FLUSH = one_action("run_runbook_command", service="jobs", command="flush")


@contextmanager
def running(run: Run, tmp_path: Path) -> Iterator[None]:
    """Approve in another thread, and give control while the program runs."""
    thread = threading.Thread(target=run.edit, args=(FLUSH,), kwargs={"by": "dana"})
    before = ran(tmp_path)
    thread.start()
    until(lambda: ran(tmp_path) > before, what="the program runs")
    try:
        yield
    finally:
        thread.join()


def start_file(settings: Settings, run: Run) -> Path:
    (started,) = (
        entry
        for entry in OpsAssistant(settings).audit.entries(run.thread_id)
        if entry.kind == "action.started"
    )
    return settings.data_dir / "gate" / f"{action_key(started.body['plan_hash'], 0)}.start"


def test_8_a_gate_killed_while_the_program_runs_leaves_it_unknown_and_never_run_again(
    assistant: OpsAssistant, settings: Settings, tmp_path: Path, go: Path
) -> None:
    run = assistant.investigate(POOL)
    with running(run, tmp_path):
        os.kill(int(start_file(settings, run).read_text().split()[0]), signal.SIGKILL)
    go.write_text("late\n")
    assert (run.waits_for, run.outcomes[-1].status) == ("reconcile", "unknown")
    for _ in range(2):
        run.resume()
    assert ran(tmp_path) == 1
    with pytest.raises(InputError, match="retry needs"):
        run.reconcile("retry", by="eve")
    assert run.reconcile("skip", evidence="saw it in the log", by="eve").waits_for == "nothing"
    assert ran(tmp_path) == 1


def test_8_mutant_that_takes_a_dead_gate_for_one_that_never_started_lets_it_run_twice(
    assistant: OpsAssistant, settings: Settings, tmp_path: Path, go: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)
    monkeypatch.setattr(Programs, "did_run", lambda self, key: False)
    with running(run, tmp_path):
        os.kill(int(start_file(settings, run).read_text().split()[0]), signal.SIGKILL)
    go.write_text("late\n")
    run.reconcile("retry", by="eve")  # nobody is asked for evidence
    thread = threading.Thread(target=run.approve, kwargs={"by": "eve"})
    thread.start()
    until(lambda: ran(tmp_path) == 2, what="the program runs twice")
    go.write_text("go\n")
    thread.join()


def dying_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the gate's process die right after it has put its start file on disk."""
    source = Path(start_gate_child.__file__).read_text()
    marker = "    _sync(folder)\n    kept"
    assert marker in source
    killed = source.replace(
        marker, "    _sync(folder)\n    os.kill(os.getpid(), signal.SIGKILL)\n    kept", 1
    )
    (tmp_path / "start_gate_child.py").write_text(killed)
    monkeypatch.setattr(start_gate, "__file__", str(tmp_path / "start_gate.py"))


def test_7_a_gate_killed_before_the_program_began_is_unknown_too(
    assistant: OpsAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = assistant.investigate(POOL)
    with monkeypatch.context() as patch:
        dying_gate(tmp_path, patch)
        run.edit(FLUSH, by="dana")
    assert (run.waits_for, run.outcomes[-1].status) == ("reconcile", "unknown")
    assert run.resume().waits_for == "reconcile"
    assert ran(tmp_path) == 0


def test_7_mutant_that_starts_what_has_a_start_file_runs_it_by_itself(
    assistant: OpsAssistant, settings: Settings, tmp_path: Path, go: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the exclusive create, asking again starts it: nobody was asked, though it may have run."""
    run = assistant.investigate(POOL)
    with monkeypatch.context() as patch:
        dying_gate(tmp_path, patch)
        run.edit(FLUSH, by="dana")
    source = Path(start_gate_child.__file__).read_text().replace(" | os.O_EXCL", "", 1)
    (tmp_path / "start_gate_child.py").write_text(source)
    monkeypatch.setattr(start_gate, "__file__", str(tmp_path / "start_gate.py"))
    assert run.plan is not None
    preview, key = run.plan.actions[0].preview, action_key(run.plan.hash, 0)
    backend = assistant._dependencies.backends["command"]
    thread = threading.Thread(target=backend.run, args=(preview,), kwargs={"key": key})
    thread.start()
    until(lambda: ran(tmp_path) == 1, what="the program runs")
    go.write_text("go\n")
    thread.join()


def test_4_a_worker_killed_while_the_program_runs_loses_no_outcome(
    assistant: OpsAssistant, settings: Settings, tmp_path: Path, go: Path
) -> None:
    code = (
        "import json, sys\nfrom ops_assistant import OpsAssistant, Settings\n"
        "from pathlib import Path\n"
        "settings = Settings(data_dir=Path(sys.argv[1]), inventory=Path(sys.argv[2]), engine='case-based')\n"
        "OpsAssistant(settings).open(sys.argv[3]).edit(json.loads(sys.argv[4]), by='dana')\n"
    )
    import json

    run = assistant.investigate(POOL)
    argv = [str(settings.data_dir), str(settings.inventory), run.thread_id, json.dumps(FLUSH)]
    with subprocess.Popen([sys.executable, "-c", code, *argv]) as worker:
        until(lambda: ran(tmp_path) == 1, what="the program runs", seconds=60)
        worker.send_signal(signal.SIGKILL)
    (item,) = assistant.interrupted()
    assert item.stopped == "started"
    go.write_text("done\n")
    start = start_file(settings, run)
    until(start.with_suffix(".result").exists, what="the gate has its result")
    assert assistant.recover()[0].status == "completed"
    assert [outcome.status for outcome in assistant.open(run.thread_id).outcomes] == ["succeeded"]
    assert ran(tmp_path) == 1


def test_9_after_a_reboot_a_start_file_without_a_result_is_unknown(
    assistant: OpsAssistant, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All processes are gone, the start file stays; its pid belongs to another process now: this one."""
    run = assistant.investigate(POOL)
    with monkeypatch.context() as patch:
        dying_gate(tmp_path, patch)
        run.edit(FLUSH, by="dana")
    start_file(settings, run).write_text(f"{os.getpid()} 1")
    assert run.resume().waits_for == "reconcile"
    assert run.outcomes[-1].status == "unknown"


def test_9_mutant_that_knows_only_the_pid_reads_it_as_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "k.start").write_text(f"{os.getpid()} 1")
    assert start_gate.probe("k", tmp_path).state == "unknown"
    alive: Any = lambda pid: "1" if Path("/proc", pid).exists() else None  # noqa: E731
    monkeypatch.setattr(start_gate, "_started_at", alive)
    assert start_gate.probe("k", tmp_path).state == "running"
