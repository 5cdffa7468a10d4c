"""Which program wrote a line, by its tag or by its log's name; never a file, a thread or a logger."""

import re

from ...tools.digest.models import EvidenceLine
from ...tools.metric_reading import is_metric

_PROGRAM = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")
_WORDS = """
    access app audit backend catalina client config console core current daemon debug default dmesg error
    fatal gc http https info inline journal kern local log logs main messages none opt out output root
    server srv ssl stderr stdout syslog system tcp thread tmp unknown user var warn worker
"""
_NOT_A_PROGRAM = frozenset(_WORDS.split())
_THREAD = re.compile(r"thread|exec-|pool-|-\d+$|^[a-z]$|^[A-Z]$", re.I)
_NAME_END = re.compile(r"(?:\.(?:log|txt|out|err|gz|zst|json|\d+))+$|[-_.]\d[\w.-]*$")


def program_of(line: EvidenceLine) -> str | None:
    """Return the program that wrote the line, None if neither the line nor the name of its log says it."""
    if is_metric(line):
        return None  # its component is the metric's name
    if line.component and _is_program(line.component):
        return line.component
    return program_of_log(line.source)


def program_of_log(source: str) -> str | None:
    """Return the program that a log is of: `/var/log/squid/access.log` is squid's; None for `inline.log`."""
    parts = [part for part in source.partition(" (")[0].split("/") if part]
    if parts and parts[-1].startswith("inline"):
        return None
    inside = [place for place, part in enumerate(parts) if part in ("log", "logs")]
    own = parts[inside[-1] + 1 :] if inside else parts[-1:]  # folders above say where it lies, not what it is
    names = (_NAME_END.sub("", _NAME_END.sub("", part)) for part in reversed(own))
    return next((name for name in names if _is_program(name)), None)


def _is_program(name: str) -> bool:
    return (
        len(name) > 2
        and _PROGRAM.fullmatch(name) is not None
        and name.lower() not in _NOT_A_PROGRAM
        and not _THREAD.search(name)
        and not (any(char.isupper() for char in name[1:]) and name != name.upper())  # a class
    )
