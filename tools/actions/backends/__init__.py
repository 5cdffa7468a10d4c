"""Backends: the ways to act on services. Each opens its client at first use, so that making all of them is cheap."""

from pathlib import Path

from ..base import Backend
from ..process import Programs
from .command import CommandBackend
from .docker import DockerBackend
from .kubernetes import KubernetesBackend
from .postgresql import PostgresBackend
from .redis import RedisBackend
from .simulated import SimulatedBackend
from .supervisor import SupervisorBackend
from .systemd import SystemdBackend


def make_backends(data_dir: Path) -> dict[str, Backend]:
    """Return all backends by name; the simulated journal and the start gate live under `data_dir`."""
    programs = Programs(data_dir / "gate")
    backends: list[Backend] = [
        SimulatedBackend(data_dir / "simulated.jsonl"),
        SupervisorBackend(programs),
        SystemdBackend(programs),
        CommandBackend(programs, logrotate_state=data_dir / "logrotate.state"),
        DockerBackend(),
        KubernetesBackend(),
        RedisBackend(),
        PostgresBackend(),
    ]
    return {backend.name: backend for backend in backends}
