"""Name servers that fail: that names do not resolve is what their callers see; the server's own log says why."""

import re
from collections.abc import Iterable

from ...tools.digest.models import EvidenceLine
from .signs import Sign

_SERVER = re.compile(
    r"\b(?:named|unbound|dnsmasq|coredns|pdns[_\w]*|knotd|kresd|nsd|systemd-resolved|dnsdist)\b(?=\[|:|$|\.log|/)",
    re.I,
)
_MODE = "dns-failure"
_CLEAR = 0.35  # strength from which a sign says why
_LEFT = 0.4


def said_by_the_server(signs: Iterable[Sign]) -> dict[str, tuple[float, str]]:
    """Return, as modes to lower, the failure to resolve names if a name server's own log tells another cause."""
    said = [sign for sign in signs if sign.strength >= _CLEAR and _is_server(sign.line)]
    for sign in said:
        if sign.weight >= 2 and all(other.mode != _MODE or other.weight < sign.weight for other in said):
            why = f"The name server's own log says why it does not resolve ({sign.line.id})."
            return {_MODE: (_LEFT, why)}
    return {}


def _is_server(line: EvidenceLine) -> bool:
    return any(_SERVER.search(text) for text in (line.text[:120], line.component or "", line.source))
