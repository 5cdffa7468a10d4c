"""Chat in and out: a person's words become an alert, the assistant's answers become messages.

The channel holds plain message dictionaries (`{"type", "content", "id"}`), never message objects, so
that a checkpoint stays plain JSON.
"""

import re
import uuid
from collections.abc import Sequence
from typing import Any

import orjson
from langchain_core.messages import AnyMessage, BaseMessage, convert_to_messages

from ..tools.alert import Alert
from ..tools.errors import InputError

# A line that looks printed by a program: it starts with a time, a level, or a bracket.
_LOG_LINE = re.compile(
    r"^\s*(\[?\d{2,4}[-/.:]\d{2}|\w{3} [ \d]\d \d{2}:\d{2}|[\[{<]|==> |\d{9,}|"
    r"(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE|PANIC)\b|"
    r"\s+at \S+\(|Caused by: |Traceback |ts=|time=|level=)",
    re.IGNORECASE,
)
_SERVICE = re.compile(
    r"\b(?:service|app|application|deployment)[ :=]+[`'\"]?([A-Za-z0-9][\w.-]{1,60})", re.IGNORECASE
)
_LEADING_NAME = re.compile(r"^\s*[`'\"]?([a-z0-9]+(?:-[a-z0-9]+)+)[`'\"]?\s*:", re.MULTILINE)


def as_dict(message: Any) -> dict[str, Any]:
    """Return any message form (object, tuple, dict) as a plain dictionary."""
    if isinstance(message, dict) and "type" in message and "id" in message:
        return message
    converted = message if isinstance(message, BaseMessage) else convert_to_messages([message])[0]
    return {
        "type": converted.type,
        "content": converted.content,
        "id": converted.id or str(uuid.uuid4()),
    }


def merge_messages(left: Sequence[Any], right: Sequence[Any] | Any) -> list[AnyMessage]:
    """Append messages; one with a known id replaces the earlier one. Holds plain dictionaries."""
    merged = {item["id"]: item for item in map(as_dict, left)}
    for item in map(as_dict, right if isinstance(right, list | tuple) else [right]):
        merged[item["id"]] = item
    return list(merged.values())  # type: ignore[arg-type]  # the schema says messages, for chat UIs


def text_of(message: dict[str, Any]) -> str:
    """Return the text of a message's content, which may be a list of blocks."""
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text", "") if isinstance(block, dict) else str(block) for block in content)


def last_human(messages: Sequence[Any]) -> dict[str, Any] | None:
    """Return the last message a person wrote, or None."""
    return next((item for item in map(as_dict, reversed(messages)) if item["type"] == "human"), None)


def alert_from_text(text: str) -> Alert:
    """Return the alert in a person's words: JSON, or prose with pasted log lines.

    Raises `InputError` that says what to paste if there is no log line.
    """
    stripped = text.strip()
    if stripped.startswith("{"):
        try:
            data = orjson.loads(stripped)
        except orjson.JSONDecodeError:
            data = None
        if isinstance(data, dict) and ("message" in data or "alert" in data or "service" in data):
            return Alert.parse(data, origin="message")
    lines = [line for line in text.splitlines() if not line.strip().startswith("```")]
    logs = [line for line in lines if _LOG_LINE.match(line)]
    first_log = next((index for index, line in enumerate(lines) if _LOG_LINE.match(line)), None)
    if first_log is None:
        raise InputError(
            "I need log lines to look at. Paste them under a sentence that says what is wrong, for example: "
            "`service api-server: responses take longer than 5 s` and then the lines."
        )
    # Everything from the first log line on is evidence: stack frames and wrapped lines look like prose.
    prose = " ".join(line.strip() for line in lines[:first_log] if line.strip())
    named = _SERVICE.search(prose) or _LEADING_NAME.search(prose)
    return Alert(
        service=named.group(1) if named else "unknown",
        message=prose[:2_000] or logs[0].strip()[:500],
        logs="\n".join(lines[first_log:]),
    )


def ai_message(text: str) -> dict[str, Any]:
    """Return a message of the assistant."""
    return {"type": "ai", "content": text, "id": str(uuid.uuid4())}
