"""The audit's record of what a model was asked, what it answered, and what its tools returned.

A LangChain callback handler, active inside the steps that `recorded` wraps: every model and tool call made there
passes it, whichever engine or library makes it. What cannot be recorded is not sent: an error here ends the call.
Texts stand there redacted and cut; hash and size are of the whole text as it was sent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult
from langchain_core.tracers.context import register_configure_hook
from typing_extensions import override

from ..tools.actions.base import shortened
from .attempt import storable
from .canonical import canonical_json, sha256_hex
from .dependencies import Dependencies, current_thread_id

TEXT_CHARACTERS = 4_000
"""Most characters of a text that an entry holds."""

NodeT = TypeVar("NodeT", bound=Callable[..., Any])


class Recorder(BaseCallbackHandler):
    """Writes one entry per prompt, answer, failure, and tool result of one step."""

    raise_error = True
    run_inline = True

    def __init__(self, deps: Dependencies, thread_id: str, step: str) -> None:
        self._deps = deps
        self._thread_id = thread_id
        self._step = step
        self._tools: dict[UUID, dict[str, Any]] = {}

    @override
    def on_chat_model_start(
        self, serialized: dict[str, Any], messages: list[list[BaseMessage]], *, run_id: UUID, **kwargs: Any
    ) -> None:
        options = kwargs.get("invocation_params") or {}
        texts = [_text(message) for batch in messages for message in batch]
        told = {"model": str(options.get("model") or options.get("model_name") or "")}
        self._note("model.asked", run_id, "\n\n".join(texts), {**told, "messages": len(texts)})

    @override
    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        for generation in (item for batch in response.generations for item in batch):
            message = getattr(generation, "message", None)
            text = _text(message) if isinstance(message, BaseMessage) else generation.text
            self._note("model.answered", run_id, text, {"tokens": _tokens(message)})

    @override
    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        # Only the class: an endpoint's words may quote the key.
        self._note("model.failed", run_id, "", {"why": type(error).__name__})

    @override
    def on_tool_start(
        self, serialized: dict[str, Any], input_str: str, *, run_id: UUID, **kwargs: Any
    ) -> None:
        given = shortened(self._redacted(input_str), TEXT_CHARACTERS)
        self._tools[run_id] = {"tool": str(serialized.get("name", "")), "arguments": given}

    @override
    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        text = _text(output) if isinstance(output, BaseMessage) else str(output)
        self._note("tool.result", run_id, text, self._tools.pop(run_id, {}))

    @override
    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        why = shortened(self._redacted(f"{type(error).__name__}: {error}"), TEXT_CHARACTERS)
        self._note("tool.failed", run_id, "", {**self._tools.pop(run_id, {}), "why": why})

    def _note(self, kind: str, run_id: UUID, text: str, more: Mapping[str, Any]) -> None:
        whole = text.encode("utf-8", "backslashreplace").decode("utf-8")
        body = {
            "step": self._step, **more, "characters": len(whole),
            "sha256": sha256_hex(canonical_json(whole)), "text": shortened(self._redacted(whole), TEXT_CHARACTERS),
        }  # fmt: skip
        self._deps.store.note(self._thread_id, kind, body, subject=str(run_id))

    def _redacted(self, text: str) -> str:
        return storable(self._deps.redactor.redact(text))


_active: ContextVar[Recorder | None] = ContextVar("ops_recorder", default=None)
register_configure_hook(_active, inheritable=True)


def recorded(deps: Dependencies, node: NodeT) -> NodeT:
    """Return the node with every model and tool call inside it recorded. Its types stay, for the graph to read."""

    @wraps(node)
    def recording(state: Any) -> Any:
        with _recording(Recorder(deps, current_thread_id(), node.__name__)):
            return node(state)

    return recording  # type: ignore[return-value]


@contextmanager
def _recording(recorder: Recorder) -> Iterator[None]:
    token = _active.set(recorder)
    try:
        yield
    finally:
        _active.reset(token)


def _text(message: BaseMessage) -> str:
    """Return a message as one text: role, words, tool calls; of an image only hash and size."""
    parts: Sequence[Any] = message.content if isinstance(message.content, list) else [message.content]
    lines = [part if isinstance(part, str) else _part(part) for part in parts]
    calls = getattr(message, "tool_calls", None)
    if calls:
        lines.append(canonical_json([{"name": item["name"], "args": item["args"]} for item in calls]))
    return f"[{message.type}] " + "\n".join(line for line in lines if line)


def _part(part: Mapping[str, Any]) -> str:
    if "text" in part:
        return str(part["text"])
    data = canonical_json(dict(part))
    return f"({part.get('type', 'part')}, {len(data)} characters, sha256 {sha256_hex(data)})"


def _tokens(message: Any) -> dict[str, int]:
    used = getattr(message, "usage_metadata", None) or {}
    return {key: int(used[key]) for key in ("input_tokens", "output_tokens") if key in used}
