"""Structured lines (JSON, logfmt): which key holds the time, level, message, component or trace id."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

TIME_KEYS = (
    "time", "timestamp", "@timestamp", "ts", "t", "datetime", "date", "asctime", "eventTime", "event_time",
    "__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "created_at", "Timestamp", "@t", "instant",
)  # fmt: skip
LEVEL_KEYS = (
    "level", "lvl", "severity", "log.level", "levelname", "loglevel", "severity_text", "severityText", "PRIORITY",
    "Level", "@l", "s", "LogLevel", "priority",
)  # fmt: skip
MESSAGE_KEYS = (
    "message", "msg", "MESSAGE", "log", "event", "body", "text", "short_message", "@m", "@mt", "Message", "description",
)  # fmt: skip
COMPONENT_KEYS = (
    "service", "service.name", "app", "component", "logger", "logger_name", "SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT",
    "name", "module", "c", "subsystem", "SourceContext", "Logger",
)  # fmt: skip
TRACE_KEYS = (
    "trace_id", "traceId", "traceID", "trace", "request_id", "requestId", "req_id", "reqId", "correlation_id",
    "correlationId", "x_request_id", "x-request-id", "rid", "dd.trace_id", "TraceId", "RequestId",
)  # fmt: skip
STACK_KEYS = frozenset(
    [
        "stack",
        "stacktrace",
        "stack_trace",
        "exception_stacktrace",
        "exc_info",
        "exc",
        "exception",
        "traceback",
        "error.stack",
        "error.stack_trace",
        "exception.stacktrace",
        "errorVerbose",
        "err.stack",
        "@x",
        "Exception",
    ]
)
# Keys that name the writer, not the event: they would only blur the shape of the message.
SILENT = frozenset(
    [
        "pid",
        "hostname",
        "host",
        "thread",
        "thread_name",
        "threadName",
        "stream",
        "caller",
        "source",
        "file",
        "line",
        "lineno",
        "v",
        "version",
        "tid",
        "span_id",
        "spanId",
        "span.id",
        "ctx",
        "id",
        "process",
        "process_id",
        "processName",
        "threadId",
        "level_value",
        "levelno",
        "relativeCreated",
        "msecs",
        "tags",
    ]
)
_PAIR = re.compile(r"""([A-Za-z_@][\w.@-]*)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']*)""")
_LOGFMT = re.compile(r"[A-Za-z_@][\w.@-]*=")
_MAX_DEPTH_KEYS = 60


def parse_json(line: str | bytes) -> dict[str, Any] | None:
    """Return the object of a JSON line, None if it is no JSON object."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and value else None


def parse_logfmt(line: str) -> dict[str, Any] | None:
    """Return the pairs of a logfmt line; None unless it starts with a pair and pairs make up most of it."""
    if not _LOGFMT.match(line):
        return None
    pairs = list(_PAIR.finditer(line))
    covered = sum(match.end() - match.start() for match in pairs) + len(pairs)
    if len(pairs) < 2 or covered < 0.8 * len(line.rstrip()):
        return None
    return {match.group(1): _unquote(match.group(2)) for match in pairs}


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == '"' == value[-1]:
        return value[1:-1].replace('\\"', '"').replace("\\n", "\n").replace("\\t", "\t")
    return value[1:-1] if len(value) >= 2 and value[0] == "'" == value[-1] else value


def flatten(fields: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, scalar) of a nested object, three levels deep; lists as compact JSON."""
    for key, value in fields.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and depth < 3:
            yield from flatten(value, f"{name}.", depth + 1)
        elif isinstance(value, dict | list):
            yield name, orjson.dumps(value).decode(errors="replace")
        else:
            yield name, value


def first_of(fields: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, Any]:
    """Return (key, value) of the first of `keys` that holds something, else ("", None)."""
    for key in keys:
        value = fields.get(key)
        if value is not None and value != "":
            return key, value
    return "", None


def describe(fields: Mapping[str, Any], message: str, used: set[str]) -> str:
    """Return the message followed by the other fields as `key=value`, without those that only name the writer."""
    parts = [message]
    for count, (key, value) in enumerate(flatten(fields)):
        if count > _MAX_DEPTH_KEYS:
            break
        top = key.partition(".")[0]
        if (
            key in used
            or top in used
            or key in SILENT
            or key in TRACE_KEYS
            or key in STACK_KEYS
            or key[:1] == "_"
        ):
            continue
        text = str(value)
        parts.append(f'{key}="{text}"' if " " in text else f"{key}={text}")
    return " ".join(part for part in parts if part)
