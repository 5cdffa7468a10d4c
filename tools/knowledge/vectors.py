"""The vector index in Chroma, embedded or on a server. It is only an index: it can always be rebuilt."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import KnowledgeBaseError
from .chroma import Connection, connect
from .embedding import Embedder

COLLECTION = "ops_assistant_cases"
_BATCH = 1000
# Generous enough to be exact on some thousand vectors, and inserted in one thread: with the defaults another
# order of insertion could lose a neighbour, and so give the same alert another answer.
_HNSW = {
    "space": "cosine",
    "max_neighbors": 48,
    "ef_construction": 200,
    "ef_search": 1000,
    "num_threads": 1,
}


class Entry(NamedTuple):
    """One text in the index: a view of a case, or a passage of a runbook."""

    id: str
    text: str
    hash: str
    metadata: dict[str, str | bool]


class VectorIndex:
    """One collection of unit vectors under cosine distance.

    The caller holds the knowledge base's lock: shared around reading, exclusive around `sync` and `drop`.
    """

    def __init__(self, embedder: Embedder, *, path: Path | None = None, url: str | None = None) -> None:
        self._embedder = embedder
        self._connection: Connection = connect(path, url)

    def close(self) -> None:
        """Release the store's files or connection."""
        self._connection.close()

    def reopen(self) -> None:
        """See what other processes wrote; an open embedded store does not."""
        self._connection.reopen()

    @property
    def _collection(self) -> Any:
        return self._connection.client.get_collection(COLLECTION, embedding_function=None)

    def open(self) -> str:
        """Open or create the collection; returns the state text stored by the last `sync` ("" if none).

        Raises `KnowledgeBaseError` if the index was built with another embedding.
        """
        with self._connection.guard:
            collection = self._connection.client.get_or_create_collection(
                COLLECTION,
                embedding_function=None,  # else Chroma downloads a model
                metadata={"embedding": self._embedder.identity, "state": ""},
                configuration={"hnsw": _HNSW},
            )
        metadata = collection.metadata or {}
        stored = metadata.get("embedding")
        if stored != self._embedder.identity:
            raise KnowledgeBaseError(
                f"the index was built with embedding `{stored}`, the settings ask for "
                f"`{self._embedder.identity}`; run `ops-assistant kb reindex`, or set the embedding back"
            )
        return str(metadata.get("state", ""))

    def drop(self) -> None:
        """Delete the collection with all its vectors."""
        from chromadb.errors import NotFoundError

        with suppress(NotFoundError):
            self._connection.client.delete_collection(COLLECTION)

    def sync(self, entries: Sequence[Entry], state: str, *, foreign: bool) -> int:
        """Make the index hold `entries`; embeds only what is new or changed. Returns how many that were.

        Whatever else it holds is deleted, except, if `foreign` (a server that others use too), user cases.
        """
        collection = self._collection
        held = dict(self._metadata(collection))
        wanted = {entry.id: entry for entry in entries}
        gone = [
            identifier
            for identifier, metadata in held.items()
            if identifier not in wanted and not (foreign and metadata.get("source") != "seed")
        ]
        self.delete(gone)
        changed = [entry for entry in wanted.values() if held.get(entry.id, {}).get("hash") != entry.hash]
        for start in range(0, len(changed), _BATCH):
            part = changed[start : start + _BATCH]
            collection.upsert(
                ids=[entry.id for entry in part],
                embeddings=self._embedder.embed([entry.text for entry in part]),
                metadatas=[{**entry.metadata, "hash": entry.hash} for entry in part],
            )
        collection.modify(
            metadata={"embedding": self._embedder.identity, "state": state, "count": collection.count()}
        )
        return len(changed)

    def delete(self, ids: Sequence[str]) -> None:
        """Delete entries by id; unknown ids are ignored."""
        for start in range(0, len(ids), _BATCH):
            self._collection.delete(ids=list(ids[start : start + _BATCH]))

    def sound(self) -> bool:
        """Return whether the store holds as many entries as `sync` left, and finds the oldest and the nearest.

        The oldest vectors lie in files of their own: without these, a query silently finds only new ones.
        """
        collection = self._collection
        count = int(collection.count())
        if count < int((collection.metadata or {}).get("count", 0)):
            return False
        if not count:
            return True
        sample = min(count, 10)
        oldest = collection.get(limit=sample, include=["embeddings"])
        nearest = collection.query(query_embeddings=oldest["embeddings"][:1], n_results=sample, include=[])
        return len(oldest["ids"]) == len(nearest["ids"][0]) == sample

    def count(self) -> int:
        """Return the number of vectors."""
        return int(self._collection.count())

    def query(
        self, texts: Sequence[str], limit: int, where: dict[str, Any] | None = None
    ) -> tuple[list[list[str]], list[npt.NDArray[np.float32]]]:
        """Return for each text the ids and cosine similarities of its `limit` nearest entries, best first."""
        vectors = self._embedder.embed(texts)
        if not np.any(vectors):
            return [[] for _ in texts], [np.zeros(0, dtype=np.float32) for _ in texts]
        with self._connection.guard:
            found = self._collection.query(
                query_embeddings=vectors, n_results=limit, where=where, include=["distances"]
            )
        return found["ids"], [1 - np.asarray(row, dtype=np.float32) for row in found["distances"]]

    @staticmethod
    def _metadata(collection: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        offset = 0
        while True:
            page = collection.get(limit=_BATCH * 5, offset=offset, include=["metadatas"])
            yield from zip(page["ids"], (row or {} for row in page["metadatas"]), strict=True)
            if len(page["ids"]) < _BATCH * 5:
                return
            offset += _BATCH * 5


def where_clause(conditions: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """Return Chroma's filter for all `conditions` together."""
    listed = list(conditions)
    if len(listed) < 2:
        return listed[0] if listed else None
    return {"$and": listed}
