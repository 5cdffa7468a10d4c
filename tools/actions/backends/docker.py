"""The `docker` backend: containers of an engine, and services of its swarm, through the official SDK."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ...errors import InputError
from ...inventory import Service
from ...targets import DockerTarget
from ..base import Backend, BackendResult, BackendUnavailable, Health, Preview, differences
from .common import cannot, target_of, wait_until

if TYPE_CHECKING:
    from docker import APIClient  # type: ignore[import-untyped]

_TIMEOUT_S = 10
_STOP_S = 10  # what the engine gives a container to stop in if its image says nothing


class _Failed(Exception):
    """The engine answered with an error."""


class _Lost(Exception):
    """A request was sent and no answer says whether it was carried out."""


class DockerBackend(Backend):
    """Restarts containers; restarts, scales and rolls back swarm services, by the version that was read before."""

    name = "docker"

    def __init__(self, *, poll_s: float = 2.0) -> None:
        self._poll_s = poll_s

    @override
    def plan(self, operation: str, service: Service, args: dict[str, Any]) -> Preview:
        target = target_of(service, DockerTarget)
        where = {"service": service.name, **target.model_dump(exclude={"backend"}, exclude_none=True)}
        if target.container and operation == "restart":
            with _reading(where) as client:
                stop = client.inspect_container(target.container)["Config"].get("StopTimeout") or _STOP_S
            return Preview(
                kind="call", call="docker.restart_container", args={**where, "stop_timeout_s": stop}
            )
        if target.swarm_service and operation in {"restart", "scale"}:
            call = "docker.force_update" if operation == "restart" else "docker.scale"
            return Preview(kind="call", call=call, args={**where, **args})
        if target.swarm_service and operation == "rollback":
            return self._rollback(where, args)
        kind = "container" if target.container else "swarm service"
        raise cannot(self.name, operation, service.name, f"it is a {kind}")

    @override
    def replicas(self, service: Service) -> int | None:
        target = target_of(service, DockerTarget)
        if target.swarm_service is None:
            return None
        with _reading(target.model_dump()) as client:
            return _replicas(client.inspect_service(target.swarm_service))

    @override
    def precondition(self, preview: Preview) -> dict[str, Any]:
        with _reading(preview.args) as client:
            return _seen(client, preview)

    @override
    def run(self, preview: Preview, *, key: str) -> BackendResult:
        deadline = time.monotonic() + preview.timeout_s
        try:
            with _reading(preview.args) as client:
                if moved := differences(preview.precondition, _seen(client, preview)):
                    return BackendResult(
                        ok=False, problem="stale", output=f"docker: nothing was done: {moved}"
                    )
                if preview.call == "docker.restart_container":
                    name = preview.args["container"]
                    with _writing():
                        client.restart(name, timeout=preview.args["stop_timeout_s"])
                    return BackendResult(ok=True, output=f"{name} was restarted")
                return self._update(client, preview, deadline)
        except BackendUnavailable as error:
            return BackendResult(ok=False, output=str(error))
        except _Failed as error:
            stale = "out of sequence" in str(error)  # the service changed between reading and writing
            return BackendResult(ok=False, problem="stale" if stale else "failed", output=f"docker: {error}")
        except _Lost as error:
            return BackendResult(ok=False, problem="unknown", output=f"docker: {error}")

    @override
    def probe(self, preview: Preview, *, key: str, since: datetime) -> bool | None:
        with _reading(preview.args) as client:
            if preview.call == "docker.scale":
                return bool(
                    _replicas(client.inspect_service(preview.args["swarm_service"]))
                    == preview.args["replicas"]
                )
            if preview.call == "docker.rollback":
                service = client.inspect_service(preview.args["swarm_service"])
                return bool(_image(service["Spec"]) == preview.args["image"])
            now = _seen(client, preview)
        field = "started" if preview.call == "docker.restart_container" else "force_update"
        if field not in preview.precondition or field not in now:
            return None
        return bool(now[field] != preview.precondition[field])

    @override
    def health(self, service: Service) -> Health:
        target = target_of(service, DockerTarget)
        try:
            with _reading(target.model_dump()) as client:
                if target.swarm_service is not None:
                    healthy, detail = _settled(client, target.swarm_service)
                    return Health(known=True, healthy=healthy, detail=detail)
                state = client.inspect_container(target.container)["State"]
        except BackendUnavailable as error:
            return Health(known=False, detail=str(error))
        check = state.get("Health", {}).get("Status", "none")
        healthy = state["Status"] == "running" and check in {"none", "healthy"}
        return Health(known=True, healthy=healthy, detail=f"{state['Status']}, health check: {check}")

    def _rollback(self, where: dict[str, Any], args: dict[str, Any]) -> Preview:
        """Plan to bring back the release before the present one: the only one that an engine keeps."""
        name = where["swarm_service"]
        if args.get("revision") is not None:
            raise InputError(f"{name}: docker keeps no numbered releases; leave `revision` out")
        with _reading(where) as client:
            service = client.inspect_service(name)
        before = service.get("PreviousSpec")
        if before is None:
            raise InputError(f"{name}: docker keeps no release before the present one")
        if _image(before) == _image(service["Spec"]):
            raise InputError(f"{name}: the release before the present one has the same image")
        return Preview(kind="call", call="docker.rollback", args={**where, "image": _image(before)})

    def _update(self, client: "APIClient", preview: Preview, deadline: float) -> BackendResult:
        name = preview.args["swarm_service"]
        service = client.inspect_service(name)
        change: dict[str, Any] = {"task_template": {"ForceUpdate": _forced(service) + 1}}
        if preview.call == "docker.scale":
            change = {"mode": {"Replicated": {"Replicas": preview.args["replicas"]}}}
        elif preview.call == "docker.rollback":
            change = {"task_template": service["PreviousSpec"]["TaskTemplate"]}
        with _writing():
            client.update_service(
                service["ID"], service["Version"]["Index"], fetch_current_spec=True, **change
            )
        detail = "not looked at"

        def settled() -> bool:
            nonlocal detail
            done, detail = _settled(client, name)
            return done

        done = wait_until(settled, deadline=deadline, poll_s=self._poll_s)
        late = "" if done else f", but it has not settled after {preview.timeout_s:g} s"
        return BackendResult(ok=done, output=f"{name} was updated{late}: {detail}")


def _seen(client: "APIClient", preview: Preview) -> dict[str, Any]:
    if preview.call == "docker.restart_container":
        container = client.inspect_container(preview.args["container"])
        state = container["State"]
        # A container that the engine itself keeps restarting has no start to hold on to.
        steady = state.get("Running") and not state.get("Restarting")
        return {"id": container["Id"]} | ({"started": state["StartedAt"]} if steady else {})
    service = client.inspect_service(preview.args["swarm_service"])
    if preview.call == "docker.scale":
        return {"id": service["ID"], "replicas": _replicas(service)}
    if preview.call == "docker.rollback":
        # The whole template is brought back, so all of it must be what was seen.
        before = service.get("PreviousSpec", {}).get("TaskTemplate", {})
        return {"id": service["ID"], "image": _image(service["Spec"]), "before": _fingerprint(before)}
    return {"id": service["ID"], "force_update": _forced(service)}


def _replicas(service: dict[str, Any]) -> int | None:
    replicated = service["Spec"]["Mode"].get("Replicated")
    return None if replicated is None else int(replicated.get("Replicas", 1))


def _forced(service: dict[str, Any]) -> int:
    return int(service["Spec"]["TaskTemplate"].get("ForceUpdate", 0))


def _image(spec: dict[str, Any]) -> str:
    return str(spec["TaskTemplate"]["ContainerSpec"]["Image"])


def _fingerprint(template: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()


def _settled(client: "APIClient", name: str) -> tuple[bool, str]:
    """Tell whether no update is going on and as many tasks run as are wanted."""
    service = client.inspect_service(name)
    update = service.get("UpdateStatus", {}).get("State", "completed")
    tasks = client.tasks(filters={"service": name, "desired-state": "running"})
    running = sum(task["Status"]["State"] == "running" for task in tasks)
    wanted = _replicas(service)
    healthy = update == "completed" and (running == wanted if wanted is not None else running == len(tasks))
    return healthy, f"{running} of {len(tasks) if wanted is None else wanted} tasks run, update {update}"


@contextmanager
def _reading(where: dict[str, Any]) -> Iterator["APIClient"]:
    """Give a client and close it; every error of it becomes `BackendUnavailable`."""
    try:
        import docker
    except ImportError:
        raise BackendUnavailable("docker: install ops-assistant[docker]") from None
    import requests
    from docker.utils import kwargs_from_env  # type: ignore[import-untyped]

    url = os.environ.get(where["url_env"])  # without it, the engine of this host
    environment = {**os.environ, **({"DOCKER_HOST": url} if url else {})}
    try:
        client = docker.APIClient(
            version="auto", timeout=_TIMEOUT_S, **kwargs_from_env(environment=environment)
        )
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise BackendUnavailable(f"docker: the engine cannot be reached ({type(error).__name__})") from None
    try:
        yield client
    except docker.errors.APIError as error:
        raise BackendUnavailable(f"docker: {_said(error)}") from None
    except requests.RequestException as error:
        raise BackendUnavailable(f"docker: the engine did not answer ({type(error).__name__})") from None
    finally:
        client.close()


@contextmanager
def _writing() -> Iterator[None]:
    """Tell an engine that refuses apart from one whose answer is lost."""
    import requests
    from docker.errors import APIError  # type: ignore[import-untyped]

    try:
        yield
    except APIError as error:
        raise _Failed(_said(error)) from None
    except requests.ConnectTimeout:
        raise _Failed("the engine cannot be reached") from None
    except requests.RequestException as error:
        raise _Lost(f"the engine did not answer ({type(error).__name__})") from None


def _said(error: Any) -> str:
    return str(error.explanation or error)[:500]
