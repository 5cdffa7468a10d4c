"""Stack traces of Java, Python, Node, .NET, Go, Ruby, PHP and Rust, folded by exception and frames."""

import re
from dataclasses import dataclass, field

from .models import StackTrace

MAX_FRAMES = 60
_FRAME = re.compile(
    r"""\s+at\s\S|\s+\.\.\.\s\d+\s(?:more|common|lines)|\s+File\s".*",\sline\s\d+|\s+[\^~]{2,}[\s\^~]*$|\s+from\s\S+:\d+:in\s"""
    r"""|\t/\S+\.(?:go|s):\d+|\s+\d+:\s+(?:0x[0-9a-f]+\s-\s)?\S+|\#\d+\s+(?:0x|/|\{main)|goroutine\s\d+\s\[|created\sby\s\S+"""
    r"""|\s+---\sEnd\sof\s|---\sEnd\sof\s|\s+Suppressed:\s""",
    re.X,
)
_TRACEBACK = re.compile(r"\s*(?:\||\+)?\s*Traceback \(most recent call last\)")
_PYTHON_FRAME = re.compile(r'\s+File "')
_CAUSE = re.compile(r"\s*(?:Caused by:\s|--->\s|\[cause\]:\s)(.*)")
EXCEPTION = re.compile(
    r"(?:^|[\s:\"(\[])((?:[A-Za-z_$][\w$]*[.:]{1,2})*[A-Z][\w$]*(?:Error|Exception|Throwable|Fault|Failure|Interrupt|Exit|Panic|Timeout))\b(?::\s*(.*))?"
)
_PANIC = re.compile(r"(panic|fatal error): (.*)")
_LIBRARY = re.compile(
    r"""site-packages|dist-packages|/usr/lib|/lib/python|<frozen|<sqlalchemy|node_modules|node:|\(internal/|at\s(?:java|javax|jdk|sun|com\.sun|kotlin|scala|
    org\.apache|org\.springframework|org\.hibernate|com\.zaxxer|io\.netty|org\.eclipse|org\.jboss|org\.postgresql|com\.mysql|reactor|
    com\.fasterxml|okhttp\d|System|Microsoft)[./]|java\.base|java\.net\.http|/usr/local/go/|/go/pkg/mod|runtime/|\.cargo/|/rustc/|/gems/|vendor/""",
    re.X,
)


def is_frame(line: str) -> bool:
    """Return whether a line is a stack frame or filler between frames (not an exception's own line)."""
    return bool(_FRAME.match(line))


def opens_trace(line: str) -> bool:
    """Return whether a line announces a Python traceback."""
    return bool(_TRACEBACK.match(line))


def cause_of(line: str) -> str | None:
    """Return `Class: message` of a `Caused by:` line, None for others."""
    match = _CAUSE.match(line)
    return match.group(1).strip() if match else None


def split_exception(text: str) -> tuple[str, str] | None:
    """Return (class, message) of the exception a text names, None if it names none."""
    match = EXCEPTION.search(text) or _PANIC.search(text)
    return (match.group(1), (match.group(2) or "").strip()) if match else None


def record_start(lines: list[bytes]) -> int:
    """Return where a cut before the end parts no trace: at a line that is not indented, two lines or more from the end.

    Two, because an exception's own line and the record's line stand before the indented ones."""
    place = max(len(lines) - 2, 0)
    while place > 0 and len(lines) - place < 300:
        if any(line[:1] in (b" ", b"\t", b"C", b"") for line in lines[place : place + 3]):
            place -= 1
        else:
            break
    return place


@dataclass
class OpenTrace:
    """A trace being read: its causes from outermost to innermost, and all its frames."""

    head: str = ""
    evidence: str = ""
    python: bool = False
    causes: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    inner: int = 0  # where the frames of the innermost cause begin

    def add_frame(self, line: str) -> None:
        """Add one frame line; beyond the bound only counted out."""
        if len(self.frames) < MAX_FRAMES:
            self.frames.append(line.strip()[:200])

    def add_cause(self, text: str) -> None:
        """Add an inner cause: frames that follow belong to it."""
        self.causes.append(text[:300])
        self.inner = len(self.frames)

    def finish(self) -> StackTrace | None:
        """Return the trace folded into the digest's form, None if it holds no frames."""
        if not self.frames:
            return None
        causes = ([self.head[:300]] if self.head else []) + self.causes
        named = next((found for text in reversed(causes) if (found := split_exception(text))), None)
        exception, message = named or ((causes[-1] if causes else "unknown").split(":")[0][:120], "")
        own = [line for line in self.frames[self.inner :] if _is_own(line)] or [
            line for line in self.frames if _is_own(line)
        ]
        deepest = (own[-1] if self.python else own[0]) if own else None
        return StackTrace(
            exception=exception, message=message[:300], count=1, deepest_own_frame=deepest,
            frames=_selection(self.frames, self.python), causes=causes[:6],
            evidence=[self.evidence] if self.evidence else [],
        )  # fmt: skip


def _is_own(line: str) -> bool:
    return line.startswith(("at ", "File ", "from ", "/", "#")) and not _LIBRARY.search(line)


def _selection(frames: list[str], python: bool) -> list[str]:
    """Keep the ends and the own frames: library frames in between say little."""
    real = [
        line for line in frames if line.startswith(("at ", "File ", "from ", "/", "#")) or line[:1].isdigit()
    ]
    if len(real) <= 12:
        return real
    keep = set(range(4)) | set(range(len(real) - 4, len(real)))
    own = [number for number, line in enumerate(real) if _is_own(line)]
    keep |= set(own[-4:] if python else own[:4])
    return [real[number] for number in sorted(keep)]


class TraceReader:
    """Feeds on a source's lines in order and yields folded traces; `traces` maps a fold key to its trace."""

    def __init__(self, limit: int = 200) -> None:
        self.traces: dict[tuple[str, tuple[str, ...]], StackTrace] = {}
        self.overflow = 0
        self._limit = limit
        self._open: OpenTrace | None = None
        self._previous = ("", "")

    def feed(self, line: str, evidence: str) -> bool:
        """Take the next line; return whether it is part of a trace's frames (and so no event of its own)."""
        if opens_trace(line):
            self.close()
            self._open = OpenTrace(evidence=evidence, python=True)
            self._previous = (line, evidence)
            return False
        if is_frame(line):
            if self._open is None:
                head, where = self._previous
                self._open = OpenTrace(head=head.strip(), evidence=where or evidence)
            self._open.add_frame(line)
            return True
        return self._feed_other(line, evidence)

    def _feed_other(self, line: str, evidence: str) -> bool:
        trace = self._open
        if trace is not None:
            if trace.python and line[:2] == "  " and not split_exception(line):
                return True  # the source text under a frame
            cause = cause_of(line)
            if cause is not None:
                trace.add_cause(cause)
                return False
            if trace.python:
                trace.causes.append(line.strip()[:300])
            self.close()
        self._previous = (line, evidence)
        return False

    def close(self) -> None:
        """End the open trace, if any, and fold it."""
        trace = self._open
        self._open = None
        folded = trace.finish() if trace else None
        if folded is not None:
            self.add(folded)

    def add(self, trace: StackTrace) -> None:
        """Fold a trace into those seen."""
        key = (trace.exception, tuple(trace.frames))
        known = self.traces.get(key)
        if known is not None:
            known.count += trace.count
            if len(known.evidence) < 3:
                known.evidence.extend(trace.evidence)
        elif len(self.traces) < self._limit:
            self.traces[key] = trace
        else:
            self.overflow += trace.count


def fold_text(text: str, evidence: str) -> StackTrace | None:
    """Return the trace inside a JSON value, e.g. the `stack` of a Node error."""
    reader = TraceReader()
    for line in text.split("\n"):
        reader.feed(line, evidence)
    reader.close()
    return next(iter(reader.traces.values()), None)
