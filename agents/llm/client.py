"""The one place where a model client is made and called."""

import contextvars
import logging
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ...tools.errors import ModelError
from .settings import LLMSettings, Role

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Reasoning models take no temperature; the others answer most steadily at 0.
_REASONING = re.compile(r"^(?:o\d|gpt-[5-9])")
_NO_STREAM_TAG = "nostream"  # keeps half-written JSON out of a graph's message stream (chat UIs)


def make_model(settings: LLMSettings, role: Role) -> "ChatOpenAI":
    """Return the chat client of `role`; it never retries and never streams.

    Retries live in `LLM.structured` alone, where they are counted against the incident's budget.
    Raises `ModelError` if the client cannot be made, e.g. because there is no key.
    """
    from langchain_openai import ChatOpenAI

    name = settings.model_name(role)
    if settings.api_key is None and settings.base_url is None:
        raise ModelError("no API key is configured for the model")
    # Endpoints of one's own often need no key, but the client insists on one.
    options: dict[str, Any] = {"api_key": settings.api_key or "none", "base_url": settings.base_url}
    if not _REASONING.match(name):
        options["temperature"] = 0
    return ChatOpenAI(
        model=name, timeout=settings.timeout_s, max_retries=0, disable_streaming=True,
        use_responses_api=False, tags=[_NO_STREAM_TAG], **options,
    )  # fmt: skip


Billed = Literal["nothing", "input", "all"]


class CallFailed(ModelError):
    """One call failed.

    `retry_after_s` is set if the same call may well succeed that much later; `billed` is what the provider
    has probably charged: refused requests are free, an answer that was lost on the way is not.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None, billed: Billed = "input") -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.billed: Billed = billed


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return `call()`, or raise `CallFailed` after `seconds`.

    The client's own time-out counts between two bytes, so a server that sends one byte at a time can hold
    a call for ever. The thread that is left behind ends with its connection.
    """
    box: dict[str, Any] = {}

    def run() -> None:
        try:
            box["result"] = call()
        except BaseException as error:
            box["error"] = error

    # Tracing and the graph's configuration live in context variables.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(run,), daemon=True, name="model-call")
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise CallFailed(f"the model did not answer within {seconds:.0f} s")
    if "error" in box:
        raise box["error"]
    result: T = box["result"]
    return result


def failure(error: Exception, seconds: float) -> CallFailed:
    """Return what went wrong in words that hold no secret and no text of the endpoint.

    Endpoints echo keys and prompts in their error bodies, so only class and status are told.
    """
    import openai

    if isinstance(error, CallFailed):
        return error
    if isinstance(error, openai.APIStatusError):
        message = f"the model endpoint answered HTTP {error.status_code}{_HINTS.get(error.status_code, '')}"
        return CallFailed(message, retry_after_s=_retry_after(error), billed="nothing")
    # A time-out is a connection error too, so it comes first; it is not tried again.
    if isinstance(error, openai.APITimeoutError):
        return CallFailed(f"the model did not answer within {seconds:.0f} s")
    if isinstance(error, openai.APIConnectionError):
        return CallFailed("the model endpoint cannot be reached, or broke the connection", retry_after_s=0.5)
    known: dict[type[Exception], str] = {
        openai.LengthFinishReasonError: "the model's answer was cut off at the output token limit",
        openai.ContentFilterFinishReasonError: "the model's content filter stopped the answer",
    }
    told = f"the model endpoint's answer is not a chat completion ({type(error).__name__})"
    return CallFailed(known.get(type(error), told), billed="all")


_HINTS = {
    400: " (request refused; does the model support structured output?)",
    401: " (the API key is not accepted)",
    403: " (the API key may not use this model)",
    404: " (unknown model or wrong base URL)",
    429: " (rate limit or quota)",
}


def _retry_after(error: Any) -> float | None:
    """Return after how many seconds to try again, or None if that would not help."""
    status = error.status_code
    if status in (500, 502, 503, 504):
        return _seconds(error.response.headers.get("retry-after")) or 0.5
    if status == 429:
        # Without the header it is as likely a used-up quota, which no second try mends.
        return _seconds(error.response.headers.get("retry-after"))
    return None


def _seconds(header: str | None) -> float | None:
    try:
        value = float(header) if header else None
    except ValueError:  # an HTTP date
        return None
    return value if value is not None and value >= 0 else None
