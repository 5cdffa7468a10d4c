"""What the alert's sentence itself says: whether users are harmed, and what it declares to be fine."""

import re

# Somebody cannot do what the service is there for.
_HARM = re.compile(
    r"""\b(?:fail(?:s|ed|ing)?|down|5\d\ds?|5xx|4[0-2]\ds?|cannot|can't|couldn't|unable|refus\w+|reject\w*|den(?:y|ied|ies)|
    crash\w*|loses?|stopp?(?:s|ed)|unavailable|unreachable|abort\w*|(?:does|do|did|is|are|was|were|has|have|will)\snot|
    doesn't|isn't|aren't|(?:gets?|got|ha[sv]e?|receives?)\sno|no\slonger|never|nothing|not\s\w+(?:ed|ing)|stuck|behind|missing|missed|misses|gaps?|empty|wrong|stale|blank|
    broken|gives?\sup|loop|hangs?|hung|killed|dies|died|unhealthy|resets|deadline|dropped|rolled\sback|seconds\sto|outstanding|
    later\sand\slater|only\safter|delayed|(?<!were\s)(?<!was\s)slow(?:er|ly)?|latency|p9[059]|after\s(?:several|many)|takes?\s(?:more|longer|up\sto|over|minutes|seconds)|the\sold|
    incomplete|deferred|bounced?|on\shold|stalled|are\sred|is\sred|out\sof\srotation|overdue|duplicat\w+|twice|corrupt\w*|damaged|garbled|unreadable|vanish\w*|disappear\w*|restarts|again\sand\sagain|
    every\s(?:request|call|page|write|read|job|batch)|customers?|users?\s(?:see|get|report|cannot))\b|FATAL|exit\scode\s[1-9]
    |\b(?:no|nobody|no\sone|none)\s(?!(?:fault|errors?|harm|impact|users?|customers?|effect)\b)\w+|\b(?:stays?|remains?)\s(?:in|un|at)|\bflaps?\b""",
    re.X | re.I,
)  # fmt: skip

# Words for something that passed, that was meant to happen, or that somebody only saw in a log.
_PASSING = re.compile(
    r"""\b(?:moment(?:ary|arily)?|brief(?:ly)?|(?<!at\s)once|short(?:ly)?(?!\safter)|blip|spike|new\sentries|flapped|seen|warns\sof|and\sresolved
    |(?:was|were)\s(?:\w+\s)?(?:logged|noticed|reported|counted|measured|observed|away|not\sreachable|restarted)
    |(?:errors?|failures?|messages?|logins?|attempts?|warnings?|waits|refused|denials)\s(?:\w+\s)?(?:are\s)?(?:noticed|observed|logged|reported|counted)
    |logged\s["'\w]|reported\s(?!no\b)\w+|log\s(?:has|contains|mentions|shows)|took\s(?:\w+\s){0,3}(?:longer|times\sas\slong)
    |(?:has|have)\s(?:switched|changed)|at\sthe\stime\sof|for\s(?:a\sfew|some|half\sa|\w+)\s(?:seconds?|minutes?)|(?:last|this)\snight's
    |(?:during|in)\s(?:the\s|a\s)?(?:nightly|planned|scheduled|rolling|maintenance|backup|deploy\w*|upgrade|window|restart|month-end|package))\b""",
    re.X | re.I,
)  # fmt: skip

# Verbs that tell what happened, and those that tell what is.
_HAPPENED = re.compile(
    r"""\b(?:failed|refused|rejected|denied|restarted|died|crashed|lost|stopped|dropped|aborted|reported|logged|noticed|exited|killed|
    was|were|had|took|sent|deferred|bounced|declined|fired|happened|occurred|rebooted|disconnected|observed|counted|seen|missed|
    changed|moved|switched|rose|fell|doubled|left|went|became|flapped)\b""",
    re.X | re.I,
)  # fmt: skip
_HOLDS = re.compile(
    r"""\b(?:fails?|failing|cannot|can't|does|do|is|are|returns?|gets?|rises?|grows?|climbs|has|have|since|any\smore|no\slonger|still|
    every|all|no|nobody|hangs?|stuck|times\sout|refuses|rejects|answers?|sees?|takes|loses|drops|never|nothing|behind|not)\b""",
    re.X | re.I,
)  # fmt: skip

# Words for a state that lasts, or that people are hurt.
_LASTING = re.compile(
    r"\b(?:since|no\s(?:\w+\s){1,3}(?:from|for|in|any)|any\smore|no\slonger|still|cannot|can't|every\s(?:request|call|job|page)|all\s(?:requests|calls)|customers?|users?)\b",
    re.I,
)

_FINE = r"(?:idle|free|normal|fine|ok|low|quiet|healthy|unused|(?:[0-9]|[1-5][0-9])\s?%)"
# `CPU of the database is low` says nothing about the service's own.
_NOT_ANOTHERS = r"(?!\s(?:\w+\s)?of\s(?:the\s)?+(?!hosts?\b|servers?\b|nodes?\b|machines?\b|service\b)\w)"
_RESOURCES = {
    r"disks?|storage|file\s?systems?|volume": ("disk-full", "storage-io-error"),
    r"heap|memory|ram": ("heap-out-of-memory", "oom-killed", "gc-pause", "cache-memory-full"),
    r"cpu|load|processors?": ("cpu-saturation", "gc-pause"),
    r"queries": ("slow-query",),
    r"network|links?": ("network-failure",),
}
_CLEARED = [
    (re.compile(rf"\b(?:{words})\b{_NOT_ANOTHERS}[^,;.]{{0,40}}\b{_FINE}(?!\w)", re.I), modes)
    for words, modes in _RESOURCES.items()
]


def names_harm(message: str) -> bool:
    """Return whether the alert says that something does not work, rather than that something was seen."""
    return bool(_HARM.search(message))


def names_passing(message: str) -> bool:
    """Return whether the alert itself calls what it saw short, over or part of planned work."""
    return bool(_PASSING.search(message)) and not _LASTING.search(message)


def tells_the_past(message: str) -> bool:
    """Return whether the alert tells what happened and nothing of what is: "restarted", "was refused twice"."""
    return bool(_HAPPENED.search(message)) and not _HOLDS.search(message)


def tells_what_is(message: str) -> bool:
    """Return whether the alert tells of a state that holds: "requests fail", "is still behind"."""
    return bool(_HOLDS.search(message))


def cleared_modes(message: str) -> frozenset[str]:
    """Return the failure modes whose resource the alert itself declares to be fine ("disk usage is 3 %")."""
    return frozenset(mode for pattern, modes in _CLEARED if pattern.search(message) for mode in modes)
