"""Real servers, one of each for all tests of this folder."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from services import free_port, postgres_server, program, running, short_folder

SUPERVISORD = """
[supervisord]
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
nodaemon=true
[unix_http_server]
file={folder}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/s.sock
[program:api]
command=/bin/sleep 1000
startsecs=0
[program:broken]
command=/bin/false
startsecs=1
startretries=0
autostart=false
"""


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/3"
    with short_folder() as folder:
        argv = [
            program("redis-server"),
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(folder),
        ]
        with redis.Redis.from_url(url, retry=None) as client:

            def answers() -> bool:
                try:
                    return bool(client.ping())
                except redis.ConnectionError:
                    return False

            with running(argv, ready=answers):
                yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server("fsync=off", password="s3cret-word") as url:
        yield url


@pytest.fixture(scope="session")
def supervisor_config() -> Iterator[Path]:
    with short_folder() as folder:
        config = folder / "supervisord.conf"
        config.write_text(SUPERVISORD.format(folder=folder))
        control = [program("supervisorctl"), "-c", str(config), "status", "api"]

        def answers() -> bool:
            return b"RUNNING" in subprocess.run(control, capture_output=True, check=False).stdout

        with running([program("supervisord"), "-c", str(config)], ready=answers):
            yield config
