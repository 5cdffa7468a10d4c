"""Workloads of a cluster through the official client: plain JSON objects in and out, and errors by what they mean."""

from typing import TYPE_CHECKING, Any, Literal

import orjson

from ..base import BackendUnavailable

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Kind = Literal["Deployment", "StatefulSet", "DaemonSet"]
Object = dict[str, Any]

_SNAKE = {"Deployment": "deployment", "StatefulSet": "stateful_set", "DaemonSet": "daemon_set"}
_READ_TIMEOUT_S = 10
FIELD_MANAGER = "ops-assistant"


class Refused(Exception):
    """The API server has refused the request; nothing was changed. `conflict`: the object changed in between."""

    def __init__(self, text: str, *, conflict: bool = False) -> None:
        super().__init__(text)
        self.conflict = conflict


class Lost(Exception):
    """The request was sent and no answer says whether it was carried out."""


def connect(context: str | None) -> "ApiClient":
    """Return a client for a kubeconfig context; without one the current context, else the pod's own account.

    Raises `BackendUnavailable` if the client is not installed or knows no cluster.
    """
    try:
        from kubernetes import client, config
    except ImportError:
        raise BackendUnavailable("kubernetes: install ops-assistant[kubernetes]") from None
    configuration = client.Configuration()
    try:
        config.load_kube_config(context=context, client_configuration=configuration)  # type: ignore[no-untyped-call]
    except (config.ConfigException, OSError) as error:
        try:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        except config.ConfigException:
            raise BackendUnavailable(f"kubernetes: no cluster is configured ({error})") from None
    configuration.retries = False  # one request is one request; who asks again decides it
    return client.ApiClient(configuration)


class Workloads:
    """Reads and patches the workloads of one cluster."""

    def __init__(self, client: "ApiClient") -> None:
        from kubernetes.client import AppsV1Api

        self._api = AppsV1Api(client)

    def read(self, kind: Kind, namespace: str, name: str) -> Object:
        """Return the workload; raises `BackendUnavailable` if it is not there or nobody can be asked."""
        return self._get(f"read_namespaced_{_SNAKE[kind]}", f"{kind} {namespace}/{name}", name, namespace)

    def owned(self, owner: Object, kind: Literal["ReplicaSet", "ControllerRevision"]) -> list[Object]:
        """Return the objects of the kind that `owner` controls: its releases."""
        meta = owner["metadata"]
        labels = owner["spec"].get("selector", {}).get("matchLabels", {})
        method = {"ReplicaSet": "replica_set", "ControllerRevision": "controller_revision"}[kind]
        found = self._get(
            f"list_namespaced_{method}",
            f"the releases of {meta['namespace']}/{meta['name']}",
            meta["namespace"],
            label_selector=",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        )
        return [
            item
            for item in found.get("items", [])
            if any(ref.get("uid") == meta["uid"] for ref in item["metadata"].get("ownerReferences", []))
        ]

    def patch(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        body: Object | list[Object],
        *,
        scale: bool = False,
        dry_run: bool,
        timeout_s: float,
    ) -> None:
        """Patch the workload or its scale: a dict as a strategic merge, a list as a JSON patch.

        Raises `Refused` or `Lost`.
        """
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

        method = f"patch_namespaced_{_SNAKE[kind]}{'_scale' if scale else ''}"
        options = {"field_manager": FIELD_MANAGER, **({"dry_run": "All"} if dry_run else {})}
        try:
            status, text = self._call(method, name, namespace, body, timeout_s=timeout_s, **options)
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise Refused(f"the API server cannot be reached ({type(error).__name__})") from None
        except HTTPError as error:
            raise Lost(f"the API server did not answer ({type(error).__name__})") from None
        # A server error or a gateway's time-out may come after the change was stored.
        if status >= 500:
            raise Lost(_message(status, text))
        if not 200 <= status < 300:
            raise Refused(_message(status, text), conflict=status == 409)

    def _get(self, method: str, what: str, *args: str, **options: str) -> Object:
        from urllib3.exceptions import HTTPError

        try:
            status, body = self._call(method, *args, timeout_s=_READ_TIMEOUT_S, **options)
        except HTTPError as error:
            raise BackendUnavailable(
                f"kubernetes: {what}: the API server cannot be reached ({type(error).__name__})"
            ) from None
        if status != 200:
            raise BackendUnavailable(f"kubernetes: {what}: {_message(status, body)}")
        return dict(orjson.loads(body))

    def _call(self, method: str, *args: Any, timeout_s: float, **options: str) -> tuple[int, bytes | str]:
        """Return status and body of a call, undecoded: fields newer than the client are neither lost nor refused."""
        from kubernetes.client import ApiException

        try:
            answer = getattr(self._api, method)(
                *args, _preload_content=False, _request_timeout=timeout_s, **options
            )
        except (
            ApiException
        ) as error:  # for answers of any status in older clients; without one for TLS errors
            return int(error.status or 0), error.body or str(error.reason)
        else:
            return answer.status, answer.data


def _message(status: int, body: str | bytes) -> str:
    """Return what the API server says; its headers, which may carry tokens, are left out."""
    try:
        text = str(orjson.loads(body).get("message", ""))
    except (orjson.JSONDecodeError, AttributeError):
        text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    return f"{status} {text}".strip()[:500]
