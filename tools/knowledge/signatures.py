"""Finding the signatures of all cases in a digest in one pass with RE2."""

import logging
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..digest.models import LogDigest
from .models import Case, Signature, SignatureHit

logger = logging.getLogger(__name__)

# Ceiling for one set's program and its lazily built automaton, in bytes; RE2 restarts the automaton at it.
_MAX_MEMORY = 64 << 20
_CHUNK = 500  # patterns per set: smaller sets have far smaller automata


class Passage(NamedTuple):
    """Text to search, and the evidence lines it stands for."""

    text: str
    evidence_ids: tuple[str, ...]


class SignatureMatcher:
    """The signatures of `cases`, compiled together. Equal signatures of several cases are searched once."""

    def __init__(self, cases: Iterable[Case]) -> None:
        owners: dict[str, list[tuple[str, Signature]]] = {}
        literal: dict[str, bool] = {}
        for case in cases:
            for signature in case.signatures:
                expression = _expression(signature)
                owners.setdefault(expression, []).append((case.id, signature))
                literal[expression] = signature.text is not None
        self._owners = owners
        # Literals make one small automaton together; patterns with gaps (`.*`) multiply states, so they
        # are kept apart and in chunks.
        texts = [item for item in owners if literal[item]]
        patterns = [item for item in owners if not literal[item]]
        self._sets = _sets(texts)
        for start in range(0, len(patterns), _CHUNK):
            self._sets += _sets(patterns[start : start + _CHUNK])

    def match(self, digest: LogDigest) -> dict[str, list[SignatureHit]]:
        """Return the signatures found in evidence lines, stack traces and templates, by case id.

        Each hit names the evidence lines that carry it, strongest signature first.
        """
        return self.match_passages(passages(digest))

    def match_passages(self, texts: Sequence[Passage]) -> dict[str, list[SignatureHit]]:
        """Like `match`, over texts of any origin."""
        where: dict[str, dict[str, None]] = {}  # expression -> evidence ids, in order, each once
        for passage in texts:
            for group in self._sets:
                for expression in group.found(passage.text):
                    where.setdefault(expression, {}).update(dict.fromkeys(passage.evidence_ids))
        hits: dict[str, list[SignatureHit]] = {}
        for expression, ids in where.items():
            for case_id, signature in self._owners[expression]:
                hits.setdefault(case_id, []).append(
                    SignatureHit(
                        signature=signature.text or signature.pattern or "",
                        weight=signature.weight,
                        evidence_ids=list(ids),
                    )
                )
        for found in hits.values():
            found.sort(key=lambda hit: -hit.weight)
        return hits


class _Set:
    """Expressions matched together against one text at a time."""

    def __init__(self, expressions: list[str], compiled: Any) -> None:
        self._expressions = expressions
        self._compiled = compiled

    def found(self, text: str) -> list[str]:
        return [self._expressions[index] for index in self._compiled.Match(text) or ()]


def _sets(expressions: list[str]) -> list[_Set]:
    """Compile `expressions` into as few sets as the memory limit allows."""
    import re2

    if not expressions:
        return []
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    compiled = re2.Set.SearchSet(options)
    accepted = []
    for expression in expressions:
        try:
            compiled.Add(expression)
        except re2.error as error:  # valid for Python, not for RE2
            logger.warning("signature %r is left out: %s", expression, error)
            continue
        accepted.append(expression)
    try:
        compiled.Compile()
    except re2.error:
        if len(accepted) < 2:
            logger.warning("signature %r is left out: it needs too much memory", accepted)
            return []
        half = len(accepted) // 2
        return _sets(accepted[:half]) + _sets(accepted[half:])
    return [_Set(accepted, compiled)]


def passages(digest: LogDigest) -> list[Passage]:
    """Return the texts of `digest` in which signatures are looked for."""
    texts = [Passage(line.text, (line.id,)) for line in digest.evidence]
    for stack in digest.stacks:
        ids = tuple(stack.evidence)
        heading = f"{stack.exception}: {stack.message}"
        texts += [Passage(text, ids) for text in (heading, *stack.causes, *stack.frames)]
    texts += [Passage(item.template, tuple(item.examples)) for item in digest.templates]
    return texts


def _expression(signature: Signature) -> str:
    """Return the RE2 expression of a signature; a literal's outer digits end at a number's border.

    So `Error 1040` is not found in `Error 10401`, but `timeout` is found in `connectTimeoutMs`.
    """
    if signature.text is None:
        return signature.pattern or ""
    text = signature.text.strip()
    return rf"{_edge(text[:1])}{re.escape(text)}{_edge(text[-1:])}"


def _edge(character: str) -> str:
    return r"\b" if character.isascii() and character.isdigit() else ""
