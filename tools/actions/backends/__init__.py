"""Backends: the ways to act on services. Each opens its client at first use, so that making all of them is cheap."""

from pathlib import Path

from ..base import Backend
from ..process import ProcessRunner, run_process
from .command import CommandBackend
from .docker import DockerBackend
from .kubernetes import KubernetesBackend
from .postgresql import PostgresBackend
from .redis import RedisBackend
from .simulated import SimulatedBackend
from .supervisor import SupervisorBackend
from .systemd import SystemdBackend


def make_backends(data_dir: Path, *, runner: ProcessRunner = run_process) -> dict[str, Backend]:
    """Return all backends by name; `runner` starts the programs of those that act through one."""
    backends: list[Backend] = [
        SimulatedBackend(data_dir / "simulated.jsonl"),
        SupervisorBackend(runner=runner),
        SystemdBackend(runner=runner),
        CommandBackend(logrotate_state=data_dir / "logrotate.state", runner=runner),
        DockerBackend(),
        KubernetesBackend(),
        RedisBackend(),
        PostgresBackend(),
    ]
    return {backend.name: backend for backend in backends}
