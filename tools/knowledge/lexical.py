"""BM25 over the text of all cases, with a weight per query word."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]

_K1, _B = 1.2, 0.75


class LexicalIndex:
    """A `bm25s` index; document `i` is case `i`. Saved to a folder, so that opening it costs milliseconds."""

    def __init__(self, index: Any) -> None:
        self._index = index
        scores = index.scores
        self._data, self._rows, self._starts = scores["data"], scores["indices"], scores["indptr"]
        self.size = int(scores["num_docs"])

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]]) -> Self:
        """Index `documents`, each a list of words (see `words.words`); at least one must have a word."""
        import bm25s

        index = bm25s.BM25(k1=_K1, b=_B, method="lucene")
        index.index([list(document) for document in documents], show_progress=False)
        return cls(index)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open an index that `save` wrote; raises `OSError` or `ValueError` if it is damaged or missing."""
        import bm25s

        return cls(bm25s.BM25.load(folder, load_corpus=False))

    def save(self, folder: Path) -> None:
        """Write the index to `folder`, replacing what is there."""
        fresh = folder.with_name(folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._index.save(fresh, show_progress=False)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)

    def scores(self, query: Mapping[str, float]) -> Scores:
        """Return per case the share (0 to about 1) of the query's information that the case holds.

        `query` gives the weight of each word. A word counts by its rarity among the cases; words that no
        case holds count as if they were in a typical one, so that a query of strange words scores low.
        """
        total = np.zeros(self.size, dtype=np.float32)
        possible = 0.0
        for word, weight in query.items():
            token = self._index.vocab_dict.get(word)
            if token is None:
                possible += weight * self._typical
                continue
            start, end = self._starts[token], self._starts[token + 1]
            total[self._rows[start:end]] += weight * self._data[start:end]
            possible += weight * self._ceiling(end - start)
        return total / possible if possible else total

    def words_of(self, row: int, query: Mapping[str, float], limit: int = 5) -> list[str]:
        """Return the query's words that case `row` holds, the ones that count most first."""
        counted = []
        for word, weight in query.items():
            token = self._index.vocab_dict.get(word)
            if token is None:
                continue
            start, end = self._starts[token], self._starts[token + 1]
            place = np.flatnonzero(self._rows[start:end] == row)
            if place.size:
                counted.append((weight * float(self._data[start + place[0]]), word))
        return [word for _, word in sorted(counted, reverse=True)[:limit]]

    @property
    def _typical(self) -> float:
        return self._ceiling(max(1, self.size // 20))

    def _ceiling(self, holders: int) -> float:
        """Return the most a word that `holders` cases hold can add to a score: its rarity."""
        return float(np.log(1 + (self.size - holders + 0.5) / (holders + 0.5)))
