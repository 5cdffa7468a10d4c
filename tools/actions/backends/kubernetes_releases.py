"""The releases that a workload can go back to: ReplicaSets of a Deployment, ControllerRevisions of the others."""

from collections.abc import Mapping

from ...errors import InputError
from .kubernetes_api import Object, Workloads

_REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"

Releases = Mapping[int, Object]
"""The object that keeps a release, by revision number."""


def releases(workloads: Workloads, workload: Object) -> Releases:
    """Return the releases that the cluster still keeps of a workload."""
    if _is_deployment(workload):
        found = workloads.owned(workload, "ReplicaSet")
        return {
            int(_annotations(item).get(_REVISION, 0)): item
            for item in found
            if _REVISION in _annotations(item)
        }
    return {int(item["revision"]): item for item in workloads.owned(workload, "ControllerRevision")}


def present(workload: Object, known: Releases) -> int | None:
    """Return the revision number of the release that is wanted now."""
    if _is_deployment(workload):
        revision = _annotations(workload).get(_REVISION)
        return None if revision is None else int(revision)
    return max(known, default=None)  # going back makes a new revision, so the highest is the present one


def restore(
    workload: Object, known: Releases, revision: int, *, annotations: dict[str, str]
) -> Object | list[Object]:
    """Return the patch that brings a release back, as `kubectl rollout undo` makes it.

    It names the resourceVersion of `workload`. Raises `InputError` if the release is no longer kept.
    """
    release = known.get(revision)
    version = workload["metadata"]["resourceVersion"]
    if release is None:
        raise InputError(f"revision {revision} is no longer kept; nothing was changed")
    if not _is_deployment(workload):
        metadata = {"resourceVersion": version, "annotations": annotations}
        return {**release["data"], "metadata": metadata}
    template = dict(release["spec"]["template"])
    metadata = dict(template.get("metadata", {}))
    metadata["labels"] = {key: value for key, value in metadata.get("labels", {}).items() if key != _HASH}
    return [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
        {"op": "add", "path": "/metadata/annotations", "value": {**_annotations(workload), **annotations}},
        {"op": "replace", "path": "/spec/template", "value": {**template, "metadata": metadata}},
    ]


def _is_deployment(workload: Object) -> bool:
    return workload.get("kind") == "Deployment"


def _annotations(item: Object) -> dict[str, str]:
    return dict(item["metadata"].get("annotations") or {})
