"""Opening the indexes of a catalogue: brought up to date, repaired if damaged, safe among processes."""

import logging
import shutil
from datetime import UTC, datetime
from pathlib import Path

from ..errors import KnowledgeBaseError, OpsError
from .catalogue import Catalogue
from .embedding import Embedder
from .lexical import LexicalIndex
from .locks import locked
from .vectors import Entry, VectorIndex
from .views import VERSION, case_entries, case_words

logger = logging.getLogger(__name__)


class _Unsound(Exception):
    """The store answers, but not with what it should hold."""


def _demand_sound(index: VectorIndex) -> None:
    if not index.sound():
        raise _Unsound("it does not hold what was written to it")


class IndexFolder:
    """The folders `chroma/` and `cache/` of a knowledge base: all in them can be rebuilt from the cases."""

    def __init__(self, data_dir: Path, url: str | None) -> None:
        self.store = data_dir / "chroma"
        self.cache = data_dir / "cache"
        self.lock = data_dir / "lock"
        self._url = url
        self._damage: BaseException | None = None

    def vectors(self, catalogue: Catalogue, embedder: Embedder) -> VectorIndex:
        """Return the vector index, holding exactly the catalogue's cases.

        Raises `KnowledgeBaseError` if it was built with another embedding or cannot be read at all.
        """
        state = f"{VERSION}:{catalogue.fingerprint}"
        if self._url is not None or (self.store / "chroma.sqlite3").exists():
            with locked(self.lock, exclusive=False):
                index = self._opened(embedder, state)
            if index is not None:
                return index
        with locked(self.lock, exclusive=True):
            return self._brought_up_to_date(catalogue, embedder, state)

    def lexical(self, catalogue: Catalogue) -> LexicalIndex | None:
        """Return the BM25 index of the catalogue, from the cache if it is there; None without cases."""
        folder = self.cache / f"bm25-{VERSION}-{catalogue.fingerprint}"
        try:
            index = LexicalIndex.load(folder)
            if index.size == len(catalogue.cases):
                return index
        except (OSError, ValueError, KeyError, EOFError):
            logger.debug("no BM25 index in %s", folder)
        if not catalogue.cases:
            return None
        index = LexicalIndex.build([case_words(case) for case in catalogue.cases])
        with locked(self.lock, exclusive=True):
            index.save(folder)
            for old in self.cache.glob("bm25-*"):
                if old != folder:
                    shutil.rmtree(old, ignore_errors=True)
        return index

    def _opened(self, embedder: Embedder, state: str) -> VectorIndex | None:
        """Return the index if it is up to date and sound, else None."""
        try:
            index = VectorIndex(embedder, path=self.store, url=self._url)
        except BaseException as error:
            self._raise_unless_damaged(error)
            return None
        try:
            if index.open() == state and index.sound():
                return index
        except BaseException as error:
            index.close()
            self._raise_unless_damaged(error)
            return None
        index.close()
        return None

    def _brought_up_to_date(self, catalogue: Catalogue, embedder: Embedder, state: str) -> VectorIndex:
        entries = [entry for case in catalogue.cases for entry in case_entries(case)]
        try:
            return self._synced(entries, embedder, state)
        except BaseException as error:
            self._raise_unless_damaged(error)
            self._set_aside()
        return self._synced(entries, embedder, state)

    def _synced(self, entries: list[Entry], embedder: Embedder, state: str) -> VectorIndex:
        index = VectorIndex(embedder, path=self.store, url=self._url)
        try:
            if index.open() != state or not index.sound():
                changed = index.sync(entries, state, foreign=self._url is not None)
                logger.info("knowledge base: %d of %d texts indexed anew", changed, len(entries))
            _demand_sound(index)
        except BaseException:
            index.close()
            raise
        return index

    def _raise_unless_damaged(self, error: BaseException) -> None:
        """Raise `error` again unless it says that the embedded store's files are damaged.

        Chroma raises its own errors, SQLite's, and panics (from Rust) that are no `Exception`.
        """
        ours = (OpsError, OSError, MemoryError, KeyboardInterrupt, SystemExit, GeneratorExit)
        if isinstance(error, ours):
            raise error
        if self._url is not None or "locked" in str(error):
            raise KnowledgeBaseError(f"the vector store cannot be used: {error}") from error
        # The first error names the cause; opening a damaged store once more fails in Chroma's clean-up.
        self._damage = self._damage or error

    def _set_aside(self) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        aside = self.store.with_name(f"{self.store.name}.damaged-{stamp}")
        self.store.rename(aside)
        logger.warning(
            "the vector store was damaged (%s); kept as %s and rebuilt from the cases", self._damage, aside
        )
