"""Whether a claim's owner is dead: said only when it is certain."""

import os
import socket
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from ops_assistant.graph import worker
from ops_assistant.graph.worker import described, is_gone, is_held, this_worker


def renamed(owner: str, part: int, value: str) -> str:
    parts = owner.split("/")
    parts[part] = value
    return "/".join(parts)


def test_a_living_process_is_not_gone() -> None:
    assert not is_gone(this_worker())


def test_two_claims_of_one_process_have_two_names() -> None:
    assert this_worker() != this_worker()


def test_an_ended_process_is_gone() -> None:
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    assert is_gone(renamed(this_worker(), 3, str(ended.pid)))


def test_a_zombie_is_gone() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(renamed(this_worker(), 3, str(pid)))
    os.waitpid(pid, 0)


def test_a_pid_that_another_process_got_is_not_the_owner() -> None:
    assert is_gone(renamed(this_worker(), 4, "1"))


def test_a_reboot_ends_every_process() -> None:
    assert is_gone(renamed(this_worker(), 1, "another-boot"))


@pytest.mark.parametrize(("part", "value"), [(0, "another-host"), (2, "another-namespace")])
def test_what_cannot_be_seen_from_here_is_not_called_gone(part: int, value: str) -> None:
    assert not is_gone(renamed(renamed(this_worker(), 4, "1"), part, value))


def test_where_there_is_no_proc_nobody_is_called_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = this_worker()
    monkeypatch.setattr(worker, "_boot", lambda: "")
    assert not is_gone(renamed(owner, 4, "1"))


@pytest.mark.parametrize("owner", ["", "one", "a:b:c"])
def test_a_name_of_another_kind_is_not_called_gone(owner: str) -> None:
    assert not is_gone(owner)


def test_a_claim_counts_while_its_lease_runs_and_its_owner_may_live() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    later, earlier = now + timedelta(seconds=1), now - timedelta(seconds=1)
    living = this_worker()
    host, boot, namespace, pid, _start, nonce = living.split("/")
    dead = "/".join([host, boot, namespace, pid, "1", nonce])
    assert is_held(living, later, now)
    assert not is_held(living, earlier, now)
    assert not is_held(dead, later, now)
    assert is_held("another-host/b/n/1/1/x", later, now)  # nobody here can say
    assert is_held(living, None, now)


def test_an_owner_is_told_as_a_process_on_a_host() -> None:
    assert described(this_worker()) == f"process {os.getpid()} on {socket.gethostname()}"
    assert described("somebody") == "somebody"
    assert described("") == "nobody"
