"""A short telling name for an error: its class, its errno text, or the words that name what is wrong."""

import re

from ...tools.digest.models import StackTrace
from .text import message, shortened

_CLASS = re.compile(
    r"\b((?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Timeout|Failure|Fault)|"
    r"E(?:CONN|NO|ADDR|HOST|NET|TIMED|ACC|PERM|MFILE|NFILE|IO|ROFS|DQUOT|AGAIN|AI_)[A-Z_]*|panic)\b"
)
# What the C library says for an error number, the same in every program.
_ERRNO = re.compile(
    r"\b(No space left on device|Too many open files|Permission denied|Operation not permitted|Connection refused|"
    r"Connection reset by peer|Connection timed out|No route to host|Network is unreachable|Address already in use|"
    r"Cannot assign requested address|Input/output error|Read-only file system|Disk quota exceeded|Broken pipe|"
    r"Cannot allocate memory|Resource temporarily unavailable|No such file or directory|Stale file handle|"
    r"Name or service not known|Segmentation fault|Argument list too long|Text file busy)\b",
    re.I,
)
_SQLSTATE = re.compile(r"\bSQLSTATE[\s\[:=]{1,2}(\w{5})\b")
# Words that name what is wrong, and words that only say that something did not work.
_NAMING = re.compile(
    r"""\b(?:exhausted|no\sspace|out\sof\s\w+|too\s(?:many|large|big|long)|denied|expired|corrupt\w*|deadlock\w*|killed|full|exceed\w*|
    no\ssuch|missing|mismatch|invalid|unknown|already\sin\suse|checksum|read-only|I/O|locked|does\snot\sexist|not\sfound|
    reached|signal|segfault|unsupported|incompatible|malformed|panic|conflict|heap|quota|limit|not\sallowed|wrong)\b""",
    re.X | re.I,
)
_SURFACE = re.compile(
    r"""\b(?:time[d]?[\s-]?out|retry\w*|50[0-9]|unavailable|closed|reset|refused|aborted|broken\spipe)\b
    |\b(?:request|call|job|attempt)\b.{0,60}\bfailed\b""",
    re.X | re.I,
)
_CLAUSE = re.compile(r": |; | - | \(|, | while | during | at line | after \d")
_LOOSE_END = re.compile(r"(?:\s(?:to|for|of|in|on|by|at|with|from|due|the|a|an|and|or|is|was|as))+$", re.I)
_COUNTER = re.compile(r"^\w{1,12}\(\d+\)\s|^\d+\s")  # `GC(68) Pause Full`, a thread id
_MAX_NAME = 60
_SHORT = 40


def names_class(text: str) -> bool:
    """Return whether the line names an exception class or an error constant."""
    return bool(_CLASS.search(text))


def names_errno(text: str) -> bool:
    """Return whether the text holds what the C library says for an error number."""
    return bool(_ERRNO.search(text))


def tellingness(text: str) -> int:
    """Return 0 for a line that names what is wrong, 2 for one that only says that something failed, else 1."""
    return 0 if _NAMING.search(text) else 2 if _SURFACE.search(text) else 1


def error_name(text: str, stack: StackTrace | None) -> str:
    """Return the name of the error on this line; `stack` is the trace that belongs to it, if any."""
    words = message(text)
    match = _CLASS.search(words) or _CLASS.search(text)
    if match:
        return _with_message(
            match.group(1).rpartition(".")[2], words[match.end() :] if match.string is words else ""
        )
    if state := _SQLSTATE.search(words):
        return f"SQLSTATE {state.group(1)}"
    if errno := _ERRNO.search(words):
        return errno.group(1)
    if stack is not None and stack.exception:
        return _with_message(stack.exception.rpartition(".")[2], f": {stack.message}")
    return _clause(words) or "unnamed error"


def _with_message(name: str, rest: str) -> str:
    said = rest[2:].strip() if rest.startswith(": ") else ""
    return f"{name}: {said}" if said and len(said) <= _SHORT else name


def _clause(words: str) -> str:
    """Return the first part of the message that names what is wrong, else its first part of several words."""
    words = _COUNTER.sub("", words)
    parts = [part.strip(" \"'`[]().:") for part in _CLAUSE.split(words)]
    parts = [part for part in parts if len(part.split()) > 1] or [part for part in parts if part]
    best = next((part for part in parts if _NAMING.search(part)), parts[0] if parts else "")
    return shortened(_LOOSE_END.sub("", best), _MAX_NAME)
