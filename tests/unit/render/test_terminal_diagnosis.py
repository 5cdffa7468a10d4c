"""What a terminal shows of a diagnosis: the same things as the report, and nothing that moves the cursor."""

import io
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType

from ops_assistant.agents.models import Diagnosis, Hypothesis, ProposedAction, Recommendation, Solution
from ops_assistant.graph.coverage import Coverage, Healthy
from ops_assistant.render.terminal_diagnosis import (
    coverage_parts,
    diagnosis_parts,
    fact_parts,
    hypothesis_parts,
    recommendation_parts,
)
from ops_assistant.tools.digest import Citation, LogDigest
from ops_assistant.tools.digest.models import EvidenceLine

LINE = EvidenceLine(id="s1:7", source="db.log", line=7, text="ERROR \x1b[2Jno space left [bold]on device")
DIGEST = LogDigest(evidence=[LINE])
FULL = Hypothesis(
    failure_mode="disk-full", root_cause="The disk is full.", confidence=80, confirm_by=["df -h"]
)
SLOW = Hypothesis(failure_mode="slow-query", root_cause="A query.", confidence=9, against=["No line."])


def text(parts: Iterable[RenderableType]) -> str:
    out = io.StringIO()
    Console(file=out, width=200, highlight=False).print(Group(*parts))
    return out.getvalue()


def found(**fields: object) -> Diagnosis:
    given: dict[str, object] = {
        "root_cause": "The disk is full.", "failure_mode": "disk-full", "severity": "high", "confidence": 80,
        "evidence": [Citation(id="s1:7", quote="no space")], "hypotheses": [FULL, SLOW], "proven": True, **fields,
    }  # fmt: skip
    return Diagnosis.model_validate(given)


def test_lines_are_shown_as_text() -> None:
    shown = text(fact_parts(None, found(), DIGEST))
    assert "[s1:7] db.log: ERROR no space left [bold]on device" in shown
    assert "\x1b" not in shown


def test_only_what_is_not_proven_is_a_hypothesis() -> None:
    proven, unproven = (text(hypothesis_parts(item)) for item in (found(), found(proven=False)))
    assert "The disk is full." not in proven
    assert "80% disk-full: The disk is full." in unproven
    assert "against it: No line." in proven
    assert "df -h" in proven
    assert "likely, not proven" in text(diagnosis_parts(found(proven=False)))


def test_what_is_missing_unchecked_and_healthy_is_shown() -> None:
    assert "dmesg -T" in text(diagnosis_parts(found(missing_evidence=["dmesg -T"])))
    healthy = Healthy(kind="source", name="api.log", detail="12 lines, none a warning or worse")
    parts = dict(
        coverage_parts(Coverage(healthy=[healthy], not_checked=["logs of db"], fetched=["logs of x"]))
    )
    assert "source api.log: 12 lines" in text(parts["Checked and healthy"])
    assert "logs of db" in text(parts["Not checked"])
    assert "logs of x" in text(parts["Fetched after the first diagnosis"])


def test_a_solution_tells_cure_from_relief_and_how_to_undo() -> None:
    action = ProposedAction(type="restart_service", params={"service": "db"})
    solutions = [
        Solution(priority=2, description="Restart", effect="relief", steps=["x"], actions=[action]),
        Solution(
            priority=1, description="Free it", steps=["y"], expected_effect="Writes work.", risks=["A.", "B."]
        ),
    ]
    shown = text(recommendation_parts(Recommendation(solutions=solutions)))
    assert shown.index("1. Free it") < shown.index("2. Restart")
    for words in (
        "cure. Writes work.", "A; B.", "relief only, the cause stays", "nothing to undo is known",
        "restart_service(service=db) (relief, the cause stays)",
    ):  # fmt: skip
        assert words in shown
