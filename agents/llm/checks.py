"""What code checks in a model's words before anybody else sees them."""

import re
from collections.abc import Iterable, Mapping, Sequence

from ...tools.digest.models import Citation, LogDigest
from ...tools.markdown import visible
from ..proof import check_citations
from .wire import WireCitation, WireHypothesis

MAX_TEXT = 600  # characters of one sentence or step

_WORD = re.compile(r"[\w./:@%=-]+")
_ADDRESS = re.compile(r"[/@:.]")
_DOWNLOAD_RUN = re.compile(
    r"\b(?:curl|wget|iwr|irm|invoke-webrequest)\b.*(?:\||&&|;|\$\(|<\()\s*"
    r"(?:sudo\s+)?(?:\w*sh|python\d?|perl|ruby|node|iex|chmod)\b"
    r"|\b(?:\w*sh|python\d?|perl)\s+(?:-c\s+)?[\"']?(?:<\(|\$\()\s*(?:curl|wget)\b",
    re.IGNORECASE,
)
_RUN = 4  # words in a row that nobody writes twice by chance


def bounded(text: str, limit: int = MAX_TEXT) -> str:
    """Return `text` in one line without unseen characters, at most `limit` characters."""
    shown = " ".join(visible(text).split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


class Echo:
    """Recognises text that repeats what a hostile line says: its orders, its links, its commands.

    A model that was taken in by a line hands its words on to a person; those words stop here.
    """

    def __init__(self, digest: LogDigest, hostile: Mapping[str, str]) -> None:
        self._runs: set[tuple[str, ...]] = set()
        told: set[str] = set()
        honest: set[str] = set()
        for line in digest.evidence:
            words = _words(line.text)
            if line.id in hostile:
                self._runs.update(_runs(words))
                told.update(words)
            else:
                honest.update(words)
        self._own = {word for word in told - honest if _is_telling(word)}

    def heard_in(self, text: str) -> bool:
        """Whether `text` repeats four words in a row, or a telling word, of a hostile line."""
        words = _words(text)
        return not self._own.isdisjoint(words) or not self._runs.isdisjoint(_runs(words))

    def texts(self, items: Iterable[str], limit: int) -> list[str]:
        """Return up to `limit` items, bounded, without empty ones, echoes and downloads that are run."""
        shown = (bounded(item) for item in items)
        return [item for item in shown if item and not runs_download(item) and not self.heard_in(item)][
            :limit
        ]


def runs_download(text: str) -> bool:
    """Whether `text` feeds a download to an interpreter: never a remedy, and the classic order of an attacker."""
    return _DOWNLOAD_RUN.search(text) is not None


def sound_citations(
    wire: Sequence[WireCitation], digest: LogDigest, hostile: Mapping[str, str], limit: int = 5
) -> list[Citation]:
    """Return the citations whose line exists, carries the quoted words, and does not address a model."""
    valid, _ = check_citations((item for item in map(_citation, wire) if item.id not in hostile), digest)
    return valid[:limit]


def citation_problem(wire: Sequence[WireCitation], digest: LogDigest) -> str:
    """Return what to tell a model none of whose citations holds."""
    _, problems = check_citations(map(_citation, wire[:3]), digest)
    known = ", ".join(line.id for line in digest.evidence[:12])
    said = "; ".join(problems) or "no line is cited that proves anything"
    return f"no citation is valid ({said}); cite ids such as {known}, with words verbatim from the line"


def _citation(wire: WireCitation) -> Citation:
    return Citation(id=wire.id.strip("[] "), quote=wire.quote.strip())


def shared_confidence(hypotheses: Sequence[WireHypothesis]) -> list[int]:
    """Return the confidences, each 0 to 100, scaled down to 100 in sum."""
    clamped = [min(100, max(0, item.confidence)) for item in hypotheses]
    total = sum(clamped)
    return clamped if total <= 100 else [value * 100 // total for value in clamped]


def _is_telling(word: str) -> bool:
    """An address, a blob, or a run of a script that puts no blanks between words."""
    return len(word) >= 16 or (len(word) >= 6 and (not word.isascii() or _ADDRESS.search(word) is not None))


def _words(text: str) -> list[str]:
    return [word.strip(".:=").lower() for word in _WORD.findall(text)]


def _runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[index : index + _RUN]) for index in range(len(words) - _RUN + 1)}
