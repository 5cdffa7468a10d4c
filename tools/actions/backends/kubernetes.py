"""The `kubernetes` backend: rollout restart, scale and rollout undo of a cluster's workloads."""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from typing_extensions import override

from ...errors import InputError
from ...inventory import Service
from ...targets import KubernetesTarget
from ..base import Backend, BackendResult, BackendUnavailable, Health, Preview, differences
from .common import cannot, target_of, wait_until
from .kubernetes_api import Lost, Object, Refused, Workloads, connect
from .kubernetes_releases import present, releases, restore

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

KEY = "ops-assistant/action"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
_CALLS = {"restart": "rollout_restart", "scale": "scale", "rollback": "rollout_undo"}


class KubernetesBackend(Backend):
    """Acts on Deployments, StatefulSets and DaemonSets.

    Each change carries the resourceVersion that was read with the precondition, so that the API server refuses
    it if anything changed in between, and leaves the action's key in an annotation, which proves it later.
    """

    name = "kubernetes"

    def __init__(
        self, *, connect: Callable[[str | None], "ApiClient"] = connect, poll_s: float = 2.0
    ) -> None:
        self._connect = connect
        self._poll_s = poll_s
        self._clusters: dict[str | None, Workloads] = {}

    @override
    def plan(self, operation: str, service: Service, args: dict[str, Any]) -> Preview:
        target = target_of(service, KubernetesTarget)
        if operation not in _CALLS:
            raise cannot(self.name, operation, service.name)
        if operation == "scale" and target.kind == "DaemonSet":
            raise cannot(self.name, operation, service.name, "a DaemonSet runs once per node")
        where = {"service": service.name, **target.model_dump(exclude={"backend"}, exclude_none=True)}
        if operation == "rollback":
            args = {"revision": self._earlier(service.name, where, args["revision"])}
        return Preview(kind="call", call=f"kubernetes.{_CALLS[operation]}", args={**where, **args})

    @override
    def replicas(self, service: Service) -> int | None:
        target = target_of(service, KubernetesTarget)
        if target.kind == "DaemonSet":
            return None
        return _replicas(self._read(target.model_dump()))

    @override
    def precondition(self, preview: Preview) -> dict[str, Any]:
        return self._seen(preview, self._read(preview.args))

    @override
    def dry_run(self, preview: Preview) -> BackendResult | None:
        return self._apply(preview, key="dry-run", dry_run=True)

    @override
    def run(self, preview: Preview, *, key: str) -> BackendResult:
        deadline = time.monotonic() + preview.timeout_s
        result = self._apply(preview, key=key, dry_run=False)
        if not result.ok:
            return result
        detail = "not looked at"

        def rolled_out() -> bool:
            nonlocal detail
            try:
                done, detail = _rolled_out(self._read(preview.args))
            except BackendUnavailable as error:
                done, detail = False, str(error)
            return done

        if wait_until(rolled_out, deadline=deadline, poll_s=self._poll_s):
            return BackendResult(ok=True, output=f"{result.output}; {detail}")
        return BackendResult(
            ok=False, output=f"{result.output}, but not rolled out after {preview.timeout_s:g} s: {detail}"
        )

    @override
    def probe(self, preview: Preview, *, key: str, since: datetime) -> bool | None:
        workload = self._read(preview.args)
        if preview.call == "kubernetes.scale":
            return bool(_replicas(workload) == preview.args["replicas"])
        return _key(workload) == key

    @override
    def health(self, service: Service) -> Health:
        target = target_of(service, KubernetesTarget)
        try:
            healthy, detail = _rolled_out(self._read(target.model_dump()))
        except BackendUnavailable as error:
            return Health(known=False, detail=str(error))
        return Health(known=True, healthy=healthy, detail=detail)

    def _workloads(self, context: str | None) -> Workloads:
        if context not in self._clusters:
            self._clusters[context] = Workloads(self._connect(context))
        return self._clusters[context]

    def _read(self, where: dict[str, Any]) -> Object:
        return self._workloads(where.get("context")).read(where["kind"], where["namespace"], where["name"])

    def _earlier(self, service: str, where: dict[str, Any], revision: int | None) -> int:
        """Return the revision to go back to; raises `InputError` if it is not kept or is the present one."""
        workload = self._read(where)
        known = releases(self._workloads(where.get("context")), workload)
        now = present(workload, known)
        others = sorted(number for number in known if number != now)
        wanted = revision if revision is not None else max(others, default=None)
        if wanted not in others:
            raise InputError(
                f"{service}: there is no revision {wanted or 'before the present one'} to go back to "
                f"(present: {now}, kept: {', '.join(map(str, others)) or 'none'})"
            )
        return int(wanted)

    def _seen(self, preview: Preview, workload: Object) -> dict[str, Any]:
        seen: dict[str, Any] = {"uid": workload["metadata"]["uid"]}
        if preview.call == "kubernetes.scale":
            return {**seen, "replicas": _replicas(workload)}
        # Not `generation`: an autoscaler moves it, and that does not touch what is restarted or rolled back.
        template = orjson.dumps(workload["spec"]["template"], option=orjson.OPT_SORT_KEYS)
        seen["template"] = hashlib.sha256(template).hexdigest()[:16]
        if preview.call == "kubernetes.rollout_undo":
            workloads = self._workloads(preview.args.get("context"))
            seen["revision"] = present(workload, releases(workloads, workload))
        return seen

    def _apply(self, preview: Preview, *, key: str, dry_run: bool) -> BackendResult:
        """Patch what the precondition holds for; a change in between that leaves it true is no reason to give up."""
        where = preview.args
        moved: str | None = "it kept changing"
        for _ in range(3):
            try:
                workload = self._read(where)
                if _key(workload) == key:
                    return BackendResult(ok=True, output="already applied")
                moved = differences(preview.precondition, self._seen(preview, workload))
                if moved:
                    break
                self._workloads(where.get("context")).patch(
                    where["kind"],
                    where["namespace"],
                    where["name"],
                    self._body(preview, workload, key),
                    scale=preview.call == "kubernetes.scale",
                    dry_run=dry_run,
                    timeout_s=min(preview.timeout_s, 30),
                )
            except Refused as error:
                if not error.conflict:
                    return BackendResult(ok=False, output=f"kubernetes: {error}")
                moved = str(error)
                continue
            except Lost as error:
                return BackendResult(ok=False, problem="unknown", output=f"kubernetes: {error}")
            except InputError as error:
                return BackendResult(ok=False, output=str(error))
            return BackendResult(ok=True, output=f"{preview.call} {'would be ' if dry_run else ''}accepted")
        return BackendResult(ok=False, problem="stale", output=f"kubernetes: nothing was changed: {moved}")

    def _body(self, preview: Preview, workload: Object, key: str) -> Object | list[Object]:
        version = workload["metadata"]["resourceVersion"]
        if preview.call == "kubernetes.scale":
            return {"metadata": {"resourceVersion": version}, "spec": {"replicas": preview.args["replicas"]}}
        if preview.call == "kubernetes.rollout_undo":
            known = releases(self._workloads(preview.args.get("context")), workload)
            return restore(workload, known, preview.args["revision"], annotations={KEY: key})
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return {
            "metadata": {"resourceVersion": version, "annotations": {KEY: key}},
            "spec": {"template": {"metadata": {"annotations": {RESTARTED: now}}}},
        }


def _key(workload: Object) -> str | None:
    value = workload["metadata"].get("annotations", {}).get(KEY)
    return None if value is None else str(value)


def _replicas(workload: Object) -> int:
    return int(workload["spec"].get("replicas", 1))


def _rolled_out(workload: Object) -> tuple[bool, str]:
    """Tell whether all pods are of the present release and ready, and how many are."""
    status = workload.get("status", {})
    if workload.get("kind") == "DaemonSet" or "desiredNumberScheduled" in status:
        wanted = status.get("desiredNumberScheduled", 0)
        updated, ready, total = (
            status.get("updatedNumberScheduled", 0),
            status.get("numberAvailable", 0),
            wanted,
        )
    else:
        wanted = _replicas(workload)
        updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
        ready = status.get("availableReplicas", status.get("readyReplicas", 0))
    seen = status.get("observedGeneration", 0) >= workload["metadata"].get("generation", 0)
    done = seen and updated == wanted and ready == wanted and total == wanted
    return done, f"{ready} of {wanted} replicas available, {updated} of the present release"
