"""A small OpenAI-compatible server of the tests' own: it checks every request and answers as scripted.

    with OpenAIServer() as server:
        server.script = [prose("sorry"), good_answers(...)]     # one answer per request; the last one repeats
        ...
        assert server.problems == []

An answer is a function from the request's body to a `Reply`, so that a scripted model can read its prompt.
"""

import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "sk-test-5f0c1d2e3a4b"
MODELS = frozenset({"gpt-4.1-mini", "gpt-4o"})
EVIDENCE = re.compile(r"\[([sm]\d+:\d+)\] ([^\n]+)")


@dataclass
class Reply:
    """What goes over the wire. `body` of bytes is sent as it is; `ending` says how the connection goes on."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ending: str = (
        "close"  # close | hang (never answers) | drip (a byte now and then, for ever) | cut (half of it)
    )


Answer = Callable[[dict[str, Any]], Reply]


class OpenAIServer:
    """Listens on a free loopback port; `requests` holds what came, `problems` what was wrong with it."""

    def __init__(self, script: Sequence[Answer] = (), *, secrets: Sequence[str] = ()) -> None:
        self.script = list(script)
        self.secrets = secrets
        self.requests: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _handler(self))

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def reset(self) -> None:
        """Forget everything, and let go of connections that hang."""
        self.released.set()
        self.released = threading.Event()
        self.script, self.secrets, self.requests, self.problems = [], [], [], []

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()

    def reply(self, path: str, headers: dict[str, str], raw: bytes) -> Reply:
        """Check one request and return its answer."""
        body = json.loads(raw)
        with self._lock:
            self.problems += check_request(path, headers, raw, self.secrets)
            self.requests.append(body)
            answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return answer(body)


def check_request(path: str, headers: dict[str, str], raw: bytes, secrets: Sequence[str] = ()) -> list[str]:
    """Return what is wrong with a request: path, key, model, schema, limits, planted secrets."""
    body = json.loads(raw)
    wanted = body.get("response_format", {})
    checks = {
        "path": path == "/v1/chat/completions",
        "authorization": headers.get("authorization") == f"Bearer {KEY}",
        "model": body.get("model") in MODELS,
        "strict JSON schema": wanted.get("type") == "json_schema"
        and wanted["json_schema"].get("strict") is True,
        "output limit": 0 < (body.get("max_completion_tokens") or body.get("max_tokens") or 0) <= 2_500,
        "no streaming": not body.get("stream"),
        "strict tools": all(tool["function"].get("strict") is True for tool in body.get("tools", [])),
        **{f"planted secret {number}": secret.encode() not in raw for number, secret in enumerate(secrets)},
    }
    problems = [f"bad {name}" for name, passed in checks.items() if not passed]
    schemas = [wanted.get("json_schema", {}).get("schema", {})]
    schemas += [tool["function"]["parameters"] for tool in body.get("tools", [])]
    return problems + [problem for schema in schemas for problem in schema_problems(schema)]


def schema_problems(node: Any, where: str = "$") -> list[str]:
    """Return where a JSON schema is outside the subset that OpenAI's strict mode accepts."""
    if isinstance(node, list):
        return [found for item in node for found in schema_problems(item, where)]
    if not isinstance(node, dict):
        return []
    problems = [
        f"{where}: {key} is not allowed" for key in ("default", "allOf", "oneOf", "not") if key in node
    ]
    if node.get("type") == "object":
        if node.get("additionalProperties") is not False:
            problems.append(f"{where}: additionalProperties is not false")
        if sorted(node.get("required", [])) != sorted(node.get("properties", {})):
            problems.append(f"{where}: not every property is required")
        for name, schema in node.get("properties", {}).items():
            problems += schema_problems(schema, f"{where}.{name}")
    for key in ("items", "anyOf", "$defs"):
        inner = node.get(key)
        problems += schema_problems(
            list(inner.values()) if key == "$defs" and inner else inner, f"{where}.{key}"
        )
    return problems


# -- answers ------------------------------------------------------------------------------------------------


def completion(
    content: str | None, *, tool_calls: Sequence[dict[str, Any]] = (), finish: str = "stop",
    tokens: tuple[int, int] = (1_000, 200), refusal: str | None = None,
) -> Reply:  # fmt: skip
    """Return a chat completion."""
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": refusal}
    if tool_calls:
        message["tool_calls"] = list(tool_calls)
        finish = "tool_calls"
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    return Reply(
        {
            "id": "c",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [choice],
            "usage": usage,
        }
    )


def text(content: str, **options: Any) -> Answer:
    """Answer with this text."""
    return lambda _body: completion(content, **options)


def json_answer(value: Any) -> Answer:
    """Answer with this value as JSON."""
    return text(json.dumps(value))


def tool_call(name: str, **arguments: Any) -> Answer:
    """Ask for one tool call."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    return lambda _body: completion(
        None, tool_calls=[{"id": "call_1", "type": "function", "function": function}]
    )


def http_error(status: int, *, message: str = "no", **headers: str) -> Answer:
    """Answer with an HTTP error; underscores in header names stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _body: Reply({"error": {"message": message, "type": "x", "code": None}}, status, named)


def ending(how: str) -> Answer:
    """Answer well, but let the connection `hang`, `drip` or be `cut`."""

    def answer(_body: dict[str, Any]) -> Reply:
        reply = completion("{}")
        reply.ending = how
        return reply

    return answer


def raw(body: bytes, content_type: str = "application/json") -> Answer:
    """Answer with these bytes."""
    return lambda _body: Reply(body, headers={"Content-Type": content_type})


def stream_and_stop(_body: dict[str, Any]) -> Reply:
    """Begin to stream although nobody asked, and stop in the middle."""
    chunk = {
        "id": "c",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": '{"ver'}}],
    }
    return Reply(f"data: {json.dumps(chunk)}\n\n".encode(), headers={"Content-Type": "text/event-stream"})


# -- models -------------------------------------------------------------------------------------------------


def schema_name(body: dict[str, Any]) -> str:
    """Return the name of the schema that a request asks for."""
    return str(body["response_format"]["json_schema"]["name"])


def prompt_text(body: dict[str, Any]) -> str:
    """Return all text of a request's messages."""
    parts: list[str] = []
    for message in body["messages"]:
        content = message.get("content") or ""
        parts += [content] if isinstance(content, str) else [part.get("text", "") for part in content]
    return "\n".join(parts)


def cited(body: dict[str, Any], contains: str = "") -> list[dict[str, str]]:
    """Return a valid citation of the prompt's first evidence line that contains the words."""
    for evidence_id, line in EVIDENCE.findall(prompt_text(body)):
        if contains.lower() in line.lower() and "[withheld" not in line:
            return [{"id": evidence_id, "quote": " ".join(line.split()[-4:])}]
    return []


def wire_log_analysis(body: dict[str, Any], contains: str = "", **changes: Any) -> dict[str, Any]:
    """Return a sound log analysis of what stands in the prompt."""
    evidence = cited(body, contains)
    message = evidence[0]["quote"] if evidence else ""
    return {
        "evidence": evidence, "error_type": "PoolExhausted", "error_message": message, "affected_components": [],
        "pattern": "All at once.", **changes,
    }  # fmt: skip


def wire_diagnosis(body: dict[str, Any], mode: str, contains: str = "", **changes: Any) -> dict[str, Any]:
    """Return a sound diagnosis that cites a line of the prompt."""
    hypothesis = {
        "failure_mode": mode, "root_cause": "The pool has no free connection.", "evidence": cited(body, contains),
        "against": [], "confirm_by": ["Look at the pool's metrics"], "confidence": 85,
    }  # fmt: skip
    return {
        "verdict": "no-fault" if mode == "no-fault" else "fault", "hypotheses": [hypothesis], "severity": "high",
        "impact_scope": "All requests.", "possible_triggers": ["A slow query"], "missing_evidence": [], **changes,
    }  # fmt: skip


def wire_solution(**changes: Any) -> dict[str, Any]:
    """Return one solution without actions."""
    return {
        "description": "Free the pool.", "effect": "cure", "expected_effect": "Requests are served.",
        "steps": ["Find what holds the connections"], "risks": [],
        "estimated_time": "5-10 min", "verification": ["The pool has free connections"], "rollback": [],
        "actions": [], **changes,
    }  # fmt: skip


def wire_action(
    type_: str, effect: str = "relief", reason: str = "Frees it.", **params: str
) -> dict[str, Any]:
    """Return one action."""
    named = [{"name": name, "value": value} for name, value in params.items()]
    return {"type": type_, "params": named, "effect": effect, "reason": reason}


def good_answers(mode: str, service: str, contains: str = "") -> Answer:
    """Play a capable model: each schema is answered soundly from the prompt."""

    def answer(body: dict[str, Any]) -> Reply:
        match schema_name(body):
            case "WireLogAnalysis":
                value = wire_log_analysis(body, contains)
            case "WireDiagnosis":
                value = wire_diagnosis(body, mode, contains)
            case _:
                action = wire_action("restart_service", service=service)
                value = {
                    "solutions": [wire_solution(actions=[action])],
                    "preventive_measures": ["Alert earlier"],
                }
        return completion(json.dumps(value))

    return answer


# -- transport ----------------------------------------------------------------------------------------------


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up early are part of the tests."""


def _handler(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.reply(self.path, headers, body)
            payload = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            released = server.released
            if reply.ending == "hang":
                released.wait()
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            length = 10**7 if reply.ending == "drip" else len(payload)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if reply.ending == "drip":
                while not released.wait(0.02):
                    self.wfile.write(b" ")
                    self.wfile.flush()
            self.wfile.write(payload[: len(payload) // 2] if reply.ending == "cut" else payload)
            self.close_connection = reply.ending != "close"

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are quiet."""

    return Handler
