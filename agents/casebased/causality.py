"""What can follow from what: which failure modes a failure mode shows itself as.

This is knowledge about how programs depend on one another and on their resources, not about single
products. An edge means that the first, when present, is a sufficient explanation of the second.
"""

from collections.abc import Mapping

_SURFACE = "dependency-unreachable upstream-timeout health-probe-failure"
# What breaks a process or its host breaks whatever the process takes part in.
_DOWN = (
    f"{_SURFACE} network-failure broker-unavailable quorum-loss queue-backlog db-connection-pool-exhausted"
)
# What stops a program from starting or from reaching its peer looks, further out, like these.
_START = f"{_DOWN} replication-failure application-bug configuration-error"

_EFFECTS: Mapping[str, str] = {
    "db-connection-pool-exhausted": "upstream-timeout health-probe-failure thread-exhaustion queue-backlog",
    "too-many-connections": f"{_DOWN} application-bug authentication-failure",
    "slow-query": f"{_SURFACE} db-connection-pool-exhausted thread-exhaustion queue-backlog too-many-connections "
    "cpu-saturation",
    "lock-contention": f"{_SURFACE} db-connection-pool-exhausted slow-query thread-exhaustion queue-backlog "
    "too-many-connections",
    "replication-failure": f"{_SURFACE} queue-backlog",
    "schema-mismatch": f"{_SURFACE} replication-failure application-bug queue-backlog serialization-error",
    "data-corruption": f"{_START} storage-io-error serialization-error native-crash missing-dependency",
    "heap-out-of-memory": f"{_DOWN} thread-exhaustion gc-pause native-crash cpu-saturation application-bug",
    "oom-killed": f"{_DOWN} native-crash replication-failure data-corruption heap-out-of-memory",
    "gc-pause": f"{_DOWN} cpu-saturation clock-skew",
    "thread-exhaustion": f"{_DOWN} heap-out-of-memory application-bug",
    "cpu-saturation": f"{_DOWN} slow-query clock-skew gc-pause",
    "disk-full": f"{_START} data-corruption storage-io-error native-crash filesystem-permission-denied "
    "cache-memory-full slow-query",
    "file-descriptor-exhaustion": f"{_START} disk-full too-many-connections missing-dependency dns-failure "
    "storage-io-error filesystem-permission-denied",
    "storage-io-error": f"{_START} data-corruption native-crash cpu-saturation slow-query "
    "filesystem-permission-denied",
    "volume-mount-failure": f"{_START} missing-dependency filesystem-permission-denied data-corruption "
    "storage-io-error",
    "filesystem-permission-denied": f"{_START} missing-dependency port-in-use tls-handshake-failure "
    "authentication-failure data-corruption dns-failure",
    "port-in-use": f"{_START} native-crash",
    "dependency-unreachable": "replication-failure missing-dependency upstream-timeout health-probe-failure "
    "db-connection-pool-exhausted queue-backlog application-bug authentication-failure",
    "upstream-timeout": "missing-dependency health-probe-failure db-connection-pool-exhausted queue-backlog "
    "thread-exhaustion authentication-failure",
    "network-failure": f"{_DOWN} replication-failure storage-io-error tls-handshake-failure",
    "dns-failure": f"{_START} missing-dependency authentication-failure image-pull-failure tls-handshake-failure",
    "tls-certificate-expired": f"{_START} tls-handshake-failure authentication-failure image-pull-failure",
    "tls-handshake-failure": f"{_START} authentication-failure image-pull-failure",
    "authentication-failure": f"{_START} authorization-denied image-pull-failure rate-limited",
    "authorization-denied": f"{_START} dns-failure image-pull-failure authentication-failure",
    "rate-limited": f"{_SURFACE} queue-backlog image-pull-failure application-bug",
    "quota-exceeded": f"{_SURFACE} queue-backlog unschedulable rate-limited application-bug broker-unavailable",
    "payload-too-large": f"{_SURFACE} network-failure serialization-error replication-failure application-bug "
    "queue-backlog",
    "serialization-error": f"{_SURFACE} application-bug queue-backlog replication-failure",
    "configuration-error": f"{_DOWN} dns-failure replication-failure application-bug serialization-error "
    "missing-dependency native-crash",
    "missing-dependency": f"{_START} schema-mismatch serialization-error authentication-failure authorization-denied",
    "incompatible-version": f"{_START} missing-dependency serialization-error native-crash schema-mismatch "
    "authentication-failure data-corruption",
    "application-bug": f"{_SURFACE} queue-backlog",
    "native-crash": f"{_DOWN} data-corruption replication-failure application-bug",
    "queue-backlog": "upstream-timeout health-probe-failure",
    "broker-unavailable": f"{_SURFACE} queue-backlog application-bug",
    "quorum-loss": f"{_SURFACE} broker-unavailable replication-failure queue-backlog",
    "cache-memory-full": f"{_SURFACE} heap-out-of-memory application-bug slow-query",
    "clock-skew": f"{_SURFACE} authentication-failure tls-certificate-expired tls-handshake-failure quorum-loss "
    "replication-failure authorization-denied",
    "image-pull-failure": f"{_SURFACE} unschedulable",
    "health-probe-failure": "dependency-unreachable upstream-timeout",
    "unschedulable": f"{_SURFACE} queue-backlog",
    "hardware-fault": f"{_DOWN} native-crash data-corruption storage-io-error cpu-saturation replication-failure",
}

EFFECTS: Mapping[str, frozenset[str]] = {
    mode: frozenset(text.split()) - {mode} for mode, text in _EFFECTS.items()
}

# What callers see of nearly any failure behind them.
SURFACE = frozenset(_SURFACE.split())
# What is written down when it is over, after its callers have complained: a slow statement, a pause, a wait.
LOGGED_AFTERWARDS = frozenset(("slow-query", "lock-contention", "gc-pause", "cpu-saturation"))
# Of two that could follow from one another, what the caller is told and what the refusing side knows.
SEEN_FROM_OUTSIDE = frozenset([("authentication-failure", "authorization-denied")])

# States that come and go by themselves; other faults stay true although the program goes on.
PASSING_STATES = frozenset(
    (
        "quorum-loss",
        "broker-unavailable",
        "replication-failure",
        "network-failure",
        "dependency-unreachable",
        "health-probe-failure",
        "clock-skew",
        "upstream-timeout",
    )
)


def explains(cause: str, effect: str) -> bool:
    """Return whether `cause`, when present, is enough to explain signs of `effect`."""
    return effect in EFFECTS.get(cause, ())
