"""The incident's own names: hosts, ports, paths, users and the like, read from evidence and put into a case's words."""

import re
from collections.abc import Iterable

# Placeholders that cases use, and where a line names such a thing.
_NAMED = {
    "ENDPOINT": r"(?<![\w/.])((?:[a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost|\[[0-9a-f:]+\]):\d{2,5})\b",
    "HOST": r"(?:host(?:name)?|lookup|resolve|server at|connect(?:ion)? to|upstream|to)[\s:=\"']{1,3}"
    r"([a-z0-9-]+(?:\.[a-z0-9-]+)+)",
    "PATH": r"(?<![\w/:])(/(?:[\w.@+-]+/)+[\w.@+-]+)",
    "USER": r"\b(?:user|role|account)[\s=:]+[\"'`]([\w.@-]+)[\"'`]",
    "DATABASE": r"\bdatabase[\s=:]+[\"'`]([\w.@-]+)[\"'`]",
    "TABLE": r"\b(?:table|relation)[\s=:]+[\"'`]([\w.@-]+)[\"'`]",
    "COLUMN": r"\bcolumn[\s=:]+[\"'`]([\w.@-]+)[\"'`]",
    "PID": r"\b(?:pid|process)[\s=:#]+(\d{2,7})\b",
}
_PATTERNS = {name: re.compile(pattern, re.I) for name, pattern in _NAMED.items()}
_SAFE = re.compile(r"[\w.@:/+\[\]-]{1,200}")


def named_objects(texts: Iterable[str]) -> dict[str, str]:
    """Return the first thing of each kind that the lines name; only plain names, fit for a command line."""
    found: dict[str, str] = {}
    for text in texts:
        for kind, pattern in _PATTERNS.items():
            match = pattern.search(text) if kind not in found else None
            if match and _SAFE.fullmatch(match.group(1)):
                found[kind] = match.group(1)
    if "ENDPOINT" in found:
        host, _, port = found["ENDPOINT"].rpartition(":")
        found.setdefault("HOST", host)
        found["PORT"] = port
    return found


def fill(text: str, service: str, objects: dict[str, str]) -> str:
    """Put the incident's names into a case's text: `{service}` and placeholders such as HOST:PORT or PATH."""
    text = text.replace("{service}", service)
    if "ENDPOINT" in objects:
        text = _put(r"\bHOST:PORT\b", objects["ENDPOINT"], text)
    for kind, value in objects.items():
        if kind != "ENDPOINT":
            text = _put(rf"(?<![\w$-]){kind}(?![\w-])", value, text)
    return text


def _put(pattern: str, value: str, text: str) -> str:
    return re.sub(pattern, lambda _: value, text)


def described(objects: dict[str, str]) -> str:
    """Return the names as a phrase, e.g. `host db-1.internal, port 5432`; empty if there are none."""
    wanted = ("HOST", "PORT", "PATH", "USER", "DATABASE", "TABLE", "COLUMN")
    return ", ".join(f"{kind.lower()} {objects[kind]}" for kind in wanted if kind in objects)
