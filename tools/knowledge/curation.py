"""From the review queue into the knowledge base, and import into the queue: what a person does with proposals."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from ..errors import InputError
from .base import KnowledgeBase
from .learning import Learned, learn
from .loading import parse_files
from .locks import locked
from .models import Case
from .passages import PassageFile, PassageHit, RunbookPassage
from .review import ReviewItem, ReviewQueue


class Curation:
    """The curated side of a knowledge base: its review queue and its accepted passages."""

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        self._base = knowledge_base
        self._lock = knowledge_base.data_dir / "lock"
        self.queue = ReviewQueue(knowledge_base.data_dir / "review")
        self._passages = PassageFile(knowledge_base.data_dir / "passages.json")

    def propose(self, case: Case, origin: str) -> str | None:
        """Queue a case; returns the queue's id, or None if a person declined the same before."""
        with self._writing():
            return self.queue.put_case(case, origin)

    def queue_passages(self, passages: Iterable[RunbookPassage], origin: str) -> int:
        """Queue passages that are neither accepted nor declined yet; returns how many."""
        with self._writing():
            known = {item.id for item in self._passages.all()} | {item.id for item in self.queue.items()}
            return sum(
                self.queue.put_passage(item, origin) is not None for item in passages if item.id not in known
            )

    def import_cases(self, path: Path, *, replace: bool = False) -> dict[str, list[str]]:
        """Store the cases of a YAML file such as `export` writes; returns ids `added`, `replaced`, `kept`.

        A case whose id is taken is kept as it is unless `replace`. Raises `InputError` that names file, line
        and field, before anything is stored, if any case is bad.
        """
        try:
            cases = parse_files({str(path): path.read_bytes()})
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        report: dict[str, list[str]] = {"added": [], "replaced": [], "kept": []}
        for case in cases:
            if self._base.get(case.id) is None:
                self._base.add(case)
                report["added"].append(case.id)
            elif replace:
                self._base.update(case)
                report["replaced"].append(case.id)
            else:
                report["kept"].append(case.id)
        return report

    def accept(self, item_id: str, *, edited: Case | None = None) -> Learned | RunbookPassage:
        """Accept a queued item, a case also in an edited form; returns what became of it."""
        item: ReviewItem = self.queue.get(item_id)
        result: Learned | RunbookPassage
        if item.passage is not None:
            with self._writing():
                self._passages.add([item.passage])
            result = item.passage
        elif (case := edited or item.case) is not None:
            result = learn(self._base, case, on=datetime.now(UTC).date(), run_id=item.origin)
        else:
            raise InputError(f"review item `{item_id}` is empty; decline it")
        self.queue.done(item_id)
        return result

    def decline(self, item_id: str) -> None:
        """Take an item off the queue for good."""
        self.queue.get(item_id)
        with self._writing():
            self.queue.done(item_id, declined=True)

    def search_passages(self, text: str, *, top_k: int = 3) -> list[PassageHit]:
        """Return up to `top_k` accepted runbook passages for a person's words or a log line, best first."""
        return self._passages.search(text, top_k)

    def _writing(self) -> AbstractContextManager[None]:
        self._base.data_dir.mkdir(parents=True, exist_ok=True)
        return locked(self._lock, exclusive=True)
