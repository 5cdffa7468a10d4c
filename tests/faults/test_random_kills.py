"""SIGKILLs at random boundaries and moments of approval and execution, each resumed by another process.

The backend's journal counts every effect. Whatever was killed when: no action runs twice, and none is lost without
the ledger saying so.
"""

import itertools
import json
import random
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from ops_assistant import OpsAssistant, Settings
from ops_assistant.graph.seal import Seal
from ops_assistant.graph.store import Store
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend

from faulty import KillServer
from scenarios import POOL
from services import postgres_server

SERVERS = 2


class Waiting:
    """A run that waits for approval, to be copied once per round: its files, and its database if it has one."""

    def __init__(self, settings: Settings) -> None:
        with OpsAssistant(settings) as assistant:
            self.thread_id = assistant.investigate(POOL).thread_id
        self.folder = settings.data_dir
        self.url = settings.database_url.get_secret_value() if settings.database_url else None

    def copied(self, to: Path) -> dict[str, Any]:
        """Return the part of an order that names the copy."""
        shutil.copytree(self.folder, to, ignore=shutil.ignore_patterns("knowledge", "locks"))
        url = None
        if self.url is not None:
            base, _, name = self.url.rpartition("/")
            copy = to.name.replace("-", "_")
            self._on_the_server(f"CREATE DATABASE {copy} TEMPLATE {name}")
            url = f"{base}/{copy}"
        return {"data_dir": str(to), "database_url": url, "thread_id": self.thread_id}

    def removed(self, order: dict[str, Any]) -> None:
        shutil.rmtree(order["data_dir"])
        if order["database_url"] is not None:
            self._on_the_server(f"DROP DATABASE {order['database_url'].rpartition('/')[2]} WITH (FORCE)")

    def _on_the_server(self, statement: str) -> None:
        assert self.url is not None
        with psycopg.connect(self.url.rpartition("/")[0] + "/template1", autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def servers() -> Iterator[list[KillServer]]:
    made = [KillServer() for _ in range(SERVERS)]
    yield made
    for server in made:
        server.close()


def effects(folder: Path) -> Counter[str]:
    """Count what the backend did, by what it did: a retried action under a new key counts as the same."""
    entries = SimulatedBackend(folder / "simulated.jsonl").entries()
    return Counter(json.dumps([entry["call"], entry["args"]], sort_keys=True) for entry in entries)


def problems(order: dict[str, Any], said: dict[str, Any], planned: int, *, probe: bool) -> list[str]:
    """Return what must not be: an action that ran twice, or one that did not run and nobody says so."""
    folder = Path(order["data_dir"])
    counted = effects(folder)
    found = [f"ran {times} times: {what}" for what, times in counted.items() if times > 1]
    last = {outcome["action_id"]: outcome for outcome in said["outcomes"]}
    if len(last) != planned:
        found.append(f"{len(last)} of {planned} actions have an outcome")
    unknown = [outcome for outcome in last.values() if outcome["status"] == "unknown"]
    if probe and (unknown or said["status"] != "completed"):
        found.append(f"{said['status']} with {len(unknown)} unknown, though the target can be asked")
    if not planned - len(unknown) <= sum(counted.values()) <= planned:
        found.append(f"{sum(counted.values())} effects for {planned} actions, {len(unknown)} of them unknown")
    target = order["database_url"] or folder / "store.sqlite"
    store = Store(target, sign=Seal(folder / "approval.key").sign_record)
    found += store.audit.verify()
    store.close()
    return found


def test_two_hundred_random_kills(settings: Settings, tmp_path: Path, servers: list[KillServer]) -> None:
    kill_at_random(settings, tmp_path, servers, kills=200)


def test_random_kills_on_postgresql(settings: Settings, tmp_path: Path, servers: list[KillServer]) -> None:
    with postgres_server() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE waiting")
        there = SecretStr(url.rpartition("/")[0] + "/waiting")
        kill_at_random(settings.model_copy(update={"database_url": there}), tmp_path, servers, kills=30)


def kill_at_random(settings: Settings, tmp_path: Path, servers: list[KillServer], *, kills: int) -> None:
    waiting = Waiting(settings)
    whole = servers[0].do(**waiting.copied(tmp_path / "whole"), act="approve")
    planned, boundaries = whole["run"]["planned"], whole["crossed"]
    assert whole["run"]["status"] == "completed"
    assert boundaries > 20
    seed = random.randrange(2**32)
    done: list[int] = []
    wrong: list[str] = []

    def work(server: KillServer, number: int) -> None:
        dice = random.Random(seed + number)
        for round_ in itertools.count(number, SERVERS):
            if sum(done) >= kills or wrong:
                return
            order = waiting.copied(tmp_path / f"round-{round_}")
            probe = dice.random() < 0.5
            killed = 0
            for act in ("approve", "recover") if dice.random() < 0.4 else ("approve",):
                if dice.random() < 0.75:
                    at: dict[str, Any] = {"kill_at": dice.randint(1, boundaries)}
                else:
                    at = {"kill_after_s": dice.uniform(0.0, 0.3)}
                if act == "recover" or not killed:
                    answer = server.do(**order, probe=probe, act=act, **at)
                    killed += answer["signal"] == signal.SIGKILL
            said = server.do(**order, probe=probe, act="recover")["run"]
            done.append(killed)
            wrong.extend(
                f"seed {seed}, round {round_}: {problem}"
                for problem in problems(order, said, planned, probe=probe)
            )
            waiting.removed(order)

    threads = [threading.Thread(target=work, args=(server, number)) for number, server in enumerate(servers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sum(done) >= kills


@pytest.mark.parametrize("mutant", ["without ledger", "started again"])
def test_mutants_are_noticed(
    settings: Settings, tmp_path: Path, servers: list[KillServer], mutant: str
) -> None:
    """The harness sees what the ledger prevents: killed right after its effect, the action runs again without it."""
    waiting = Waiting(settings)
    order = {**waiting.copied(tmp_path / "killed"), "mutant": mutant}
    assert servers[0].do(**order, act="approve", kill_point="after run")["signal"] == signal.SIGKILL
    said = servers[0].do(**order, act="recover")["run"]
    assert [
        problem for problem in problems(order, said, said["planned"], probe=True) if "ran 2 times" in problem
    ]
