"""A knowledge base as if nobody had written about an incident's program: what is found on unknown programs."""

import re
from collections.abc import Collection, Iterable

from ..tools.digest.models import LogDigest
from ..tools.knowledge import KnowledgeBase
from ..tools.knowledge.models import Case, Hit

_GENERAL = "generic"
_MANY = 1000  # hits from which those set aside are taken
_VERSION = re.compile(r"[\d.]+$")


class WithoutPrograms(KnowledgeBase):
    """`whole` without the cases that name one of `programs`, to read from; the general cases stay."""

    def __init__(self, whole: KnowledgeBase, programs: Iterable[str]) -> None:
        super().__init__(whole.data_dir)
        self._whole = whole
        self._names = frozenset(name for program in programs for name in names_of(program))

    def cases(self) -> list[Case]:
        """Return the cases that are left."""
        return [case for case in self._whole.cases() if self._stays(case)]

    def get(self, case_id: str) -> Case | None:
        """Return the case with this id if it is left."""
        case = self._whole.get(case_id)
        return case if case is not None and self._stays(case) else None

    def search(
        self,
        text: str,
        *,
        top_k: int = 3,
        systems: Iterable[str] | None = None,
        failure_mode: str | None = None,
        environment: str | None = None,
    ) -> list[Hit]:
        """Return up to `top_k` of the cases that are left."""
        found = self._whole.search(
            text, top_k=_MANY, systems=systems, failure_mode=failure_mode, environment=environment
        )
        return self._left(found)[:top_k]

    def search_digest(self, digest: LogDigest, *, alert_text: str = "", top_k: int = 10) -> list[Hit]:
        """Return up to `top_k` of the cases that are left and for which the digest's lines speak."""
        return self._left(self._whole.search_digest(digest, alert_text=alert_text, top_k=_MANY))[:top_k]

    def _left(self, hits: Iterable[Hit]) -> list[Hit]:
        return [hit for hit in hits if self._stays(hit.case)]

    def _stays(self, case: Case) -> bool:
        return _GENERAL in case.systems or not self._names & {system.lower() for system in case.systems}


def names_of(program: str) -> Collection[str]:
    """Return the names under which cases may know a program: `bind9` and `bind`, `nats-server` and `nats`."""
    name = program.lower()
    return {name, _VERSION.sub("", name), *name.split("-")} - {""}
