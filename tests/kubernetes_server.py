"""A stand-in for a cluster's API server: keeps workloads as JSON and checks what a real one checks.

Knows GET of workloads and their releases, PATCH of a workload (strategic merge, enough of it, and JSON patch) and
of a scale, resourceVersion conflicts, and `dryRun=All`.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]
MERGE, JSON_PATCH = "application/strategic-merge-patch+json", "application/json-patch+json"


@dataclass
class Request:
    path: str
    query: dict[str, list[str]]
    content_type: str
    body: Any


@dataclass
class Cluster:
    """`objects` by path below /apis/apps/v1/namespaces/<namespace>/, e.g. `deployments/checkout`."""

    objects: dict[str, Object] = field(default_factory=dict)
    patches: list[Request] = field(default_factory=list)
    rolls_out: bool = True
    touched_before_patch: int = 0  # how many patches meet an object whose status has just changed
    answer: tuple[int, str] | None = None  # given to every patch instead of doing it
    hang_up: bool = False  # patches are carried out, and the connection is closed without an answer
    url: str = ""

    def get(self, path: str) -> tuple[int, Object]:
        if path in self.objects:
            return 200, self.objects[path]
        if path in {"replicasets", "controllerrevisions"}:
            return 200, {"items": [item for key, item in self.objects.items() if key.startswith(path + "/")]}
        return 404, {"message": f"{path} not found"}

    def patch(self, request: Request) -> tuple[int, Object]:
        self.patches.append(request)
        if self.answer is not None:
            return self.answer[0], {"message": self.answer[1]}
        name = request.path.removesuffix("/scale")
        current = self.objects[name]
        if self.touched_before_patch:
            self.touched_before_patch -= 1
            _touch(current)
        changed = deepcopy(current)
        if request.content_type == JSON_PATCH:
            wanted = _json_patch(changed, request.body)
        else:
            assert request.content_type == MERGE, request.content_type
            _merge(changed, request.body)
            wanted = request.body["metadata"]["resourceVersion"]
        if wanted != current["metadata"]["resourceVersion"]:
            return 409, {
                "message": "the object has been modified; please apply your changes to the latest version"
            }
        if request.query.get("dryRun") != ["All"]:
            _touch(changed)
            if changed["spec"] != current["spec"]:
                changed["metadata"]["generation"] += 1
                changed["status"] = self._status(changed)
            self.objects[name] = changed
        return 200, changed

    def _status(self, item: Object) -> Object:
        count = item["spec"].get("replicas", 1)
        seen = {"observedGeneration": item["metadata"]["generation"], "replicas": count}
        done = count if self.rolls_out else 0
        return {**seen, "updatedReplicas": done, "availableReplicas": done}


def _touch(item: Object) -> None:
    item["metadata"]["resourceVersion"] = str(int(item["metadata"]["resourceVersion"]) + 1)


def _merge(target: Object, patch: Object) -> None:
    for key, value in patch.items():
        if key == "$patch":
            continue
        if isinstance(value, dict) and isinstance(target.get(key), dict) and value.get("$patch") != "replace":
            _merge(target[key], value)
        elif isinstance(value, dict):
            target[key] = {}
            _merge(target[key], value)
        else:
            target[key] = value


def _json_patch(target: Object, operations: list[Object]) -> str:
    version = target["metadata"]["resourceVersion"]
    for operation in operations:
        *parents, last = (part.replace("~1", "/") for part in operation["path"].strip("/").split("/"))
        place = target
        for part in parents:
            place = place[part]
        assert operation["op"] in {"add", "replace"}
        assert operation["op"] == "add" or last in place
        place[last] = operation["value"]
        if operation["path"] == "/metadata/resourceVersion":
            version = operation["value"]
    return version


@contextmanager
def serve(cluster: Cluster) -> Iterator[None]:
    """Serve the cluster at `cluster.url` until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*cluster.get(self._path()))

        def do_PATCH(self) -> None:
            length = int(self.headers["Content-Length"])
            request = Request(
                self._path(), parse_qs(urlsplit(self.path).query), self.headers["Content-Type"],
                json.loads(self.rfile.read(length)),
            )  # fmt: skip
            status, body = cluster.patch(request)
            if cluster.hang_up:
                self.close_connection = True
                return
            self._answer(status, body)

        def _path(self) -> str:
            prefix = "/apis/apps/v1/namespaces/shop/"
            path = urlsplit(self.path).path
            assert path.startswith(prefix), path
            return path.removeprefix(prefix)

        def _answer(self, status: int, body: Object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        cluster.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join()
