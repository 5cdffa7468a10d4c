"""The evidence tools that a model may call while it diagnoses."""

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.messages import ToolCall, ToolMessage
from langchain_core.tools import BaseTool, ToolException
from langchain_core.utils.function_calling import convert_to_openai_tool

from ...tools.errors import OpsError
from .budget import fit
from .schema import strict_schema

logger = logging.getLogger(__name__)

MAX_CALLS_PER_ROUND = 3
RESULT_TOKENS = 400  # of one call


class Toolbox:
    """A fixed set of tools whose results are bounded, and passed through `present` before a model sees them.

    `present` redacts, withholds lines that address a model, and puts the rest inside the nonce's delimiters.
    """

    def __init__(self, tools: Sequence[BaseTool], present: Callable[[str], str]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._present = present
        self._answered: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._tools)

    def specs(self) -> list[dict[str, Any]]:
        """Return the tools in the API's form, strict: a call then always has all arguments, well formed."""
        return [_strict_spec(tool) for tool in self._tools.values()]

    def answer(self, calls: Sequence[ToolCall]) -> list[ToolMessage]:
        """Run the calls and return one message for each; what goes wrong is told to the model, not raised."""
        return [
            ToolMessage(
                self._run(call) if index < MAX_CALLS_PER_ROUND else "too many calls at once",
                tool_call_id=call["id"],
            )
            for index, call in enumerate(calls)
        ]

    def _run(self, call: ToolCall) -> str:
        key = json.dumps([call["name"], call["args"]], sort_keys=True, default=str)
        tool = self._tools.get(call["name"])
        if tool is None:
            return f"there is no such tool; the tools are {', '.join(self._tools)}"
        if key in self._answered:
            return "this call was already answered above"
        self._answered.add(key)
        try:
            result = tool.invoke(call["args"])
        except (OpsError, ToolException, ValueError, TypeError, LookupError, OSError) as error:
            # The arguments come from a model: a call that does not fit must not end the run.
            logger.info("tool %s failed: %s", tool.name, type(error).__name__)
            return self._present(fit(f"error: {error}", RESULT_TOKENS))
        text = result if isinstance(result, str) else json.dumps(result, default=str, ensure_ascii=False)
        return self._present(fit(text, RESULT_TOKENS))


def _strict_spec(tool: BaseTool) -> dict[str, Any]:
    function = convert_to_openai_tool(tool)["function"]
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    return {
        "type": "function",
        "function": {
            "name": function["name"],
            "description": function["description"],
            "strict": True,
            "parameters": strict_schema(parameters),
        },
    }
