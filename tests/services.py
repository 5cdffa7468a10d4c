"""Real programs for tests: found on the machine, started on free loopback ports, stopped at the end."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


def program(name: str) -> str:
    """Return the path of a program; without it the test is skipped, or fails if OPS_REQUIRE_SERVICES is set."""
    versioned = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(versioned[-1]) if versioned else None)
    if found is not None:
        return found
    if os.environ.get("OPS_REQUIRE_SERVICES"):
        pytest.fail(f"{name} is not installed; .ci/packages.txt names the packages that the tests need")
    pytest.skip(f"{name} is not installed")


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(ready: Callable[[], bool], *, what: str, seconds: float = 30) -> None:
    """Wait until `ready` says so; fails the test if it does not in time."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not after {seconds} s")
        time.sleep(0.02)


@contextmanager
def short_folder(owner: str | None = None) -> Iterator[Path]:
    """Give a folder with a path short enough for a socket, that `owner` can reach, and remove it."""
    folder = Path(tempfile.mkdtemp(prefix="ops-"))
    try:
        if owner is not None:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(argv: Sequence[str], *, ready: Callable[[], bool], user: str | None = None) -> Iterator[None]:
    """Run a server until the end of the block."""
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, cwd="/")
    try:
        until(lambda: process.poll() is not None or ready(), what=f"{argv[0]} answers")
        assert process.poll() is None, f"{argv[0]} ended with status {process.returncode}"
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def postgres_server(*options: str, password: str = "") -> Iterator[str]:
    """Run a throw-away PostgreSQL with these `-c` options on a free port and yield the URL of its user `ops`."""
    import psycopg

    port = free_port()
    owner = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root
    url = f"postgresql://ops{f':{password}' if password else ''}@127.0.0.1:{port}/postgres"
    with short_folder(owner) as folder:
        data = str(folder / "data")
        subprocess.run(
            [program("initdb"), "-D", data, "-U", "ops", "--auth=trust", "--no-sync", "--no-instructions"],
            check=True, capture_output=True, user=owner, cwd="/",
        )  # fmt: skip
        settings = [part for option in ("listen_addresses=127.0.0.1", *options) for part in ("-c", option)]
        argv = [program("postgres"), "-D", data, "-k", str(folder), "-p", str(port), *settings]

        def answers() -> bool:
            try:
                psycopg.connect(url).close()
            except psycopg.OperationalError:
                return False
            return True

        with running(argv, ready=answers, user=owner):
            yield url
