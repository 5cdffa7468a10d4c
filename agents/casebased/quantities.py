"""What the name of a number says about the failure mode that it shows, as logs and exporters name it."""

import re

# Used up to its limit. The first resource that fits counts.
_USED_UP = [
    (re.compile(rf"\b(?:{words})", re.I), mode)
    for words, mode in (
        (
            r"inodes?\b|descriptors?\b|open.?files?\b|fds?\b|nofile\b|file.?handles?\b|sockets\b",
            "file-descriptor-exhaustion",
        ),
        (
            r"(?:connections?|conns?|db|database|sql|hikari\w*)\b.*\bpool\b|pool\b.*\b(?:connections?|conns?)\b"
            r"|checked[ -]?out\b|borrowed\b|waiting for a (?:free )?connection\b",
            "db-connection-pool-exhausted",
        ),
        (
            r"(?:threads?|workers?|executors?)\b.*\bpool\b|pool\b.*\b(?:threads?|workers?|executors?)\b",
            "thread-exhaustion",
        ),
        (r"pool\b|pooled\b", "db-connection-pool-exhausted"),
        (
            r"semaphore\b|threads?\b|workers?\b|children\b|executors?\b|processes\b|pids?\b|slots?\b",
            "thread-exhaustion",
        ),
        (r"connections?\b|conns?\b|clients?\b|sessions?\b|users\b|agents\b", "too-many-connections"),
        (r"quota\b|allowance\b|plan\b|monthly\b|this month\b|daily\b|credits?\b|billing\b", "quota-exceeded"),
        (r"queued?\b|backlog\b|buffer\b|mailbox\b", "queue-backlog"),
        (r"disk\b|df\b|file.?system\b|volume\b|partition\b|space\b|storage\b", "disk-full"),
        (r"heap\b|old gen\b", "heap-out-of-memory"),
        (r"maxmemory\b|cache\b", "cache-memory-full"),
        (r"cpu\b|processor\b", "cpu-saturation"),
        (r"memory\b|rss\b|mem\b", "oom-killed"),
    )
]

# Climbing steadily, and how strongly that speaks for the mode. The first that fits counts.
_CLIMBING = [
    (re.compile(rf"\b(?:{names})\b", re.I), mode, strength)
    for names, mode, strength in (
        (r"\w*oom_?\s?kills?", "oom-killed", 0.7),
        (r"(?:event )?loop lag|run[_ ]?queue|load(?:_?\s?average|[_ ]?1m?)?", "cpu-saturation", 0.4),
        (r"\w*(?:replication_?\s?lag|seconds_behind\w*|replica_lag\w*)", "replication-failure", 0.7),
        (
            r"\w*(?:lag|backlog|queue|queued|pending|unacked|behind|depth|outstanding|in_?flight|ready|waiting|unprocessed|unfinished|delays?)",
            "queue-backlog",
            0.55,
        ),
        (
            r"\w*(?:heap|rss|used_memory|memory_used|memory|mem|alloc|cached|live objects)",
            "heap-out-of-memory",
            0.3,
        ),
        (r"open_?\s?(?:files|fds|handles)|fds?|file descriptors", "file-descriptor-exhaustion", 0.5),
        (r"(?:live\s)?(?:threads|goroutines?|thread_count)", "thread-exhaustion", 0.5),
        (r"disk|disk_used|usage", "disk-full", 0.3),
        (r"clock_?\s?offset|drift|skew|offset_?\s?(?:ms|s|seconds)", "clock-skew", 0.4),
        (r"evicted|evictions|evicted_keys", "cache-memory-full", 0.55),
        (r"gc_?\s?(?:time|pause)\w*", "gc-pause", 0.5),
    )
]

# Counters and gauges that no healthy system raises, by their words.
_HARMFUL = [
    (re.compile(rf"\b(?:{names})\b", re.I), mode, strength)
    for names, mode, strength in (
        (r"evict(?:ed|ions?)", "cache-memory-full", 0.55),
        (r"oom (?:kills?|events)", "oom-killed", 0.7),
        (r"cfs throttled|cpu throttl\w+", "cpu-saturation", 0.6),
        (r"deadlocks?", "lock-contention", 0.55),
        (r"(?:connections?|pool|hikari\w*) pending|pool wait\w*", "db-connection-pool-exhausted", 0.6),
        (
            r"retrans\w*|(?:receive|transmit|rx|tx) (?:crc )?(?:err\w*|drop\w*)|packet loss|carrier changes",
            "network-failure",
            0.45,
        ),
        (r"edac|uncorrect\w+|reallocated|pending sector|media errors|[cu]e count", "hardware-fault", 0.6),
        (r"gc (?:(?:pause|collection)\s?)?(?:seconds|time|duration)|gc pause", "gc-pause", 0.45),
    )
]


def used_up(words: str) -> str | None:
    """Return the mode of a resource that is used up, by the words around its numbers."""
    return next((mode for pattern, mode in _USED_UP if pattern.search(words)), None)


def climbing(name: str) -> tuple[str, float] | None:
    """Return the mode of a number of this name that climbs, and how strongly it says so."""
    return next(((mode, strength) for pattern, mode, strength in _CLIMBING if pattern.search(name)), None)


def harmful(name: str) -> tuple[str, float] | None:
    """Return the mode of a number of this name that rises although no healthy system's does, and how strongly."""
    return next(((mode, strength) for pattern, mode, strength in _HARMFUL if pattern.search(name)), None)
