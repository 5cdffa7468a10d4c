"""The start gate: a program is started at most once per key, and what became of it is known or said to be unknown."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ops_assistant.tools.actions import start_gate, start_gate_child
from ops_assistant.tools.errors import InputError

COUNT = ["/bin/sh", "-c", 'echo ran >> "$0"']
CHILD = str(Path(start_gate.__file__).with_name("start_gate_child.py"))


def ran(counter: Path) -> int:
    return len(counter.read_text().splitlines()) if counter.exists() else 0


def order(argv: list[str], folder: Path, timeout: float = 60) -> bytes:
    return json.dumps(
        {"argv": argv, "key": "k", "folder": str(folder), "timeout": timeout, "env": {}, "cwd": "/"}
    ).encode()


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if condition():
            return
        subprocess.run(["/bin/sleep", "0.01"], check=True)
    raise AssertionError("it did not come about")


def test_a_program_runs_once_per_key(tmp_path: Path) -> None:
    argv = [*COUNT, str(tmp_path / "counter")]
    assert start_gate.run(argv, "k", tmp_path / "gate", 10).state == "ended"
    assert start_gate.run(argv, "k", tmp_path / "gate", 10).state == "refused"
    assert ran(tmp_path / "counter") == 1
    assert start_gate.probe("k", tmp_path / "gate").state == "ended"


def test_exit_code_and_output_are_kept(tmp_path: Path) -> None:
    argv = ["/bin/sh", "-c", r"printf 'a\377\000b' ; echo problem >&2; exit 3"]
    result = start_gate.run(argv, "k", tmp_path, 10)
    assert (result.state, result.code) == ("ended", 3)
    assert result.output == "a\\xff\\x00bproblem\n"


def test_much_output_without_a_newline_is_bounded(tmp_path: Path) -> None:
    argv = ["/bin/sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x"]
    result = start_gate.run(argv, "k", tmp_path, 30)
    assert len(result.output) < 21_000
    assert "bytes left out" in result.output


def test_beginning_and_end_of_a_long_output_are_kept_and_no_half_line(tmp_path: Path) -> None:
    argv = ["/bin/sh", "-c", "echo first; seq -f 'password=line-%.0f' 100000; echo it failed >&2; exit 1"]
    result = start_gate.run(argv, "k", tmp_path, 30)
    assert result.output.startswith("first\npassword=line-1\n")
    assert result.output.endswith("password=line-100000\nit failed\n")
    _, _, tail = result.output.partition("left out)\n")
    assert all(line.startswith("password=") for line in tail.splitlines()[:-1])


def test_nothing_of_our_environment_reaches_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_OPENAI_API_KEY", "secret")
    assert "secret" not in start_gate.run(["/usr/bin/env"], "k", tmp_path, 10).output


def test_a_program_that_hangs_is_stopped_and_unknown(tmp_path: Path) -> None:
    result = start_gate.run(["/bin/sleep", "600"], "k", tmp_path, 0.2)
    assert result.state == "timed_out"
    assert start_gate.run(["/bin/sleep", "600"], "k", tmp_path, 0.2).state == "refused"


def test_a_gate_that_recovery_closed_starts_nothing(tmp_path: Path) -> None:
    """A worker that stalled longer than its lease: whoever took over has probed, so its late child is too late."""
    assert start_gate.probe("k", tmp_path).state == "never"
    argv = [*COUNT, str(tmp_path / "counter")]
    assert start_gate.run(argv, "k", tmp_path, 10).state == "refused"
    assert ran(tmp_path / "counter") == 0
    assert start_gate.probe("k", tmp_path).state == "never"


def test_mutant_without_exclusive_create_the_late_child_runs(tmp_path: Path) -> None:
    """What the test above protects: with a plain create, the stalled worker's child runs after all."""
    source = Path(start_gate_child.__file__).read_text().replace(" | os.O_EXCL", "", 1)
    (tmp_path / "mutant.py").write_text(source)
    start_gate.probe("k", tmp_path)
    argv = [*COUNT, str(tmp_path / "counter")]
    subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "mutant.py")], input=order(argv, tmp_path), check=True
    )
    assert ran(tmp_path / "counter") == 1


def test_twenty_gates_at_once_start_one_program(tmp_path: Path) -> None:
    argv = [*COUNT, str(tmp_path / "counter")]
    gates = [subprocess.Popen([sys.executable, "-I", "-S", CHILD], stdin=subprocess.PIPE) for _ in range(20)]
    for gate in gates:
        assert gate.stdin is not None
        gate.stdin.write(order(argv, tmp_path))
        gate.stdin.close()
    assert sorted(gate.wait() for gate in gates) == [0] + [start_gate.GATE_CLOSED] * 19
    assert ran(tmp_path / "counter") == 1


def test_a_worker_that_dies_while_the_program_runs_loses_no_result(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom ops_assistant.tools.actions import start_gate\n"
        "start_gate.run(['/bin/sh', '-c', 'read x < \"$0\"; exit 4', sys.argv[2]], 'k', Path(sys.argv[1]), 60)\n"
    )
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(fifo)]) as worker:
        wait_for(lambda: start_gate_started(tmp_path))
        worker.send_signal(signal.SIGKILL)
    assert start_gate.probe("k", tmp_path).state == "running"
    fifo.write_text("go\n")
    wait_for(lambda: start_gate.probe("k", tmp_path).state != "running")
    result = start_gate.probe("k", tmp_path)
    assert (result.state, result.code) == ("ended", 4)


def start_gate_started(folder: Path) -> bool:
    start = folder / "k.start"
    return start.exists() and len(start.read_text().split()) == 2


@pytest.mark.parametrize("before_the_program", [True, False])
def test_a_gate_that_is_killed_leaves_it_unknown(tmp_path: Path, before_the_program: bool) -> None:
    gate = subprocess.Popen(
        [sys.executable, "-I", "-S", CHILD], stdin=subprocess.PIPE, start_new_session=True
    )
    assert gate.stdin is not None
    counter = tmp_path / "counter"
    if before_the_program:
        gate.stdin.close()
        gate.wait()
        (tmp_path / "k.start").write_text(f"{gate.pid} 1")  # it got as far as its start file
    else:
        gate.stdin.write(order(["/bin/sh", "-c", 'echo ran >> "$0"; sleep 30', str(counter)], tmp_path))
        gate.stdin.close()
        wait_for(lambda: ran(counter) == 1)
        gate.kill()
        gate.wait()
    assert start_gate.probe("k", tmp_path).state == "unknown"
    assert start_gate.run([*COUNT, str(counter)], "k", tmp_path, 5).state == "refused"


def test_a_pid_that_was_given_to_another_process_does_not_read_as_running(tmp_path: Path) -> None:
    (tmp_path / "k.start").write_text(f"{os.getpid()} 1")  # our pid, another start time
    assert start_gate.probe("k", tmp_path).state == "unknown"


@pytest.mark.parametrize("argv", [[], ["sh"], ["./x"], ["/bin/echo", "a\0b"]])
def test_what_is_no_absolute_program_is_refused(tmp_path: Path, argv: list[str]) -> None:
    with pytest.raises(InputError):
        start_gate.run(argv, "k", tmp_path, 5)


@pytest.mark.parametrize("key", ["", "../x", "a/b", "x" * 200])
def test_a_key_cannot_leave_its_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(InputError):
        start_gate.run(["/bin/true"], key, tmp_path, 5)
