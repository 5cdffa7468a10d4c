"""`LLM`: one structured question to a model, within a budget, answered validly or not at all."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from pydantic import BaseModel, ValidationError

from ...tools.digest import estimate_tokens
from ...tools.errors import ModelError
from .budget import Budget
from .client import CallFailed, failure, make_model, within
from .images import TOKENS_PER_IMAGE
from .prompts import NO_MORE_TOOLS, reask_prompt
from .schema import response_format
from .settings import LLMSettings, Role
from .toolbox import RESULT_TOKENS, Toolbox
from .usage import Usage

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

logger = logging.getLogger(__name__)

T = TypeVar("T", bound=BaseModel)

MAX_RETRY_AFTER_S = 10.0  # a person waits for this; beyond it the case-based result is better

USUAL_OUTPUT_TOKENS = 720  # of a full answer; measured by benchmarks/tokens.py

_PER_MESSAGE = 6  # tokens of a message's frame


class LLM:
    """An OpenAI-compatible endpoint. Clients are made on first use; safe to share between threads.

    `sleep` waits before a retry; tests replace it.
    """

    def __init__(self, settings: LLMSettings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.settings = settings
        self._sleep = sleep
        self._models: dict[Role, ChatOpenAI] = {}

    def new_budget(self, used: Usage | None = None) -> Budget:
        """Return the budget of one incident; `used` continues from an earlier step."""
        return Budget(self.settings, used)

    def structured(
        self,
        schema: type[T],
        messages: Sequence[BaseMessage],
        *,
        role: Role,
        budget: Budget,
        max_output_tokens: int = 800,
        check: Callable[[T], Sequence[str]] | None = None,
        toolbox: Toolbox | None = None,
        reserve_tokens: int = 0,
    ) -> T:
        """Return the model's answer to `messages` as a `schema`.

        `check` returns what is wrong with an answer that fits the schema. An answer that is not usable is
        asked for once more, with the problems. With a `toolbox` the model may fetch evidence first, in as
        many rounds as the budget allows while `reserve_tokens` of input stay for later steps.

        Raises `ModelError` on time-out, HTTP error, exhausted budget, or a second unusable answer.
        """
        ask = _Ask(schema, role, budget, max_output_tokens, reserve_tokens)
        conversation = list(messages)
        reasked = False
        while True:
            tools = toolbox if toolbox and ask.may_fetch(conversation, toolbox) else None
            reply = self._call(ask, conversation, tools)
            if reply.tool_calls and tools:
                budget.record_tool_round()
                conversation += [reply, *tools.answer(reply.tool_calls)]
                if not ask.may_fetch(conversation, tools):
                    conversation.append(HumanMessage(NO_MORE_TOOLS))
                continue
            answer, problems = _parse(schema, reply, check)
            if answer is not None and not problems:
                return answer
            if reasked:
                raise ModelError(f"the model's answer is not usable: {'; '.join(problems)[:300]}")
            reasked = True
            logger.info("%s is asked again: %d problems", self.settings.model_name(role), len(problems))
            conversation += [AIMessage(reply.text[:2_000] or "(empty)"), reask_prompt(problems)]

    def _call(self, ask: "_Ask", messages: Sequence[BaseMessage], tools: Toolbox | None) -> AIMessage:
        try:
            return self._call_once(ask, messages, tools)
        except CallFailed as error:
            wait = error.retry_after_s
            if wait is None or wait > min(MAX_RETRY_AFTER_S, ask.budget.seconds_left):
                raise
            logger.info("%s; one more try in %.1f s", error, wait)
            self._sleep(wait)
        return self._call_once(ask, messages, tools)

    def _call_once(self, ask: "_Ask", messages: Sequence[BaseMessage], tools: Toolbox | None) -> AIMessage:
        estimated = ask.input_tokens(messages, tools)
        allowed = ask.budget.output_allowed(ask.role, estimated, ask.max_output_tokens)
        seconds = min(self.settings.timeout_s, ask.budget.seconds_left)
        # Bound by hand rather than with `with_structured_output`: that one parses inside the client, so an
        # answer that does not validate is raised as an exception and its token usage is lost.
        options: dict[str, Any] = {"response_format": response_format(ask.schema), "max_tokens": allowed}
        if tools:
            options["tools"] = tools.specs()
        model = self._model(ask.role)
        start = time.monotonic()
        try:
            reply = within(seconds, lambda: model.invoke(list(messages), **options))
        except Exception as error:
            # An endpoint may answer anything, and the client libraries name no closed set of errors for it.
            failed = failure(error, seconds)
            ask.budget.record(
                ask.role,
                input_tokens=0 if failed.billed == "nothing" else estimated,
                output_tokens=allowed if failed.billed == "all" else 0,
                seconds=time.monotonic() - start,
            )
            # Not chained: the original may quote the key or the prompt, and tracebacks end in logs.
            raise failed from None
        used = reply.usage_metadata
        call = ask.budget.record(
            ask.role,
            input_tokens=used["input_tokens"] if used else estimated,
            output_tokens=used["output_tokens"] if used else estimate_tokens(reply.text),
            cached_tokens=used.get("input_token_details", {}).get("cache_read", 0) or 0 if used else 0,
            seconds=time.monotonic() - start,
        )
        logger.info(
            "%s: %d tokens in, %d out, %.4f USD, %.1f s", self.settings.model_name(ask.role),
            call.input_tokens, call.output_tokens, call.cost_usd, call.seconds,
        )  # fmt: skip
        return reply

    def _model(self, role: Role) -> "ChatOpenAI":
        if role not in self._models:
            self._models[role] = make_model(self.settings, role)
        return self._models[role]


@dataclass(frozen=True)
class _Ask:
    """What stays the same over the calls of one question."""

    schema: type[BaseModel]
    role: Role
    budget: Budget
    max_output_tokens: int
    reserve_tokens: int

    def may_fetch(self, conversation: Sequence[BaseMessage], tools: Toolbox) -> bool:
        """Whether one more round of tools, and the answer after it, still fit."""
        now, after = self.input_tokens(conversation, tools), self.input_tokens(conversation, None)
        needed = now + after + RESULT_TOKENS + self.reserve_tokens
        answers = 1 + (self.reserve_tokens > 0)  # this one, and a later step's
        output = answers * min(self.max_output_tokens, USUAL_OUTPUT_TOKENS)
        return self.budget.tool_rounds_left > 0 and self.budget.affords(self.role, needed, output)

    def input_tokens(self, messages: Sequence[BaseMessage], tools: Toolbox | None) -> int:
        """Return about how many tokens the request has, with the schema and the tools that go along."""
        total = estimate_tokens(json.dumps(response_format(self.schema)))
        if tools:
            total += estimate_tokens(json.dumps(tools.specs()))
        return total + sum(_message_tokens(message) for message in messages)


def _message_tokens(message: BaseMessage) -> int:
    parts = message.content if isinstance(message.content, list) else [message.content]
    texts = [part if isinstance(part, str) else part.get("text") for part in parts]
    calls = json.dumps(message.tool_calls) if isinstance(message, AIMessage) and message.tool_calls else ""
    return (
        _PER_MESSAGE
        + estimate_tokens(calls)
        + sum(TOKENS_PER_IMAGE if text is None else estimate_tokens(text) for text in texts)
    )


def _parse(
    schema: type[T], reply: AIMessage, check: Callable[[T], Sequence[str]] | None
) -> tuple[T | None, Sequence[str]]:
    """Return the answer, and what is wrong with it."""
    if reply.tool_calls:
        return None, [NO_MORE_TOOLS]
    if reply.additional_kwargs.get("refusal"):
        return None, ["it was a refusal"]
    if not reply.text.strip():
        return None, ["it was empty"]
    try:
        answer = schema.model_validate_json(reply.text)
    except ValidationError as error:
        return None, [_describe(item) for item in error.errors(include_url=False, include_input=False)[:5]]
    return answer, check(answer) if check else []


def _describe(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    return f"{where}: {item['msg']}" if where else str(item["msg"])
