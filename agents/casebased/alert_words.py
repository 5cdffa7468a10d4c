"""What the alert's sentence itself says: whether users are harmed, and what it declares to be fine."""

import re

_HARM = re.compile(
    r"""\b(?:fail(?:s|ed|ing|ure|ures)?|errors?\s(?:for|on)|down|5\d\ds?|5xx|4[012]\d|cannot|can't|can\snot|couldn't|unable|refus\w+|
    crash\w*|lose|loses|lost|stopp(?:ed|s)|stops|rejected|reject|rejects|time[sd]?[\s-]?outs?|unavailable|abort\w*|does\snot|do\snot|did\snot|
    no\slonger|not\s(?:start\w*|answer\w*|respond\w*|reach\w*|running|stored|delivered|produced|assigned|written|processed)|stuck|behind|missing|missed|empty|
    wrong|stale|blank|broken|gives\sup|loop|nothing|never|no\snew|too\sslow|hangs?|hung|killed|unhealthy|resets?|deadline|dropped|old\srevision|
    restarts|restarted\s(?:again|\w+\stimes)|rolled\sback|slow|seconds\sto|takes|waits?|outstanding|incomplete|duplicate[sd]?|corrupt\w*|
    404|rises?|growing|grows|none|gone|vanish\w*|disappear\w*|delay\w*|late)\b|\bno\s\w+\s(?:is|are|since|for)\b|FATAL|exit\scode\s[1-9]""",
    re.X | re.I,
)  # fmt: skip

_FINE = r"(?:idle|free|normal|fine|ok|low|quiet|healthy|unused|(?:[0-9]|[1-5][0-9])\s?%)"
_RESOURCES = {
    r"disks?|storage|file\s?systems?|volume": ("disk-full", "storage-io-error"),
    r"heap|memory|ram": ("heap-out-of-memory", "oom-killed", "gc-pause", "cache-memory-full"),
    r"cpu|load|processors?": ("cpu-saturation", "gc-pause"),
    r"database|db|queries": ("slow-query", "lock-contention"),
    r"network|links?": ("network-failure",),
}
_CLEARED = [
    (re.compile(rf"\b(?:{words})\b[^,;.]{{0,40}}\b{_FINE}(?!\w)", re.I), modes)
    for words, modes in _RESOURCES.items()
]


def names_harm(message: str) -> bool:
    """Return whether the alert says that something does not work, rather than that something was seen."""
    return bool(_HARM.search(message))


def cleared_modes(message: str) -> frozenset[str]:
    """Return the failure modes whose resource the alert itself declares to be fine ("disk usage is 3 %")."""
    return frozenset(mode for pattern, modes in _CLEARED if pattern.search(message) for mode in modes)
