"""What approval and execution cost: `python benchmarks/execution.py [--quick] [--postgresql]`.

Prints the overhead per action of ledger, audit and checkpoint (median and p99); how long a paused run takes to be
opened and approved with 1, 100 and 10,000 other paused runs in the store; and how 1,000 paused runs fare that
four processes approve at once (none twice, none lost). `--postgresql` does it on a server of its own, too.
"""

import argparse
import contextlib
import dataclasses
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from pydantic import SecretStr

from ops_assistant import Alert, NothingToActOn, OpsAssistant, Settings
from ops_assistant.graph.checkpoints import open_checkpointer
from ops_assistant.graph.models import Decision, Outcome, Plan, PlanBody
from ops_assistant.graph.planner import MAX_ACTIONS
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.wiring import make_dependencies

ALERT = Path(str(files("ops_assistant") / "data" / "connection-pool.json"))


class Canned:
    """An agent that always says the same: what is measured here is not the agents."""

    def __init__(self, result: Any) -> None:
        self.result = result

    def run(self, *_args: Any, **_kwargs: Any) -> Any:
        return self.result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--postgresql", action="store_true", help="also on a PostgreSQL server of its own")
    parser.add_argument("--approve", metavar="FOLDER", help=argparse.SUPPRESS)  # one of the four processes
    given = parser.parse_args()
    if given.approve:
        approve_all(Path(given.approve))
        return
    scale = 10 if given.quick else 1
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", Settings(data_dir=Path(folder) / "data", engine="case-based"), scale)
    if given.postgresql:
        with tempfile.TemporaryDirectory() as folder, server() as url:
            settings = Settings(
                data_dir=Path(folder) / "data", engine="case-based", database_url=SecretStr(url)
            )
            measure("PostgreSQL", settings, scale)


def measure(name: str, settings: Settings, scale: int) -> None:
    """Print all figures for one database."""
    print(f"== {name}")
    overhead(settings, 500 // scale)
    latency(settings, [1, 100, 10_000 // scale], rounds=40)
    with fast_assistant(settings) as assistant:
        many(assistant, 1_000 // scale, processes=4)


def place(settings: Settings, name: str) -> Settings:
    """Return the settings of another data directory, with a database of its own."""
    update: dict[str, Any] = {"data_dir": settings.data_dir.with_name(name)}
    if settings.database_url is not None:
        import psycopg

        url = settings.database_url.get_secret_value()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        update["database_url"] = SecretStr(url.rpartition("/")[0] + f"/{name}")
    return settings.model_copy(update=update)


def overhead(settings: Settings, actions: int) -> None:
    """Time what an action costs beside its effect: claim and outcome alone, a checkpoint, and all of a run's steps."""
    deps = make_dependencies(settings)
    plan, now = empty_plan(actions), datetime.now(UTC)
    deps.store.add_plan(plan)
    deps.store.record_decision(
        Decision(
            plan_hash=plan.hash, thread_id=plan.thread_id, kind="approve", by="b", door="b", decided_at=now,
            expires_at=plan.expires_at,
        ),
        seal="b",
    )  # fmt: skip
    times = []
    for position in range(actions):
        start = time.perf_counter()
        deps.store.claim(plan.hash, position, owner="b", lease=timedelta(seconds=30))
        outcome = Outcome(
            action_id="a",
            type="x",
            status="succeeded",
            started_at=now,
            plan_hash=plan.hash,
            position=position,
        )
        deps.store.finish(plan.hash, position, outcome, owner="b")
        times.append(time.perf_counter() - start)
    deps.store.close()
    show("ledger and audit, per action", times)
    with fast_assistant(settings, actions=MAX_ACTIONS) as assistant:
        between, puts = between_effects(assistant, max(1, actions // 20))
    show("checkpoint, per step", puts)
    show("all between one effect and the next", between)


def between_effects(assistant: OpsAssistant, runs: int) -> tuple[list[float], list[float]]:
    """Return the seconds from each effect of a run to its next one, and those of every checkpoint written meanwhile.

    Between two effects lie the outcome, the look at the service, the checkpoints of both steps, every check before
    running, and the claim, each with its audit entry.
    """
    waiting = [assistant.investigate(Alert.load(ALERT)) for _ in range(runs)]
    with open_checkpointer(assistant.settings.checkpoint_target) as saver:
        kind: type[BaseCheckpointSaver[str]] = type(saver)
    real, act = kind.put, SimulatedBackend.run
    puts: list[float] = []
    ended: list[float] = []
    between: list[float] = []

    def timed(self: Any, *args: Any) -> Any:
        start = time.perf_counter()
        try:
            return real(self, *args)
        finally:
            puts.append(time.perf_counter() - start)

    def effect(self: SimulatedBackend, preview: Any, *, key: str) -> Any:
        if ended:
            between.append(time.perf_counter() - ended.pop())
        result = act(self, preview, key=key)
        ended.append(time.perf_counter())
        return result

    kind.put, SimulatedBackend.run = timed, effect  # type: ignore[method-assign]
    try:
        for run in waiting:
            ended.clear()
            run.approve(by="benchmark")
    finally:
        kind.put, SimulatedBackend.run = real, act  # type: ignore[method-assign]
    return between, puts


def latency(settings: Settings, others: list[int], *, rounds: int) -> None:
    """Time opening a paused run and approving it, with few and many other paused runs beside it.

    In turns, so that whatever else the machine does meets all of them alike.
    """
    opened: dict[int, list[float]] = {count: [] for count in others}
    approved: dict[int, list[float]] = {count: [] for count in others}
    with contextlib.ExitStack() as stack:
        assistants = {
            count: stack.enter_context(fast_assistant(place(settings, f"beside_{count}"))) for count in others
        }
        for count, assistant in assistants.items():
            template = assistant.investigate(Alert.load(ALERT)).thread_id
            assistant.investigate(Alert.load(ALERT)).approve(by="warm-up")
            multiply(assistant, template, count - 1)
        for _ in range(rounds):
            for count, assistant in assistants.items():
                thread_id = assistant.investigate(Alert.load(ALERT)).thread_id
                start = time.perf_counter()
                run = assistant.open(thread_id)
                opened[count].append(time.perf_counter() - start)
                run.approve(by="benchmark")
                approved[count].append(time.perf_counter() - start)
    first = statistics.median(approved[others[0]])
    for count in others:
        middle = statistics.median(approved[count])
        print(
            f"  open a paused run beside {count:6,} others      {statistics.median(opened[count]) * 1000:8.1f} ms; "
            f"open, approve, execute, report {middle * 1000:8.1f} ms ({middle / first:.2f} x)"
        )


def multiply(assistant: OpsAssistant, thread_id: str, copies: int) -> None:
    """Put so many more paused runs beside one.

    Run, plan, ledger rows and audit entries are written by the store as for any run, each plan under its own hash;
    the checkpoint rows of the one are copied under the new thread ids.
    """
    if copies <= 0:
        return
    ids = [str(uuid.uuid4()) for _ in range(copies)]
    store, plan = assistant._dependencies.store, assistant.open(thread_id).plan
    row = {
        key: store.run(thread_id)[key] for key in ("alert_id", "service", "severity", "message", "requester")
    }
    assert plan is not None
    for new in ids:
        store.register_run(new, **row)
        body = plan.model_dump(exclude={"hash"})
        store.add_plan(Plan.of(PlanBody.model_validate({**body, "thread_id": new})))
        store.set_status(new, "awaiting_approval")
    target = assistant.settings.checkpoint_target
    if isinstance(target, Path):
        with contextlib.closing(sqlite3.connect(target)) as connection:
            for table in ("checkpoints", "writes"):
                names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
                connection.executemany(copying(table, names, "?"), [(new, thread_id) for new in ids])
            connection.commit()
        return
    import psycopg

    with psycopg.connect(target) as postgres:
        for table in ("checkpoints", "checkpoint_writes", "checkpoint_blobs"):
            found = postgres.execute(f"SELECT * FROM {table} LIMIT 0").description or []
            with postgres.cursor() as cursor:
                cursor.executemany(
                    copying(table, [item.name for item in found], "%s"), [(new, thread_id) for new in ids]
                )


def copying(table: str, names: list[str], mark: str) -> Any:
    """Return the statement that copies a thread's rows to another thread."""
    values = ", ".join(mark if name == "thread_id" else name for name in names)
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} WHERE thread_id = {mark}"


def many(assistant: OpsAssistant, runs: int, *, processes: int) -> None:
    """Have several processes approve all paused runs at once; count what ran, and how fast."""
    settings = assistant.settings
    folder = settings.data_dir
    before = len(SimulatedBackend(folder / "simulated.jsonl").entries())
    waiting = [assistant.investigate(Alert.load(ALERT)) for _ in range(runs)]
    planned = sum(len(run.plan.actions) for run in waiting if run.plan)
    (folder / "to-approve").write_text("\n".join(run.thread_id for run in waiting))
    environment = {**os.environ, "OPS_ENGINE": "case-based", "OPS_DATA_DIR": str(folder)}
    if settings.database_url is not None:
        environment["OPS_DATABASE_URL"] = settings.database_url.get_secret_value()
    start = time.perf_counter()
    workers = [
        subprocess.Popen([sys.executable, __file__, "--approve", str(folder)], env=environment)
        for _ in range(processes)
    ]
    codes = [worker.wait() for worker in workers]
    seconds = time.perf_counter() - start
    keys = Counter(entry["key"] for entry in SimulatedBackend(folder / "simulated.jsonl").entries()[before:])
    done = Counter(assistant.open(run.thread_id).status for run in waiting)
    twice = sum(1 for count in keys.values() if count > 1)
    problems = assistant.audit.verify()
    print(
        f"  {runs:,} runs, {processes} processes: {planned} actions planned, {len(keys)} ran, {twice} twice; "
        f"{dict(done)}; exit codes {codes}; {runs / seconds:.1f} runs/s with the processes' start; "
        f"audit: {len(problems)} problems"
    )


def approve_all(folder: Path) -> None:
    """Approve every run on the list, whoever else is at it."""
    ids = (folder / "to-approve").read_text().split()
    with fast_assistant(Settings()) as assistant:
        for thread_id in ids:
            try:
                run = assistant.open(thread_id)
                if run.status == "awaiting_approval":
                    run.approve(by=f"process {os.getpid()}")
            except NothingToActOn:
                continue  # another process was first


@contextlib.contextmanager
def fast_assistant(settings: Settings, *, actions: int = 1) -> Iterator[OpsAssistant]:
    """Yield an assistant whose agents say what they said about the first run, and propose so many actions."""
    with OpsAssistant(settings) as assistant:
        first = settings.data_dir / "first"
        if not first.exists():
            run = assistant.investigate(Alert.load(ALERT))
            first.write_text(run.thread_id)
        run = assistant.open(first.read_text())
        deps = assistant._dependencies
        assert run.recommendation is not None
        first_solution = run.recommendation.solutions[0]
        proposed = first_solution.model_copy(update={"actions": first_solution.actions[:1] * actions})
        assistant.__dict__["_dependencies"] = dataclasses.replace(
            deps,
            log_analyst=Canned(run.log_analysis),
            diagnostician=Canned(run.diagnosis),
            recommender=Canned(run.recommendation.model_copy(update={"solutions": [proposed]})),
        )
        assistant.__dict__.pop("_graph", None)
        yield assistant


def empty_plan(actions: int) -> Plan:
    """Return a plan of many actions that nobody runs."""
    now = datetime.now(UTC)
    action = {
        "id": "a", "type": "restart_service", "params": {"service": "s"}, "backend": "simulated", "risk": "low",
        "preview": {"kind": "call", "call": "simulated.restart"},
    }  # fmt: skip
    body = {"thread_id": str(uuid.uuid4()), "created_at": now, "expires_at": now + timedelta(hours=1)}
    return Plan.of(PlanBody.model_validate({**body, "actions": [action] * actions}))


def show(what: str, times: list[float]) -> None:
    """Print median and 99th percentile in milliseconds."""
    ordered = sorted(times)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    print(
        f"  {what:<38} median {statistics.median(times) * 1000:7.2f} ms, p99 {p99 * 1000:7.2f} ms (n={len(times)})"
    )


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Start a PostgreSQL server with its default durability, and yield its URL."""
    import psycopg

    programs = [*Path("/usr/lib/postgresql").glob("*/bin"), Path(shutil.which("initdb") or "/none").parent]
    initdb = next((str(folder / "initdb") for folder in programs if (folder / "initdb").exists()), None)
    if initdb is None:
        sys.exit("no PostgreSQL server programs are installed")
    owner = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root
    with tempfile.TemporaryDirectory() as folder:
        if owner is not None:
            shutil.chown(folder, owner)
        data = f"{folder}/data"
        subprocess.run(
            [initdb, "-D", data, "-U", "ops", "--auth=trust"],
            check=True,
            capture_output=True,
            user=owner,
            cwd="/",
        )
        argv = [
            str(Path(initdb).with_name("postgres")), "-D", data, "-k", folder, "-p", "54329",
            "-c", "listen_addresses=127.0.0.1",
        ]  # fmt: skip
        process = subprocess.Popen(
            argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=owner, cwd="/"
        )
        url = "postgresql://ops@127.0.0.1:54329/postgres"
        try:
            for _ in range(300):
                with contextlib.suppress(psycopg.OperationalError):
                    psycopg.connect(url).close()
                    break
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
