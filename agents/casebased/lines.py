"""What a single line says about the state of things: trouble, recovery, routine, a change."""

import re
from ipaddress import IPv4Address, IPv4Network

from ...tools.digest.models import EvidenceLine
from ...tools.metric_reading import is_metric
from .fields import counts_nothing

_TROUBLE = re.compile(
    r"""\b(?:errors?|exceptions?|fail(?:s|ed|ure|ing)?|fatal|panic(?:ked)?|abort(?:ed|ing)?|denied|refused|rejected|unable|
    cannot|can't|could\snot|couldn't|unavailable|unreachable|invalid|corrupt\w*|exceeded|exhausted|timed?[\s-]?out|killed|
    crash(?:ed)?|segfault|deadlock|lost|expired|full|missing|no\sspace|too\s(?:many|large|big|long))\b
    |\s[-=]>\s5\d\d\b|"\s5\d\d\s|\bHTTP[/ ]?[\d.]*\s5\d\d\b|\b(?:status|code)[=: ]+5\d\d\b""",
    re.X | re.I,
)  # fmt: skip

# What scanners, browsers and strangers ask for in vain; no fault of the service.
_CLIENT_NOISE = re.compile(
    r"""(?:No\ssuch\sfile\sor\sdirectory|File\sdoes\snot\sexist|is\snot\sfound|not\sfound)\b.*(?:request:|\bclient\b|"(?:GET|HEAD|POST)\s)
    |\bclient\b.*(?:File\sdoes\snot\sexist|not\sfound)
    |"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PROPFIND)\s[^"]*"\s(?:401|403|404|405|410|499)\s
    |\b(?:[Ii]nvalid|[Ii]llegal)\suser\s\S+\s(?:from\s)?\d|\b(?:Recipient\saddress|Sender\saddress|Client\shost|Helo\scommand)\srejected:
    |\bIP\saddress\s'[^']+'\scould\snot\sbe\sresolved|\bgetnameinfo\b|\b(?:no|missing)\sreverse\s(?:DNS|mapping)|\breverse\slookup\b
    |\bRelay(?:ing)?\s(?:access\s)?denied\b|\bblocked\susing\b|\bUser\sunknown\b|\bkex_exchange_identification:|\bbanner\sexchange:
    |\bConnection\s(?:closed|reset)\sby\s(?:invalid|authenticating)\suser\b|\(no\sauth\sattempts\b|\bfor\sinvalid\suser\s\S+\sfrom\s""",
    re.X,
)  # fmt: skip

# What another server answered to this one, which is its client here.
_TOLD = re.compile(r"\bsaid: [45]\d\d\b")
# An IPv4 address; of the private, local and special ranges none is a stranger's.
_ADDRESS = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.-]|\.\d)")

_OWN_NETWORKS = [
    IPv4Network(network)
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
    )
]

_RECOVERY = re.compile(
    r"""\b(?:recover(?:ed|y\s(?:complete|finished|done))|re-?connected|re-?established|established|back\sto\snormal|restored|resumed|
    resuming\snormal|became\s(?:active|leader|healthy|available)|elected\sleader|is\s(?:UP|up|healthy|online|back)|now\shealthy|
    healthy\sagain|passing|caught\sup|in\ssync|resynced|cleared|resolved|is\sready|ready\sto|
    no\slonger|election\swon|elected|successfully|succeeded|re-?joined|joined\sgroup|closed\sthe\scircuit|circuit\s\S*\s?closed|
    selected\ssource|synchroni[sz]ed)\b""",
    re.X | re.I,
)  # fmt: skip

_ROUTINE = re.compile(
    r"""\b(?:graceful(?:ly)?|reconfigur(?:ed|ing)|reload(?:ed|ing)?|rolling|planned|scheduled|maintenance|rotat(?:ed|ing|ion)|
    shut(?:ting)?\s?down\s(?:gracefully|complete)|exited\swith\scode\s0|exit(?:ed)?\s(?:status|code)\s0|drain(?:ed|ing)?|
    leadership\stransfer|transferr?(?:ed|ing)\sleadership|MsgTimeoutNow|SIGHUP|SIGUSR[12]|SIGTERM|backup|compaction|checkpoint|
    exit(?:ing|ed)\snormally|user\srequest|deploy(?:ed|ment)?|renew(?:al|ed)|vacuum|failover\scomplete|administrator\scommand|standby)\b""",
    re.X | re.I,
)  # fmt: skip


# How something is set, not that it went wrong: `throttling is disabled`, `Max threads: 2`, `using default value 0`.
_SETTING = re.compile(
    r"""\b(?:is|are)\s(?:disabled|enabled|off|not\s(?:set|configured|enabled|used))\b|\b(?:using|use[sd]?)\s(?:the\s)?default\b
    |\bdefault(?:s|ing)?\sto\b|(?:^|\s)(?:max|min)\w*\s[\w\s-]{0,30}[:=]\s?\d+\w*\s*$|\[not\sset\]""",
    re.X | re.I,
)  # fmt: skip
_ANSWERED = re.compile(r'"(?:GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS)\s[^"]*"\s[123]\d\d\b')
_SUCCESS = re.compile(
    r"""\s2\d\d\s|\b(?:status|code)[=: ]+2\d\d\b|\b2\d\d\sOK\b|\bstatus=sent\b|\bsuccess(?:ful(?:ly)?)?\b|\bsucceeded\b|
    \bAccepted\s(?:publickey|password)\b|\b(?:finished|completed|processed|served|handled)\b""",
    re.X | re.I,
)
# The program says itself that it goes on, `..., ignoring`, `falling back to`, or it could not have a limit raised.
_GOES_ON = re.compile(
    r"""\b(?:ignor(?:ing|ed)|skipp(?:ing|ed)|continuing|fall(?:ing|s)?\sback|non-?fatal|not\scritical|harmless)\b
    |\bcould\snot\s(?:increase|raise|set)\s(?:the\s)?(?:number|RLIMIT|limit|max|priority|scheduling)|\bRLIMIT_\w+,\snot\b|\bmlockall\b""",
    re.X | re.I,
)
_FRAME = re.compile(
    r'\s*(?:File "[^"]+", line \d+|at [\w.$<>/]+\(|at (?:async )?\S+ \(\S+:\d+|from /\S+:\d+:in )'
)
# It names no cause but points to other lines: `see warnings above`, `one or more errors`.
_REFERS = re.compile(
    r"""\bsee\s(?:the\s)?(?:\w+\s){0,3}(?:above|below|log|logs|output|details|earlier)\b|\bone\sor\smore\s(?:errors|problems|failures)\b
    |\b(?:errors?|problems?|failures?)\s(?:occurred|encountered|were\sfound|above)\b|\b(?:previous|following|above)\serrors?\b""",
    re.X | re.I,
)  # fmt: skip


def is_client_noise(text: str) -> bool:
    """Return whether a line only records what a client asked for in vain (404 and the like)."""
    return bool(_CLIENT_NOISE.search(text)) and not _TOLD.search(text)


def is_frame(text: str) -> bool:
    """Return whether a line is a frame of a stack trace: it holds names of packages, not complaints."""
    return bool(_FRAME.match(text))


def goes_on(text: str) -> bool:
    """Return whether the program says on this line that it goes on without what it complains about."""
    return bool(_GOES_ON.search(text))


def refers(text: str) -> bool:
    """Return whether a line names no cause but points to the lines that do."""
    return bool(_REFERS.search(text))


def is_setting(text: str) -> bool:
    """Return whether a line only tells how something is set."""
    return bool(_SETTING.search(text))


def is_trouble(line: EvidenceLine) -> bool:
    """Return whether the program complains on this line about more than a client's request."""
    if is_metric(line):
        return False  # it is a name and numbers, whatever words the name holds
    if is_client_noise(line.text) or _ANSWERED.search(line.text):
        return False
    if line.level in ("fatal", "error"):
        return True
    return any(not counts_nothing(line.text, *match.span()) for match in _TROUBLE.finditer(line.text))


def is_stranger(text: str) -> bool:
    """Return whether all addresses on a line, of which it has some, are somebody's on the internet."""
    found = [match.group() for match in _ADDRESS.finditer(text)]
    return bool(found) and not any(map(_is_own, found))


def _is_own(text: str) -> bool:
    """Return whether an address is of a private, loopback or link-local range, or no address at all."""
    try:
        address = IPv4Address(text)
    except ValueError:
        return True
    return any(address in network for network in _OWN_NETWORKS) or address.is_unspecified


def is_recovery(text: str) -> bool:
    """Return whether a line says that something works again."""
    return bool(_RECOVERY.search(text))


def is_routine(text: str) -> bool:
    """Return whether a line tells of an operation that was meant to happen."""
    return bool(_ROUTINE.search(text))


def is_success(text: str) -> bool:
    """Return whether a line shows work that was done: an answer 2xx, a job that finished."""
    return bool(_SUCCESS.search(text))
