"""Signatures: which texts they are found in, and which lines they point to."""

from collections.abc import Callable

import pytest

from ops_assistant.tools.digest.models import EvidenceLine, LogDigest, StackTrace, Template
from ops_assistant.tools.knowledge import Case, SignatureMatcher
from ops_assistant.tools.knowledge.signatures import Passage

MakeCase = Callable[..., Case]


def found(matcher: SignatureMatcher, text: str) -> bool:
    return bool(matcher.match_passages([Passage(text, ("s1:1",))]))


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("ERROR 1040: Too many connections", True),
        ("error 1040: too MANY connections", True),
        ("ERROR 10401: Too many cooks", False),
        ("xERROR 1040!", True),
    ],
)
def test_literals_ignore_case_but_end_at_a_number_border(
    make_case: MakeCase, text: str, matches: bool
) -> None:
    assert found(SignatureMatcher([make_case(signatures=[{"text": "Error 1040"}])]), text) is matches


def test_operators_in_a_literal_are_plain_text(make_case: MakeCase) -> None:
    matcher = SignatureMatcher([make_case(signatures=[{"text": "a.b(c)*"}])])
    assert found(matcher, "see a.b(c)* here")
    assert not found(matcher, "see aXb(c)* here")


def test_evidence_ids_come_from_lines_stacks_and_templates(make_case: MakeCase) -> None:
    case = make_case(
        signatures=[
            {"text": "no space left", "weight": 3},
            {"pattern": r"quota of \d+ exceeded", "weight": 1},
        ]
    )
    digest = LogDigest(
        evidence=[
            EvidenceLine(id="s1:7", source="a.log", line=7, text="write failed: No space left on device")
        ],
        stacks=[
            StackTrace(exception="IOException", message="No space left", count=2, evidence=["s2:1", "s1:7"])
        ],
        templates=[Template(id="t1", template="quota of 15 exceeded by <*>", count=3, examples=["s1:9"])],
    )
    hits = SignatureMatcher([case, make_case("other")]).match(digest)
    assert list(hits) == [case.id]
    assert [(hit.signature, hit.weight, hit.evidence_ids) for hit in hits[case.id]] == [
        ("no space left", 3, ["s1:7", "s2:1"]),
        (r"quota of \d+ exceeded", 1, ["s1:9"]),
    ]


def test_equal_signatures_reach_all_their_cases(make_case: MakeCase) -> None:
    matcher = SignatureMatcher([make_case("one"), make_case("two")])
    hits = matcher.match_passages(
        [Passage("Connection is not available, request timed out after 30000ms", ())]
    )
    assert set(hits) == {"one", "two"}


def test_no_signatures_no_hits() -> None:
    assert SignatureMatcher([]).match(LogDigest()) == {}
