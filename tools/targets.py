"""Where a service is found by the backend that runs it: the `target` of the inventory, one model per backend.

No target holds a secret: a URL with a password stands in an environment variable, and the target names it.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from .arguments import AbsolutePath, Argument, EnvName

KubernetesName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
DockerName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$")]


class _Target(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SupervisorTarget(_Target):
    """A program of a supervisord, `program` or `group:program`."""

    backend: Literal["supervisor"] = "supervisor"
    program: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*(:[A-Za-z0-9][A-Za-z0-9_.-]*)?$")
    ]
    config: AbsolutePath | None = Field(
        None, description="supervisord.conf; without it, supervisorctl's own search."
    )


class SystemdTarget(_Target):
    """A unit of this host's systemd."""

    backend: Literal["systemd"] = "systemd"
    unit: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9:_.@\\-]{0,254}$")]


class DockerTarget(_Target):
    """A container of a Docker engine, or a service of its swarm."""

    backend: Literal["docker"] = "docker"
    container: DockerName | None = None
    swarm_service: DockerName | None = None
    url_env: EnvName = Field("DOCKER_HOST", description="Environment variable with the engine's URL.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.container is None) == (self.swarm_service is None):
            raise ValueError("name either `container` or `swarm_service`")
        return self


class KubernetesTarget(_Target):
    """A workload of a cluster; `context` names one of the kubeconfig, else the current one or the pod's own account."""

    backend: Literal["kubernetes"] = "kubernetes"
    namespace: KubernetesName = "default"
    kind: Literal["Deployment", "StatefulSet", "DaemonSet"] = "Deployment"
    name: KubernetesName
    context: Argument | None = None


class RedisTarget(_Target):
    """One logical database of a Redis; only keys that match `patterns` are ever deleted."""

    backend: Literal["redis"] = "redis"
    url_env: EnvName = Field(
        description="Environment variable with the URL, e.g. redis://:password@host:6379/0."
    )
    patterns: list[Argument] = Field(
        default_factory=list, description="Key patterns of the cache, e.g. `cache:*`."
    )
    allow_flushdb: bool = Field(
        False, description="Whether the whole database is a cache and may be flushed."
    )

    @model_validator(mode="after")
    def _scoped(self) -> Self:
        everything = [pattern for pattern in self.patterns if not pattern.strip("*?")]
        if everything:
            raise ValueError(
                f"the pattern {everything[0]!r} is every key; set `allow_flushdb: true` if that is meant"
            )
        return self


class PostgresTarget(_Target):
    """One database of a PostgreSQL server."""

    backend: Literal["postgresql"] = "postgresql"
    url_env: EnvName = Field(
        description="Environment variable with the URL, e.g. postgresql://ops:password@host/db."
    )
    database: Argument = Field(description="Only sessions of this database are ever ended.")
    protected_users: list[Argument] = Field(default_factory=list, description="Users whose sessions stay.")


Target = Annotated[
    SupervisorTarget | SystemdTarget | DockerTarget | KubernetesTarget | RedisTarget | PostgresTarget,
    Field(discriminator="backend"),
]

TARGETED = frozenset({"supervisor", "systemd", "docker", "kubernetes", "redis", "postgresql"})
"""The backends that need a target."""
