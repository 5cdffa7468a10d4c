"""The systemd backend against a stand-in for systemctl that keeps one unit and notes its argv."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops_assistant.tools.actions.backends.systemd import SystemdBackend
from ops_assistant.tools.actions.base import Preview, changed
from ops_assistant.tools.actions.catalogue import plan_action
from ops_assistant.tools.actions.process import Programs
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory, Service

STAND_IN = """#!{python} -IS
import json, os, sys, time
folder = {folder!r}
state = json.load(open(folder + "/state.json"))
with open(folder + "/argv", "a") as file:
    file.write(json.dumps({{"argv": sys.argv[1:], "env": sorted(os.environ), "cwd": os.getcwd()}}) + "\\n")
unit = sys.argv[-1]
if "restart" in sys.argv:
    if state.get("refuse"):
        sys.exit("Failed to restart shop.service: Access denied")
    state.update(InvocationID=state["InvocationID"] + "1", ActiveEnterTimestamp="@%d" % time.time())
    json.dump(state, open(folder + "/state.json", "w"))
else:
    known = unit == "shop.service"
    for name in ("LoadState", "ActiveState", "SubState", "Result", "InvocationID", "ActiveEnterTimestamp"):
        print(name + "=" + (state[name] if known else "not-found" if name == "LoadState" else ""))
"""
STATE = {
    "LoadState": "loaded", "ActiveState": "active", "SubState": "running", "Result": "success", "InvocationID": "e1",
    "ActiveEnterTimestamp": "@1000000000",
}  # fmt: skip
SERVICE = Service(name="shop", backend="systemd", target={"unit": "shop.service"})


@pytest.fixture
def backend(tmp_path: Path) -> SystemdBackend:
    file = tmp_path / "systemctl"
    file.write_text(STAND_IN.format(python=sys.executable, folder=str(tmp_path)))
    file.chmod(0o700)
    write(tmp_path)
    return SystemdBackend(Programs(tmp_path / "gate"), program=str(file))


def write(tmp_path: Path, **state: object) -> None:
    (tmp_path / "state.json").write_text(json.dumps(STATE | state))


def preview(backend: SystemdBackend, service: Service = SERVICE) -> Preview:
    inventory = Inventory(services=[service])
    return plan_action(
        "restart_service", {"service": "shop"}, inventory=inventory, backends={"systemd": backend}
    ).preview


def test_a_restart_is_this_argv_in_fixed_surroundings(
    backend: SystemdBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_PRELOAD_X", "from outside")
    planned = preview(backend)
    assert planned.argv == [
        str(tmp_path / "systemctl"), "--no-ask-password", "restart", "--", "shop.service"
    ]  # fmt: skip
    since = datetime.now(UTC)
    result = backend.run(planned, key="k")
    assert result.ok, result.output
    seen = [json.loads(line) for line in (tmp_path / "argv").read_text().splitlines()]
    ran = [entry for entry in seen if "restart" in entry["argv"]]
    assert [entry["argv"] for entry in ran] == [planned.argv[1:]]
    assert ran[0]["cwd"] == "/"
    assert set(ran[0]["env"]) - {"LC_CTYPE"} == {"PATH", "LANG", "LC_ALL", "TZ", "OPS_ACTION_KEY"}
    assert backend.probe(planned, key="k", since=since) is True


def test_a_new_invocation_is_stale(backend: SystemdBackend, tmp_path: Path) -> None:
    planned = preview(backend)
    assert changed(backend, planned) is None
    write(tmp_path, InvocationID="e2")
    assert changed(backend, planned) == "invocation was 'e1' and is 'e2'"


def test_a_unit_that_restarts_by_itself_pins_nothing(backend: SystemdBackend, tmp_path: Path) -> None:
    write(tmp_path, ActiveState="activating", SubState="auto-restart", Result="exit-code")
    planned = preview(backend)
    assert planned.precondition == {}
    health = backend.health(SERVICE)
    assert (health.known, health.healthy) == (True, False)
    assert health.detail == "shop.service is activating (auto-restart), last result exit-code"
    assert backend.run(planned, key="k").ok
    write(tmp_path, ActiveState="activating")
    assert backend.probe(planned, key="k", since=datetime.now(UTC)) is None


def test_the_start_time_says_that_nothing_happened(backend: SystemdBackend, tmp_path: Path) -> None:
    backend.run(preview(backend), key="k")
    write(tmp_path)  # as it was before
    since = datetime.fromtimestamp(1_000_000_000, UTC)
    assert backend.probe(preview(backend), key="k", since=since) is True
    assert backend.probe(preview(backend), key="k", since=since + timedelta(seconds=1)) is False


def test_what_never_started_has_had_no_effect_and_never_will(backend: SystemdBackend, tmp_path: Path) -> None:
    planned = preview(backend)
    assert backend.probe(planned, key="k", since=datetime.now(UTC)) is False
    late = backend.run(planned, key="k")  # a worker that had stalled before it started anything
    assert (late.ok, late.problem) == (False, "stale")
    assert "restart" not in (tmp_path / "argv").read_text()


def test_a_refusal_is_a_failure_with_its_words(backend: SystemdBackend, tmp_path: Path) -> None:
    write(tmp_path, refuse=True)
    result = backend.run(preview(backend), key="k")
    assert (result.ok, result.problem) == (False, "failed")
    assert "Access denied" in result.output


def test_an_unknown_unit_cannot_be_planned(backend: SystemdBackend) -> None:
    other = Service(name="shop", backend="systemd", target={"unit": "other.service"})
    with pytest.raises(InputError, match="no unit 'other.service'"):
        preview(backend, other)


def test_a_host_without_systemd_cannot_be_asked(tmp_path: Path) -> None:
    file = tmp_path / "systemctl"
    file.write_text("#!/bin/sh\necho 'System has not been booted with systemd'\nexit 1\n")
    file.chmod(0o700)
    backend = SystemdBackend(Programs(tmp_path / "gate"), program=str(file))
    with pytest.raises(InputError, match="not been booted"):
        preview(backend)
    assert not backend.health(SERVICE).known


@pytest.fixture
def real_unit() -> Iterator[str]:
    """A transient unit of the real systemd, where one runs as this host's init."""
    if not Path("/run/systemd/system").is_dir() or os.getuid() != 0:
        pytest.skip("systemd is not this host's init, or this is not root")
    unit = f"ops-assistant-test-{os.getpid()}.service"
    subprocess.run(["systemd-run", f"--unit={unit}", "sleep", "600"], check=True, capture_output=True)
    try:
        yield unit
    finally:
        subprocess.run(["systemctl", "stop", unit], check=False, capture_output=True)


def test_a_real_unit_is_restarted_once_and_its_start_proves_it(real_unit: str, tmp_path: Path) -> None:
    backend = SystemdBackend(Programs(tmp_path / "gate"))
    service = Service(name="shop", backend="systemd", target={"unit": real_unit})
    planned = preview(backend, service)
    assert planned.precondition["invocation"]
    assert backend.health(service).healthy
    since = datetime.now(UTC)
    assert backend.run(planned, key="k").ok
    assert backend.probe(planned, key="k", since=since) is True
    assert changed(backend, planned)
    assert not backend.run(planned, key="k").ok  # once per key
