"""Finding the signatures of all cases in a digest, in one pass over each line with RE2."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ..digest.models import LogDigest
from .anchors import anchor
from .models import Case, Signature, SignatureHit

logger = logging.getLogger(__name__)

# Ceiling for one set's program and its lazily built automaton, in bytes; RE2 restarts the automaton at it.
_MAX_MEMORY = 64 << 20
# Expressions per set: with many more, RE2 gives up on simplifying the whole and says so on stderr.
_MOST = 20_000
_MAX_WORDS = 100  # characters of a match that are kept


class Passage(NamedTuple):
    """Text to search, and the evidence lines it stands for."""

    text: str
    evidence_ids: tuple[str, ...]


class SignatureMatcher:
    """The signatures of `cases`, searched together. Equal signatures of several cases are searched once.

    One automaton looks for all literals and for the literal that each pattern requires; a pattern is
    compiled and run only on texts that hold its literal. (All patterns in one automaton would multiply its
    states by their gaps, and take most of the time to open a knowledge base.)
    """

    def __init__(self, cases: Iterable[Case]) -> None:
        # By expression: the (case id, signature) pairs it stands for.
        self._owners: dict[str, list[tuple[str, Signature]]] = {}
        # By what the automaton looks for: the literals it proves, and the patterns it calls for.
        self._plain: dict[str, str] = {}
        self._anchored: dict[str, list[str]] = {}
        loose = []  # patterns without a required literal: always run
        for case in cases:
            for signature in case.signatures:
                expression = signature.pattern or _literal(signature.text or "")
                owners = self._owners.setdefault(expression, [])
                owners.append((case.id, signature))
                if len(owners) > 1:
                    continue
                if signature.pattern is None:
                    self._plain[expression] = expression
                elif required := anchor(signature.pattern):
                    self._anchored.setdefault(re.escape(required), []).append(expression)
                else:
                    loose.append(expression)
        self._compiled: dict[str, Any] = {}
        self._sets = _sets(list(self._plain | self._anchored))
        self._loose = _sets(loose, case_sensitive=False)

    def match(self, digest: LogDigest) -> dict[str, list[SignatureHit]]:
        """Return the signatures found in evidence lines, stack traces and templates, by case id.

        Each hit names the evidence lines that carry it, strongest signature first.
        """
        return self.match_passages(passages(digest))

    def match_passages(self, texts: Sequence[Passage]) -> dict[str, list[SignatureHit]]:
        """Like `match`, over texts of any origin."""
        where: dict[str, dict[str, None]] = {}  # expression -> evidence ids, in order, each once
        said: dict[str, str] = {}  # expression -> the words of its first match
        for passage in texts:
            for expression, words in self._found(passage.text):
                where.setdefault(expression, {}).update(dict.fromkeys(passage.evidence_ids))
                said.setdefault(expression, words)
        hits: dict[str, list[SignatureHit]] = {}
        for expression, ids in where.items():
            for case_id, signature in self._owners[expression]:
                hits.setdefault(case_id, []).append(
                    SignatureHit(
                        signature=signature.text or signature.pattern or "",
                        weight=signature.weight,
                        evidence_ids=list(ids),
                        literal=signature.pattern is None,
                        words=" ".join((said[expression] or signature.text or "").split())[:_MAX_WORDS],
                    )
                )
        for found in hits.values():
            found.sort(key=lambda hit: -hit.weight)
        return hits

    def _found(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield each expression found with the words that match it; empty for literals, which are the words."""
        lower = text.lower()
        for group in self._sets:
            for expression in group.found(lower):
                if expression in self._plain:
                    yield expression, ""
                for pattern in self._anchored.get(expression, ()):
                    yield from self._matched(pattern, text)
        for group in self._loose:
            for pattern in group.found(text):
                yield from self._matched(pattern, text)

    def _matched(self, pattern: str, text: str) -> Iterator[tuple[str, str]]:
        compiled = self._pattern(pattern)
        match = compiled.search(text) if compiled is not None else None
        if match:
            yield pattern, match.group()

    def _pattern(self, expression: str) -> Any:
        """Return the compiled pattern; None, said once, for one that is valid for Python but not for RE2."""
        if expression not in self._compiled:
            import re2

            try:
                self._compiled[expression] = re2.compile(f"(?i){expression}", _options(case_sensitive=True))
            except re2.error as error:
                logger.warning("signature %r is left out: %s", expression, error)
                self._compiled[expression] = None
        return self._compiled[expression]


class _Set:
    """Expressions matched together against one text at a time."""

    def __init__(self, expressions: list[str], compiled: Any) -> None:
        self._expressions = expressions
        self._compiled = compiled

    def found(self, text: str) -> list[str]:
        return [self._expressions[index] for index in self._compiled.Match(text) or ()]


def _options(*, case_sensitive: bool) -> Any:
    import re2

    options = re2.Options()
    options.case_sensitive = case_sensitive
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    return options


def _sets(expressions: list[str], *, case_sensitive: bool = True) -> list[_Set]:
    """Compile `expressions` into as few sets as the memory limit allows."""
    import re2

    if not expressions:
        return []
    if len(expressions) > _MOST:
        return [
            part
            for start in range(0, len(expressions), _MOST)
            for part in _sets(expressions[start : start + _MOST], case_sensitive=case_sensitive)
        ]
    compiled = re2.Set.SearchSet(_options(case_sensitive=case_sensitive))
    accepted = []
    for expression in expressions:
        try:
            compiled.Add(expression)
        except re2.error as error:
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
        return [
            part
            for piece in (accepted[:half], accepted[half:])
            for part in _sets(piece, case_sensitive=case_sensitive)
        ]
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


def _literal(text: str) -> str:
    """Return the expression of a literal, for lower-cased text; its outer digits end at a number's border.

    So `Error 1040` is not found in `Error 10401`, but `timeout` is found in `connectTimeoutMs`.
    """
    plain = text.strip().lower()
    return rf"{_edge(plain[:1])}{re.escape(plain)}{_edge(plain[-1:])}"


def _edge(character: str) -> str:
    return r"\b" if character.isascii() and character.isdigit() else ""
