"""The knowledge base: one folder with the user's cases, the outcomes, and indexes that can be rebuilt."""

import logging
import threading
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..digest.models import LogDigest
from ..errors import InputError, KnowledgeBaseError
from .loading import check_modes
from .locks import locked
from .models import Case, CaseOutcome, Hit
from .outcomes import Attempt, OutcomeLog, combined
from .store import CaseFiles, to_yaml, write_atomically

if TYPE_CHECKING:  # these import Chroma's and numpy's weight
    from .embedding import Embedder
    from .retrieval import Retriever
    from .vectors import VectorIndex

logger = logging.getLogger(__name__)


class KnowledgeBase:
    """Cases under `data_dir`: the packaged seed (`seed=False`: without it) and the user's own.

    Nothing is opened or written before the first use. Objects, threads and processes may share a
    `data_dir`. `embedding` is `wordllama`, `openai:<model>`, `chroma-onnx` or an `Embedder`; `url` names a
    Chroma server that takes the place of the embedded store.

    Raises `InputError` for a bad case file (it names file, line and field), `KnowledgeBaseError` if the
    folder or the index cannot be used; its text says what to do.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        embedding: "str | Embedder" = "wordllama",
        url: str | None = None,
        seed: bool = True,
    ) -> None:
        self.data_dir = data_dir
        self._embedding, self._url, self._seed = embedding, url or None, seed
        self._files = CaseFiles(data_dir / "cases")
        self._outcomes = OutcomeLog(data_dir / "outcomes.jsonl")
        self._lock = data_dir / "lock"
        self._mutex = threading.RLock()
        self._seen: tuple[int, ...] = ()
        self._cases: dict[str, Case] = {}
        self._written_outcomes: dict[str, CaseOutcome] = {}
        self._fingerprint = ""
        self._retriever: Retriever | None = None
        self._vectors: VectorIndex | None = None
        self._embedder_made: Embedder | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the index; the object opens it again when it is used again."""
        with self._mutex:
            if self._vectors is not None:
                self._vectors.close()
            self._vectors = self._retriever = None
            self._seen = ()

    # -- reading ------------------------------------------------------------------------------------

    def cases(self) -> list[Case]:
        """Return all cases with their outcomes, seed cases first."""
        with self._mutex:
            self._refresh()
            return list(self._cases.values())

    def get(self, case_id: str) -> Case | None:
        """Return the case with this id, or None."""
        with self._mutex:
            self._refresh()
            return self._cases.get(case_id)

    def search(
        self,
        text: str,
        *,
        top_k: int = 3,
        systems: Iterable[str] | None = None,
        failure_mode: str | None = None,
        environment: str | None = None,
    ) -> list[Hit]:
        """Return up to `top_k` cases for a person's words or a log line, best first."""
        from .retrieval import Filter

        only = Filter(frozenset(name.lower() for name in systems or ()), failure_mode, environment)
        with self._mutex:
            retriever = self.retriever()
            with locked(self._lock, exclusive=False):
                return retriever.text(text, top_k=top_k, only=only) if text.strip() else []

    def search_digest(self, digest: LogDigest, *, alert_text: str = "", top_k: int = 10) -> list[Hit]:
        """Return up to `top_k` cases that the digest's lines speak for, best first."""
        with self._mutex:
            retriever = self.retriever()
            with locked(self._lock, exclusive=False):
                return retriever.digest(digest, alert_text=alert_text, top_k=top_k)

    def stats(self) -> dict[str, Any]:
        """Return counts of cases by source, failure mode and system, outcomes, and the index's state."""
        cases = self.cases()
        attempts = self._outcomes.attempts()
        return {
            "cases": len(cases),
            "by_source": _counts(case.source for case in cases),
            "by_failure_mode": _counts(case.failure_mode for case in cases),
            "by_system": _counts(system for case in cases for system in case.systems),
            "signatures": sum(len(case.signatures) for case in cases),
            "outcomes": {"tried": len(attempts), "worked": sum(attempt.worked for attempt in attempts)},
            "embedding": self._embedding if isinstance(self._embedding, str) else self._embedding.identity,
            "store": self._url or str(self.data_dir / "chroma"),
            "fingerprint": self._fingerprint,
        }

    def retriever(self) -> "Retriever":
        """Return the open retriever (for benchmarks and engines that need more than `search`)."""
        with self._mutex:
            self._refresh()
            if self._retriever is None:
                self._retriever = self._open()
            return self._retriever

    # -- writing ------------------------------------------------------------------------------------

    def add(self, case: Case) -> Case:
        """Store a new user case; returns it as stored. Raises `InputError` if the id is taken."""
        with self._mutex:
            if self.get(case.id) is not None:
                raise InputError(f"case `{case.id}` exists already; use another id, or update it")
            return self._store(case, case.outcome)

    def update(self, case: Case) -> Case:
        """Replace the case of the same id (raises `InputError` if unknown); a seed case is shadowed."""
        with self._mutex:
            if self.get(case.id) is None:
                raise InputError(f"no case `{case.id}`")
            return self._store(case, self._written_outcomes[case.id])

    def remove(self, case_id: str) -> None:
        """Delete a user case; raises `InputError` for an unknown id and for a seed case."""
        with self._mutex:
            case = self.get(case_id)
            if case is None:
                raise InputError(f"no case `{case_id}`")
            if case.source == "seed":
                raise InputError(
                    f"case `{case_id}` comes with the package and cannot be removed; edit it instead"
                )
            with locked(self._lock, exclusive=True):
                self._files.delete(case_id)
                self._changed()

    def record_outcome(
        self, case_id: str, worked: bool, rolled_back: bool = False, *, on: date, run_id: str = ""
    ) -> CaseOutcome:
        """Record one attempt with the case's remedy; returns the new totals.

        The same `run_id` counts once per case. Raises `InputError` for an unknown case.
        """
        with self._mutex:
            if self.get(case_id) is None:
                raise InputError(f"no case `{case_id}`")
            attempt = Attempt(case_id=case_id, on=on, worked=worked, rolled_back=rolled_back, run_id=run_id)
            with locked(self._lock, exclusive=True):
                self._outcomes.append(attempt)
            self._refresh()
            return self._cases[case_id].outcome

    def export(self, path: Path) -> int:
        """Write the user's cases with outcomes to one YAML file; returns how many. `kb import` reads it."""
        mine = [case for case in self.cases() if case.source != "seed"]
        write_atomically(path, to_yaml(mine))
        return len(mine)

    def reindex(self) -> int:
        """Build the index anew with the present embedding; returns the number of cases."""
        from .vectors import VectorIndex

        with self._mutex:
            self.close()
            self._prepare()
            with locked(self._lock, exclusive=True):
                index = VectorIndex(self._embedder(), path=self.data_dir / "chroma", url=self._url)
                index.drop()
                index.close()
            self.retriever()
            return len(self._cases)

    # -- inside -------------------------------------------------------------------------------------

    def _store(self, case: Case, outcome: CaseOutcome) -> Case:
        """Write `case`; `outcome` is what its file says, without the attempts recorded apart."""
        source = "user" if case.source == "seed" else case.source
        stored = case.model_copy(update={"source": source, "outcome": outcome})
        check_modes(stored, f"case `{case.id}`")
        self._prepare()
        with locked(self._lock, exclusive=True):
            self._files.write(stored)
            self._changed()
        self._refresh()
        return self._cases[case.id]

    def _prepare(self) -> None:
        try:
            for name in ("cases", "cache"):
                (self.data_dir / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise KnowledgeBaseError(
                f"{self.data_dir}: cannot be written ({error.strerror}); name another data folder"
            ) from error

    def _refresh(self) -> None:
        """Read cases and outcomes again if this or another process changed them."""
        from .catalogue import load_catalogue

        self._prepare()
        with locked(self._lock, exclusive=False):
            seen = self._stamp()
            if seen == self._seen:
                return
            catalogue = load_catalogue(self._files, seed=self._seed, cache=self.data_dir / "cache")
            totals = self._outcomes.totals()
        self._cases = {
            case.id: case.model_copy(update={"outcome": combined(case.outcome, totals[case.id])})
            if case.id in totals
            else case
            for case in catalogue.cases
        }
        self._written_outcomes = {case.id: case.outcome for case in catalogue.cases}
        self._seen = seen
        if self._retriever is not None and self._fingerprint == catalogue.fingerprint:
            self._retriever.replace_cases(list(self._cases.values()))  # only outcomes changed
        else:
            self._fingerprint, self._retriever = catalogue.fingerprint, None

    def _stamp(self) -> tuple[int, ...]:
        """Return numbers that differ after every change.

        Our own writers make the file `changes` longer: a folder's time may be too coarse to tell two writes
        apart. The folder's time shows files that a person put there or took away.
        """
        return (
            (self.data_dir / "cases").stat().st_mtime_ns,
            _size(self.data_dir / "changes"),
            _size(self.data_dir / "outcomes.jsonl"),
        )

    def _changed(self) -> None:
        with (self.data_dir / "changes").open("ab") as file:
            file.write(b".")

    def _embedder(self) -> "Embedder":
        from .embedding import make_embedder

        if self._embedder_made is None:
            given = self._embedding
            self._embedder_made = make_embedder(given) if isinstance(given, str) else given
        return self._embedder_made

    def _open(self) -> "Retriever":
        from .catalogue import Catalogue
        from .index import IndexFolder
        from .retrieval import Retriever
        from .signatures import SignatureMatcher

        catalogue = Catalogue(list(self._cases.values()), self._fingerprint)
        folder = IndexFolder(self.data_dir, self._url)
        if self._vectors is not None:
            self._vectors.close()
            self._vectors = None
        self._vectors = folder.vectors(catalogue, self._embedder())
        return Retriever(
            catalogue.cases, SignatureMatcher(catalogue.cases), folder.lexical(catalogue), self._vectors
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _counts(values: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
