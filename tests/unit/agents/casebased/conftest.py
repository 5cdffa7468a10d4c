from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from ops_assistant.agents.casebased import analyse_logs, diagnose
from ops_assistant.agents.models import Diagnosis
from ops_assistant.tools.alert import Alert
from ops_assistant.tools.digest import LogDigest, digest_logs
from ops_assistant.tools.knowledge import Case, Hit, SignatureMatcher
from ops_assistant.tools.knowledge.loading import parse_files

_FILES = ("generic", "shop-classics", "postgresql", "java")


class SignaturesOnly:
    """A knowledge base of a few seed files that finds by signatures alone: no index, no vectors."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._cases = {case.id: case for case in cases}
        self._matcher = SignatureMatcher(self._cases.values())

    def search_digest(self, digest: LogDigest, *, alert_text: str = "", top_k: int = 10) -> list[Hit]:
        found = self._matcher.match(digest)
        hits = [
            Hit(
                case=self._cases[case_id],
                score=min(1.0, max(hit.weight for hit in hits) / 3),
                signatures=hits,
            )
            for case_id, hits in found.items()
        ]
        return sorted(hits, key=lambda hit: -hit.score)[:top_k]

    def get(self, case_id: str) -> Case | None:
        return self._cases.get(case_id)

    def cases(self) -> list[Case]:
        return list(self._cases.values())


@pytest.fixture(scope="session")
def knowledge_base() -> SignaturesOnly:
    seed = Path(__file__).parents[4] / "kb_seed"
    return SignaturesOnly(parse_files({name: (seed / f"{name}.yaml").read_bytes() for name in _FILES}))


@pytest.fixture
def digest_of(tmp_path: Path) -> Callable[[str], LogDigest]:
    def digest(logs: str) -> LogDigest:
        path = tmp_path / "inline.log"
        path.write_text(logs, encoding="utf-8")
        return digest_logs([path])

    return digest


@pytest.fixture
def diagnosis_of(
    knowledge_base: SignaturesOnly, digest_of: Callable[[str], LogDigest]
) -> Callable[[Alert], Diagnosis]:
    def diagnosed(alert: Alert) -> Diagnosis:
        digest = digest_of(alert.logs or "")
        return diagnose(alert, digest, analyse_logs(alert, digest), knowledge_base)

    return diagnosed
