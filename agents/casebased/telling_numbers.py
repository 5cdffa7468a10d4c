"""What a number says by itself: a statement that takes seconds, a clock that is off, a counter that must not rise."""

import re
from datetime import datetime

from .quantities import climbing, harmful
from .readings import COUNTER, Reading

_STATE = 0.7
_LONG = 0.45
_RISEN = 3  # times its lowest value
_ENOUGH, _ENOUGH_SECONDS = 10, 1  # a value below is no backlog
_STILL = 0.5  # of its peak, that is left at the end
_SKEWED = 1.0  # seconds

# Gauges that are 0 when something stands still.
_STOPPED = [
    (re.compile(r"\bhas leader\b"), "quorum-loss"),
    (
        re.compile(r"\b(?:slave|replica) (?:io|sql)\w* running\b|\bwal receiver (?:up|status)\b"),
        "replication-failure",
    ),
]
_OFFSET = re.compile(
    r"\b(?:timex|clock|ntp|chrony|time)\b.*\b(?:offset|skew|drift)\b|\b(?:clock|ntp)\b.*\b(?:slow|fast|off|ahead|behind)\b"
    r"|\bdiffers from (?:local|server) time\b"
)
_OF_CLOCK = frozenset(
    ("offset", "skew", "drift", "clock", "ahead", "differs", "ntp")
)  # in the number's own name
# Durations that somebody set, not measured.
_PLANNED = re.compile(
    r"\b(?:time ?outs?|timed out|deadline|retry\w*|retries|interval|back ?off|ttl|keep ?alive)\b"
)
_LOST = re.compile(r"\bloss\b|\bretrans\w*")
_LOSS = 10.0  # percent
_EXPIRY = re.compile(r"\b(?:cert\w*|ssl|tls)\b.*\b(?:expir\w+|not after)\b")
# What took long, by the words of the line, from how many seconds on, and for which mode that speaks.
_LONG_TIMES = [
    (re.compile(words), seconds, mode)
    for words, seconds, mode in (
        (r"\b(?:event )?loop (?:lag|delay|blocked)\b", 0.5, "cpu-saturation"),
        (
            r"\b(?:gc|garbage)\b.*\b(?:pause\w*|stopped)\b|\bpause\b.*\bgc\b|\bapplication threads were stopped\b",
            1.0,
            "gc-pause",
        ),
        (r"\b(?:row |share)?lock\b.*\b(?:wait\w*|held)\b|\bwait\w*\b.*\block\b", 1.0, "lock-contention"),
        (
            r"\bselect\b.+\bfrom\b|\binsert into\b|\bupdate \w+ set\b|\bdelete from\b"
            r"|\bdocs examined\b|\bfull scan\b|\bno index\b",
            1.0,
            "slow-query",
        ),
        (
            r"\b(?:replica|standby|slave|secondary|replication)\b.*\b(?:lag|behind|delay)\b"
            r"|\bbehind (?:the |its )?(?:primary|provider|master|leader)\b",
            10.0,
            "replication-failure",
        ),
        (
            r"\boldest\b|\bbehind (?:real ?time|schedule)\b|\b(?:queue|backlog)\b.*\b(?:latency|age)\b",
            60.0,
            "queue-backlog",
        ),
    )
]
_OF_DATABASE = frozenset(("db", "sql", "query", "statement", "database"))


def told_by_metric(reading: Reading) -> tuple[str, float] | None:
    """Return the mode that a metric speaks for by its own course, and how strongly."""
    if _OFFSET.search(reading.name) and (reading.seconds or 0.0) >= _SKEWED:
        return "clock-skew", _STATE
    if _EXPIRY.search(reading.name) and _is_past(reading):
        return "tls-certificate-expired", _STATE
    if reading.last == 0:
        return next(((mode, _STATE) for pattern, mode in _STOPPED if pattern.search(reading.name)), None)
    if reading.steady or not (_rises(reading) or reading.has(COUNTER)):
        return None
    told = harmful(reading.name)
    return told if told is not None or reading.has(COUNTER) else climbing(reading.name)


def told_by_line(reading: Reading) -> tuple[str, float] | None:
    """Return the mode that a duration, an offset or a loss on a log line speaks for, and how strongly."""
    if reading.share and _LOST.search(reading.name) and reading.last >= _LOSS:
        return "network-failure", _LONG
    if reading.seconds is None or _PLANNED.search(reading.about):
        return None
    words = f"{reading.name} {reading.about}"
    if reading.has(_OF_CLOCK) and _OFFSET.search(reading.about) and reading.seconds >= _SKEWED:
        return "clock-skew", _LONG
    if reading.has(_OF_DATABASE) and reading.seconds >= 1.0:
        return "slow-query", _LONG
    return next(
        (
            (mode, _LONG)
            for pattern, least, mode in _LONG_TIMES
            if reading.seconds >= least and pattern.search(words)
        ),
        None,
    )


def _rises(reading: Reading) -> bool:
    """Whether it is still high at the end, after it was low."""
    enough = _ENOUGH_SECONDS if "seconds" in reading.words else _ENOUGH
    high = reading.maximum >= max(enough, _RISEN * reading.minimum)
    return high and reading.last >= _STILL * reading.maximum and reading.last > reading.first


def _is_past(reading: Reading) -> bool:
    """Return whether a certificate's end, as a time or as what is left, is over."""
    if reading.last < 1e9 or reading.line.time is None:
        return reading.last <= 0
    return reading.last <= datetime.fromisoformat(reading.line.time).timestamp()
