"""The command line as a person or a script uses it: real processes, exit codes, stdout and stderr."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios import POOL

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cli(data_dir: Path, tmp_path: Path) -> Cli:
    def run(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "OPS_DATA_DIR": str(data_dir), "OPS_ENGINE": "case-based"}
        return subprocess.run(
            [sys.executable, "-m", "ops_assistant.cli", *argv], input=stdin, capture_output=True, text=True,
            env=environment, cwd=tmp_path, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def alert_file(tmp_path: Path) -> str:
    file = tmp_path / "alert.json"
    file.write_text(json.dumps(POOL))
    return str(file)


def investigated(cli: Cli, alert_file: str) -> str:
    done = cli("investigate", alert_file, "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["thread_id"])


def test_json_is_one_object_with_the_contract_s_fields(cli: Cli, alert_file: str) -> None:
    done = cli("investigate", alert_file, "--json")
    result = json.loads(done.stdout)
    assert {
        "thread_id", "status", "alert", "digest", "log_analysis", "diagnosis", "recommendation", "plan", "decision",
        "outcomes", "report",
    } <= result.keys()  # fmt: skip
    assert result["status"] == "awaiting_approval"
    action = result["plan"]["actions"][0]
    assert {"id", "type", "params", "backend", "preview", "risk"} <= action.keys()
    assert {"hash", "expires_at"} <= result["plan"].keys()
    assert "diagnose" in done.stderr


def test_a_run_goes_from_process_to_process(cli: Cli, alert_file: str, tmp_path: Path) -> None:
    thread = investigated(cli, alert_file)
    assert thread[:8] in cli("pending").stdout
    assert [row["thread_id"] for row in json.loads(cli("pending", "--json").stdout)["pending"]] == [thread]
    shown = cli("show", thread[:8])
    assert "pool" in shown.stdout
    for title in ("Facts", "Hypotheses, not facts", "Not checked", "Similar historical cases", "What to do"):
        assert f"\n{title}\n" in shown.stdout
    assert cli("approve", thread[:8], "--by", "dana").returncode == 0
    assert json.loads(cli("show", thread, "--json").stdout)["status"] == "completed"
    again = cli("approve", thread)
    assert again.returncode == 3
    assert "approve by dana" in again.stderr
    assert "nothing waits" in cli("pending").stdout
    page = tmp_path / "report.html"
    assert cli("show", thread, "--html", str(page)).returncode == 0
    assert page.read_text().startswith("<!doctype html>")
    assert cli("show", thread, "--markdown").stdout.startswith("# api")


def test_an_edited_plan_file(cli: Cli, alert_file: str, tmp_path: Path) -> None:
    thread = investigated(cli, alert_file)
    plan = json.loads(cli("show", thread, "--json").stdout)
    plan["plan"]["actions"] = [{"id": "a1", "type": "clear_cache", "params": {"service": "api-server"}}]
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    done = cli("edit", thread, str(file), "--json")
    assert done.returncode == 0, done.stderr
    assert [item["type"] for item in json.loads(done.stdout)["outcomes"]] == ["clear_cache"]


def test_reject_and_abort(cli: Cli, alert_file: str) -> None:
    assert cli("abort", investigated(cli, alert_file), "--reason", "no").returncode == 0
    assert cli("reject", investigated(cli, alert_file), "--reason", "no").returncode == 0


@pytest.mark.parametrize(
    "command", [("approve",), ("abort",), ("reject", "--reason", "x"), ("show",), ("resume",)]
)
def test_an_unknown_thread_is_exit_code_3(cli: Cli, command: tuple[str, ...]) -> None:
    done = cli(command[0], "nowhere", *command[1:])
    assert done.returncode == 3
    assert "no run 'nowhere'" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"), (b"nonsense", "not JSON"), (b"\x00\x01", "binary"), (b'{"service": "\xe9"}', "not UTF-8"),
        (b'{"service": "api"}', "`message`"), (b'{"service": "api", "message": "x"}', "logs"),
        (b'{"service": "api", "message": "x", "logs": ""}', "`logs`"),
        (b'{"service": "api", "message": "x", "log_sources": ["nowhere.log"]}', "nowhere.log"),
    ],
)  # fmt: skip
def test_a_bad_alert_is_exit_code_2_without_a_traceback(
    cli: Cli, tmp_path: Path, content: bytes, word: str
) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    done = cli("investigate", str(file), "--json")
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_other_bad_input_is_exit_code_2(cli: Cli, alert_file: str, tmp_path: Path) -> None:
    assert cli("investigate", str(tmp_path / "nowhere.json")).returncode == 2
    assert cli("investigate", alert_file, "--logs", "nowhere.log").returncode == 2
    assert cli("investigate", alert_file, "--engine", "magic").returncode == 2
    without_key = cli("investigate", alert_file, "--engine", "llm")
    assert without_key.returncode == 2
    assert "OPS_OPENAI_API_KEY" in without_key.stderr
    assert cli("edit", investigated(cli, alert_file), str(tmp_path / "no.json")).returncode == 2


def test_the_alert_may_come_from_stdin(cli: Cli) -> None:
    done = cli("investigate", "-", "--json", stdin=json.dumps(POOL))
    assert done.returncode == 0, done.stderr
    assert cli("investigate", "-", stdin="").returncode == 2


def test_doctor_finds_this_machine_well(cli: Cli) -> None:
    done = cli("doctor", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["ok"]


def test_cold_help_imports_neither_database_nor_model_client() -> None:
    code = (
        "import sys\nfrom ops_assistant.cli.app import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'chromadb', 'openai', 'langchain_openai', 'langgraph', 'langchain', 'wordllama', 'bm25s', 'numpy'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "investigate" in done.stdout
    assert done.stdout.rstrip().endswith("HEAVY []")


def test_case_based_mode_makes_no_network_call(
    cli: Cli, alert_file: str, data_dir: Path, tmp_path: Path
) -> None:
    """Every socket that is not loopback is refused in the child; the run must not even try one."""
    (tmp_path / "sitecustomize.py").write_text(
        "import socket\n"
        "def guard(name):\n"
        "    real = getattr(socket.socket, name)\n"
        "    def checked(self, address, *rest):\n"
        "        inet = self.family in (socket.AF_INET, socket.AF_INET6)\n"
        "        if inet and address[0] not in ('127.0.0.1', '::1', 'localhost'):\n"
        "            open('called', 'a').write(f'{address}\\n')\n"
        "            raise OSError('the test allows loopback only')\n"
        "        return real(self, address, *rest)\n"
        "    setattr(socket.socket, name, checked)\n"
        "for name in ('connect', 'connect_ex', 'sendto'):\n"
        "    guard(name)\n"
        "def resolve(host, *rest, **more):\n"
        "    open('called', 'a').write(f'{host}\\n')\n"
        "    raise OSError('the test allows no name look-up')\n"
        "socket.getaddrinfo = resolve\n"
    )
    environment = {**os.environ, "OPS_DATA_DIR": str(data_dir / "fresh"), "PYTHONPATH": str(tmp_path)}
    if existing := os.environ.get("PYTHONPATH"):
        environment["PYTHONPATH"] += os.pathsep + existing
    done = subprocess.run(
        [sys.executable, "-m", "ops_assistant.cli", "investigate", alert_file, "--json", "--engine", "case-based"],
        capture_output=True, text=True, env=environment, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "called").exists()
    probe = subprocess.run(
        [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 9), 0.1)"],
        env=environment, cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert probe.returncode != 0
    assert (tmp_path / "called").exists()  # the guard is really in place
