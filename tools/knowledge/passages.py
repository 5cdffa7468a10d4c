"""Passages of runbooks and post-mortems that a person accepted: searchable text with source and heading."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ..errors import KnowledgeBaseError
from .store import write_atomically
from .words import words


class RunbookPassage(BaseModel):
    """A part of a document under one heading."""

    source: str = Field(description="File, page title or address it comes from.")
    heading: str = Field("", description="Headings from the outermost in, joined by ` > `.")
    text: str

    @property
    def id(self) -> str:
        """Return an id that the same text at the same place always has."""
        key = "\0".join([self.source, self.heading, self.text])
        return "passage-" + hashlib.blake2b(key.encode(), digest_size=8).hexdigest()


class PassageHit(BaseModel):
    """A passage that a search found; `score` is the share (0 to 1) of the query's information it holds."""

    passage: RunbookPassage
    score: float
    why: list[str]


_PASSAGES = TypeAdapter(list[RunbookPassage])


class PassageFile:
    """All accepted passages of a knowledge base, in one JSON file; the caller holds the lock to write."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[RunbookPassage]:
        """Return all passages; raises `KnowledgeBaseError` if the file is damaged."""
        try:
            return _PASSAGES.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return []
        except ValidationError as error:
            raise KnowledgeBaseError(
                f"{self._path}: not a list of passages; move it away and import again"
            ) from error

    def add(self, passages: Iterable[RunbookPassage]) -> int:
        """Add those that are not there yet; returns how many."""
        held = {item.id: item for item in self.all()}
        before = len(held)
        held |= {item.id: item for item in passages}
        write_atomically(self._path, _PASSAGES.dump_json(list(held.values()), indent=1).decode())
        return len(held) - before

    def search(self, text: str, top_k: int) -> list[PassageHit]:
        """Return up to `top_k` passages by BM25, best first."""
        import numpy as np

        from .lexical import LexicalIndex

        passages = self.all()
        query = dict.fromkeys(words(text), 1.0)
        documents = [words(item.heading) * 2 + words(item.text) for item in passages]
        if not query or not any(documents):
            return []
        index = LexicalIndex.build(documents)
        scores = index.scores(query)
        best = [int(row) for row in np.argsort(-scores, kind="stable")[:top_k] if scores[row] > 0]
        return [
            PassageHit(
                passage=passages[row],
                score=min(1.0, float(scores[row])),
                why=[f"words: {', '.join(index.words_of(row, query))}"],
            )
            for row in best
        ]
