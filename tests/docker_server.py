"""A stand-in for a Docker engine on a socket: one container and one swarm service, and a record of what was posted."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]


def _container() -> Object:
    return {
        "Id": "c0ffee",
        "Config": {"StopTimeout": 3},
        "State": {
            "Status": "running",
            "Running": True,
            "Restarting": False,
            "StartedAt": "2026-01-01T00:00:01Z",
        },
    }


def _service() -> Object:
    return {
        "ID": "svc1",
        "Version": {"Index": 40},
        "Spec": {
            "Name": "web", "Labels": {"team": "shop"}, "Mode": {"Replicated": {"Replicas": 2}},
            "TaskTemplate": {"ContainerSpec": {"Image": "web:3"}, "ForceUpdate": 1},
        },
    }  # fmt: skip


@dataclass
class Engine:
    container: Object = field(default_factory=_container)
    service: Object = field(default_factory=_service)
    posts: list[tuple[str, dict[str, list[str]], Any]] = field(default_factory=list)
    settles: bool = True
    answer: tuple[int, str] | None = None  # given to every post instead of doing it
    hang_up: bool = False  # posts are carried out, and the connection is closed without an answer
    moved_before_post: bool = False  # whether somebody else changes the service before the post arrives

    def get(self, path: str) -> tuple[int, Any]:
        replicas = self.service["Spec"]["Mode"]["Replicated"]["Replicas"]
        found = {
            "/version": {"ApiVersion": "1.44", "MinAPIVersion": "1.24"},
            "/containers/api/json": self.container,
            "/services/web": self.service,
            "/services/svc1": self.service,
            "/tasks": [{"Status": {"State": "running" if self.settles else "pending"}}] * replicas,
        }.get(path)
        return (404, {"message": f"no such object: {path}"}) if found is None else (200, found)

    def post(self, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        self.posts.append((path, query, body))
        if self.answer is not None:
            return self.answer[0], {"message": self.answer[1]}
        if path == "/containers/api/restart":
            self.container["State"]["StartedAt"] = "2026-01-01T00:09:09Z"
            return 204, None
        assert path == "/services/svc1/update", path
        if self.moved_before_post:
            self.service["Version"]["Index"] += 1
        if query["version"] != [str(self.service["Version"]["Index"])]:
            return 500, {"message": "rpc error: code = Unknown desc = update out of sequence"}
        self.service["PreviousSpec"] = deepcopy(self.service["Spec"])
        self.service["Spec"].update({key: value for key, value in body.items() if value is not None})
        self.service["Version"]["Index"] += 1
        return 200, {}


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@contextmanager
def serve(engine: Engine, socket: Path) -> Iterator[None]:
    """Serve the engine on a Unix socket until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*engine.get(self._path()))

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = parse_qs(urlsplit(self.path).query)
            status, body = engine.post(self._path(), query, json.loads(data) if data else None)
            if engine.hang_up:
                self.close_connection = True
                return
            self._answer(status, body)

        def _path(self) -> str:
            return urlsplit(self.path).path.removeprefix("/v1.44")

        def _answer(self, status: int, body: Any) -> None:
            data = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

        def address_string(self) -> str:
            return "unix"

    with _Server(str(socket), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join()
