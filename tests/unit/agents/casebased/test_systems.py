"""Remedies of products that are not there."""

from ops_assistant.agents.casebased.systems import NamedSystems, usable
from ops_assistant.tools.alert import Alert
from ops_assistant.tools.digest.models import EvidenceLine, LogDigest
from ops_assistant.tools.knowledge import Case, Hit
from ops_assistant.tools.knowledge.models import SignatureHit


def _hit(name: str, system: str, score: float, words: str = "") -> Hit:
    case = Case.model_construct(id=name, title=name, failure_mode="disk-full", systems=[system])
    found = [SignatureHit(signature=words, literal=True, weight=3, evidence_ids=["s1:1"])] if words else []
    return Hit.model_construct(case=case, score=score, why=[], signatures=found)


def _order(*hits: Hit) -> list[str]:
    line = EvidenceLine(id="s1:1", source="mosquitto.log", line=1, text="no space left on device")
    named = NamedSystems(Alert(service="ledger", message="writes fail"), LogDigest(evidence=[line]))
    return [hit.case.id for hit in usable(hits, named)]


def test_a_product_that_is_named_nowhere_needs_words_of_its_own():
    assert _order(_hit("other", "activemq", 0.9), _hit("mqtt", "no space", 0.2)) == ["mqtt"]
    assert _order(_hit("other", "activemq", 0.9, "store is full")) == ["other"]


def test_the_general_case_comes_before_a_product_that_is_named_nowhere():
    general = _hit("general", "generic", 0.6, "no space left")
    assert _order(_hit("other", "activemq", 0.7, "no space left"), general) == ["general", "other"]
    assert _order(_hit("ours", "no space", 0.7, "no space left"), general) == ["ours", "general"]


def test_of_equals_a_named_product_comes_before_the_general_case():
    general = _hit("general", "generic", 0.62, "no space left")
    assert _order(general, _hit("ours", "no space", 0.6, "no space left")) == ["ours", "general"]
