"""The kubernetes backend: the official client against a stand-in API server that keeps what it is asked for."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import ApiClient, Configuration

from ops_assistant.tools.actions import plan_action
from ops_assistant.tools.actions.backends.kubernetes import KEY, RESTARTED, KubernetesBackend
from ops_assistant.tools.actions.base import changed
from ops_assistant.tools.actions.catalogue import Planned
from ops_assistant.tools.errors import InputError
from ops_assistant.tools.inventory import Inventory, Service

from kubernetes_server import JSON_PATCH, MERGE, Cluster, serve
from services import free_port

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def template(image: str) -> dict[str, Any]:
    # `newField` stands for what a newer API server has and this client does not know.
    return {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "c", "image": image}], "newField": 1},
    }


def workload(kind: str, name: str, image: str, **spec: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "metadata": {
            "name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": "100", "generation": 4,
            "annotations": {"deployment.kubernetes.io/revision": "3"} if kind == "Deployment" else {},
        },
        "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template(image), **spec},
        "status": {"observedGeneration": 4, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3},
    }  # fmt: skip


def replica_set(revision: int, image: str, owner: str) -> dict[str, Any]:
    made = template(image)
    made["metadata"]["labels"]["pod-template-hash"] = f"h{revision}"
    return {
        "metadata": {
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
            "ownerReferences": [{"uid": owner}],
        },
        "spec": {"template": made},
    }


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster(
        {
            "deployments/checkout": workload("Deployment", "checkout", "v3", replicas=3),
            "statefulsets/store": workload("StatefulSet", "store", "v2", replicas=3),
            "daemonsets/agent": workload("DaemonSet", "agent", "v1"),
            "replicasets/1": replica_set(1, "v1", "uid-checkout"),
            "replicasets/2": replica_set(2, "v2", "uid-checkout"),
            "replicasets/3": replica_set(3, "v3", "uid-checkout"),
            "replicasets/9": replica_set(9, "v9", "uid-other"),
            "controllerrevisions/1": {
                "metadata": {"ownerReferences": [{"uid": "uid-store"}]}, "revision": 1,
                "data": {"spec": {"template": {**template("v1"), "$patch": "replace"}}},
            },
            "controllerrevisions/2": {
                "metadata": {"ownerReferences": [{"uid": "uid-store"}]}, "revision": 2,
                "data": {"spec": {"template": {**template("v2"), "$patch": "replace"}}},
            },
        }
    )  # fmt: skip
    with serve(cluster):
        yield cluster


def backend_of(url: str) -> KubernetesBackend:
    def connect(context: str | None) -> ApiClient:
        assert context is None
        configuration = Configuration(host=url)
        configuration.retries = False
        return ApiClient(configuration)

    return KubernetesBackend(connect=connect, poll_s=0.01)


@pytest.fixture
def backend(cluster: Cluster) -> KubernetesBackend:
    return backend_of(cluster.url)


def service(name: str = "checkout", kind: str = "Deployment") -> Service:
    target = {"namespace": "shop", "kind": kind, "name": name}
    return Service(name=name, backend="kubernetes", target=target, replicas=1)


INVENTORY = Inventory(services=[service(), service("store", "StatefulSet"), service("agent", "DaemonSet")])


def plan(backend: KubernetesBackend, type_: str, name: str = "checkout", **params: object) -> Planned:
    return plan_action(
        type_, {"service": name, **params}, inventory=INVENTORY, backends={"kubernetes": backend}
    )


def image(cluster: Cluster, path: str = "deployments/checkout") -> str:
    return str(cluster.objects[path]["spec"]["template"]["spec"]["containers"][0]["image"])


@pytest.mark.parametrize(
    ("name", "path"), [("checkout", "deployments/checkout"), ("store", "statefulsets/store")]
)
def test_a_rollout_restart_is_one_patch_of_the_template(
    cluster: Cluster, backend: KubernetesBackend, name: str, path: str
) -> None:
    preview = plan(backend, "restart_service", name).preview
    assert preview.call == "kubernetes.rollout_restart"
    assert backend.probe(preview, key="k1", since=NOW) is False
    result = backend.run(preview, key="k1")
    assert result.ok, result.output
    assert "3 of 3 replicas available" in result.output
    (request,) = cluster.patches
    assert (request.path, request.content_type) == (path, MERGE)
    assert request.query == {"fieldManager": ["ops-assistant"]}
    restarted = request.body["spec"]["template"]["metadata"]["annotations"].pop(RESTARTED)
    assert datetime.fromisoformat(restarted).tzinfo is not None
    assert request.body == {
        "metadata": {"resourceVersion": "100", "annotations": {KEY: "k1"}},
        "spec": {"template": {"metadata": {"annotations": {}}}},
    }
    assert cluster.objects[path]["spec"]["template"]["spec"]["newField"] == 1
    assert backend.probe(preview, key="k1", since=NOW) is True
    assert backend.probe(preview, key="k2", since=NOW) is False


def test_the_same_key_never_restarts_twice(cluster: Cluster, backend: KubernetesBackend) -> None:
    preview = plan(backend, "restart_service").preview
    for _ in range(3):
        assert backend.run(preview, key="k1").ok
    assert len(cluster.patches) == 1


def test_a_dry_run_asks_the_server_and_changes_nothing(cluster: Cluster, backend: KubernetesBackend) -> None:
    before = deepcopy(cluster.objects)
    for planned in (
        plan(backend, "restart_service"), plan(backend, "scale_up", replicas=5), plan(backend, "rollback_release"),
    ):  # fmt: skip
        tried = backend.dry_run(planned.preview)
        assert tried is not None
        assert tried.ok, tried.output
    assert [request.query["dryRun"] for request in cluster.patches] == [["All"]] * 3
    assert cluster.objects == before


def test_scaling_uses_the_scale_and_the_live_count(cluster: Cluster, backend: KubernetesBackend) -> None:
    with pytest.raises(InputError, match="above the 3"):  # the inventory says 1
        plan(backend, "scale_up", replicas=2)
    planned = plan(backend, "scale_up", replicas=5)
    assert (planned.risk, planned.preview.precondition["replicas"]) == ("low", 3)
    assert planned.preview.undo is not None
    assert planned.preview.undo.model_dump() == {
        "type": "scale_down",
        "params": {"service": "checkout", "replicas": 3},
    }
    assert backend.run(planned.preview, key="k").ok
    (request,) = cluster.patches
    assert request.path == "deployments/checkout/scale"
    assert request.body == {"metadata": {"resourceVersion": "100"}, "spec": {"replicas": 5}}
    assert backend.probe(planned.preview, key="k", since=NOW) is True
    down = plan(backend, planned.preview.undo.type, replicas=planned.preview.undo.params["replicas"])
    assert backend.run(down.preview, key="k2").ok
    assert cluster.objects["deployments/checkout"]["spec"]["replicas"] == 3


def test_a_daemon_set_can_be_restarted_and_not_scaled(cluster: Cluster, backend: KubernetesBackend) -> None:
    with pytest.raises(InputError, match="once per node"):
        plan(backend, "scale_up", "agent", replicas=2)
    assert plan(backend, "restart_service", "agent").preview.args["kind"] == "DaemonSet"


def test_a_rollout_undo_brings_back_the_release_before(cluster: Cluster, backend: KubernetesBackend) -> None:
    planned = plan(backend, "rollback_release")
    assert (planned.risk, planned.preview.args["revision"]) == ("high", 2)
    assert planned.preview.precondition["revision"] == 3
    assert planned.preview.undo is not None
    assert planned.preview.undo.params == {"service": "checkout", "revision": 3}
    assert backend.run(planned.preview, key="k").ok
    (request,) = cluster.patches
    assert request.content_type == JSON_PATCH
    assert cluster.objects["deployments/checkout"]["spec"]["template"] == template("v2")
    assert backend.probe(planned.preview, key="k", since=NOW) is True


def test_a_chosen_revision_must_be_kept(cluster: Cluster, backend: KubernetesBackend) -> None:
    assert plan(backend, "rollback_release", revision=1).preview.args["revision"] == 1
    for revision in (3, 7, 9):  # the present one, one that never was, another workload's
        with pytest.raises(InputError, match=r"present: 3, kept: 1, 2"):
            plan(backend, "rollback_release", revision=revision)


def test_a_stateful_set_goes_back_by_its_controller_revision(
    cluster: Cluster, backend: KubernetesBackend
) -> None:
    planned = plan(backend, "rollback_release", "store")
    assert backend.run(planned.preview, key="k").ok
    assert image(cluster, "statefulsets/store") == "v1"
    assert cluster.patches[0].body["metadata"]["resourceVersion"] == "100"


def test_another_release_in_between_is_stale(cluster: Cluster, backend: KubernetesBackend) -> None:
    previews = [plan(backend, "restart_service").preview, plan(backend, "rollback_release").preview]
    cluster.objects["deployments/checkout"]["spec"]["template"] = template("v4")
    for preview in previews:
        assert "template was" in str(changed(backend, preview))
        result = backend.run(preview, key="k")
        assert (result.ok, result.problem) == (False, "stale")
    assert cluster.patches == []


def test_an_autoscaler_in_between_is_stale_for_a_scale_only(
    cluster: Cluster, backend: KubernetesBackend
) -> None:
    scale, restart = plan(backend, "scale_up", replicas=5).preview, plan(backend, "restart_service").preview
    cluster.objects["deployments/checkout"]["spec"]["replicas"] = 4
    cluster.objects["deployments/checkout"]["metadata"]["generation"] = 5
    assert changed(backend, restart) is None
    assert changed(backend, scale) == "replicas was 3 and is 4"


def test_a_workload_made_anew_is_stale(cluster: Cluster, backend: KubernetesBackend) -> None:
    preview = plan(backend, "restart_service").preview
    cluster.objects["deployments/checkout"]["metadata"]["uid"] = "uid-new"
    assert backend.run(preview, key="k").problem == "stale"


def test_a_mere_status_change_in_between_is_read_again(cluster: Cluster, backend: KubernetesBackend) -> None:
    preview = plan(backend, "restart_service").preview
    cluster.touched_before_patch = 2
    assert backend.run(preview, key="k").ok
    assert [request.body["metadata"]["resourceVersion"] for request in cluster.patches] == [
        "100",
        "101",
        "102",
    ]


def test_an_object_that_keeps_changing_is_left_alone(cluster: Cluster, backend: KubernetesBackend) -> None:
    preview = plan(backend, "restart_service").preview
    cluster.touched_before_patch = 99
    result = backend.run(preview, key="k")
    assert (result.ok, result.problem) == (False, "stale")
    assert image(cluster) == "v3"
    assert KEY not in cluster.objects["deployments/checkout"]["metadata"]["annotations"]


def test_a_refusal_is_a_failure_in_the_servers_words(cluster: Cluster, backend: KubernetesBackend) -> None:
    preview = plan(backend, "restart_service").preview
    cluster.answer = (403, "deployments.apps is forbidden: no patch for you")
    result = backend.run(preview, key="k")
    assert (result.ok, result.problem) == (False, "failed")
    assert result.output == "kubernetes: 403 deployments.apps is forbidden: no patch for you"


@pytest.mark.parametrize("how", ["hang up", "504"])
def test_no_answer_is_unknown_and_the_key_proves_it(
    cluster: Cluster, backend: KubernetesBackend, how: str
) -> None:
    preview = plan(backend, "restart_service").preview
    cluster.hang_up = how == "hang up"
    cluster.answer = (504, "request timed out") if how == "504" else None
    result = backend.run(preview, key="k")
    assert (result.ok, result.problem) == (False, "unknown")
    assert len(cluster.patches) == 1  # it is not sent again
    assert backend.probe(preview, key="k", since=NOW) is (how == "hang up")


def test_a_rollout_that_gets_stuck_is_a_failure_and_unhealthy(
    cluster: Cluster, backend: KubernetesBackend
) -> None:
    preview = plan(backend, "restart_service").preview.model_copy(update={"timeout_s": 0.1})
    cluster.rolls_out = False
    result = backend.run(preview, key="k")
    assert not result.ok
    assert "not rolled out after 0.1 s: 0 of 3 replicas available" in result.output
    health = backend.health(service())
    assert (health.known, health.healthy) == (True, False)


def test_what_is_not_there_cannot_be_planned(cluster: Cluster, backend: KubernetesBackend) -> None:
    del cluster.objects["deployments/checkout"]
    with pytest.raises(InputError, match="404 deployments/checkout not found"):
        plan(backend, "restart_service")


def test_no_api_server_no_plan() -> None:
    backend = backend_of(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(InputError, match="cannot be reached"):
        plan(backend, "restart_service")
    assert not backend.health(service()).known


def test_without_a_cluster_the_message_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(InputError, match="no cluster is configured"):
        plan(KubernetesBackend(), "restart_service")
