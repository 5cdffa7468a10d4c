"""SIGKILL at the boundaries of approval and execution, each followed by another process."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops_assistant import NothingToActOn, OpsAssistant, Settings
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend

from faulty import KillServer
from scenarios import POOL

POINTS = (
    "before record_decision",
    "after record_decision",
    "before claim",
    "after claim",
    "after run",
    "after finish",
)
"""Before or after the decision, the claim, the effect and the outcome are written."""


@pytest.fixture(scope="module")
def server() -> Iterator[KillServer]:
    made = KillServer()
    yield made
    made.close()


def executed(data_dir: Path) -> list[str]:
    return [entry["key"] for entry in SimulatedBackend(data_dir / "simulated.jsonl").entries()]


def test_a_run_whose_process_is_killed_while_it_waits_goes_on_elsewhere(settings: Settings) -> None:
    code = (
        "import json, sys, threading\nfrom ops_assistant import OpsAssistant, Settings\n"
        "assistant = OpsAssistant(Settings(data_dir=sys.argv[1], engine='case-based'))\n"
        "print(assistant.investigate(json.loads(sys.argv[2])).thread_id, flush=True)\nthreading.Event().wait()\n"
    )
    import json

    argv = [sys.executable, "-c", code, str(settings.data_dir), json.dumps(POOL)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        thread_id = child.stdout.readline().strip()
        os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    with OpsAssistant(settings) as assistant:
        assert [run.thread_id for run in assistant.pending()] == [thread_id]
        run = assistant.open(thread_id)
        assert run.plan is not None
        assert run.diagnosis is not None
        assert run.approve(by="dana").status == "completed"
    assert len(executed(settings.data_dir)) == len(run.plan.actions)


@pytest.mark.parametrize("point", POINTS)
def test_no_action_runs_twice_and_none_is_lost_without_saying_so(
    settings: Settings, server: KillServer, point: str
) -> None:
    with OpsAssistant(settings) as assistant:
        run = assistant.investigate(POOL)
        assert run.plan is not None
        planned = len(run.plan.actions)
        killed = server.do(
            data_dir=str(settings.data_dir), thread_id=run.thread_id, act="approve", kill_point=point
        )
        assert killed["signal"] == signal.SIGKILL
        run = assistant.open(run.thread_id)
        try:
            run.approve(by="dana")  # the next shift tries again
        except NothingToActOn:
            run.resume()
        ran = executed(settings.data_dir)
        assert len(ran) == len(set(ran))
        if point == "after claim":  # the target says that it did not happen
            assert (run.status, run.waits_for) == ("awaiting_approval", "reconcile")
            assert "will not be run again by itself" in run.outcomes[-1].output
            assert run.outcomes[-1].not_applied
            run.reconcile("retry", by="dana")
            assert run.waits_for == "approval"
            run.approve(by="dana")
            ran = executed(settings.data_dir)
        assert run.status == "completed"
        assert run.outcomes[-1].status == "succeeded"
        assert len(ran) == len(set(ran)) == planned


def test_two_processes_that_approve_at_once_execute_once(settings: Settings) -> None:
    """Ten races of two processes past the per-run lock: one decision, one execution, a clear loser."""
    code = (
        "import contextlib, sys\nfrom ops_assistant import NothingToActOn, OpsAssistant, Settings\n"
        "from ops_assistant.graph.executor import ActionInProgress\n"
        "OpsAssistant.exclusive = lambda self, thread_id: contextlib.nullcontext()\n"
        "assistant = OpsAssistant(Settings(data_dir=sys.argv[1], engine='case-based'))\n"
        "for line in sys.stdin:\n"
        "    run = assistant.open(line.strip())\n"
        "    print('ready', flush=True); sys.stdin.readline()\n"
        "    try:\n        run.approve(by=sys.argv[2]); print('done', flush=True)\n"
        "    except (NothingToActOn, ActionInProgress) as error:\n        print('refused', error, flush=True)\n"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(settings.data_dir), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("dana", "eve")
    ]
    try:
        with OpsAssistant(settings) as assistant:
            for _ in range(10):
                run = assistant.investigate(POOL)
                assert run.plan is not None
                for racer in racers:
                    _write(racer, run.thread_id)
                assert [_read(racer) for racer in racers] == ["ready", "ready"]
                starts = [threading.Thread(target=_write, args=(racer, "go")) for racer in racers]
                for start in starts:
                    start.start()
                answers = [_read(racer) for racer in racers]
                assert any(answer == "done" for answer in answers), answers
                ran = executed(settings.data_dir)
                assert len(ran) == len(set(ran))
                assert assistant.open(run.thread_id).status == "completed"
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()


def _write(racer: "subprocess.Popen[str]", line: str) -> None:
    assert racer.stdin is not None
    racer.stdin.write(line + "\n")
    racer.stdin.flush()


def _read(racer: "subprocess.Popen[str]") -> str:
    assert racer.stdout is not None
    return racer.stdout.readline().strip()
