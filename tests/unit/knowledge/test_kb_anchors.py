"""The literal text that a pattern requires: never a text that a match could lack."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_assistant.tools.knowledge import load_cases
from ops_assistant.tools.knowledge.anchors import anchor


@pytest.mark.parametrize(
    ("pattern", "required"),
    [
        ("Too many connections", "too many connections"),
        (r"ORA-12\d+: listener", ": listener"),
        (r"timed? out after \d+ ms", " out after "),
        (r"(ERROR|FATAL): too many", ": too many"),
        (r"first|second", None),
        (r"\d+\.\d+", None),
        (r"[a-z]+[]x]abc[^]y]", "abc"),
        (r"ab+cde", "cde"),
        (r"abcd{2}e", "abcd"),
        (r"abcd{0,2}e", "abc"),
        (r"abcd*", "abc"),
        (r"a\.b\.c", "a.b.c"),
        (r"(a(b)[)]c)xyz", "xyz"),
        (r"(?i)HELLO", "hello"),
        (r"(?x) a b c d", None),
        (r"json{key", "json{key"),
        ("", None),
    ],
)
def test_required_text(pattern: str, required: str | None) -> None:
    assert anchor(pattern) == required


PIECES = st.sampled_from(
    ["ab", "c", r"\d", ".", "x?", "y*", "z+", "(ab|c)", "[^a]", r"\.", "b{2}", "a{0,1}", "(x(y)?)*", " "]
)


@given(st.lists(PIECES, min_size=1, max_size=8), st.data())
def test_every_match_holds_the_required_text(pieces: list[str], data: st.DataObject) -> None:
    pattern = "".join(pieces)
    required = anchor(pattern)
    text = data.draw(st.from_regex(pattern, fullmatch=True))
    assert required is None or required in text.lower()


def test_most_packaged_patterns_have_one() -> None:
    patterns = [item.pattern for case in load_cases() for item in case.signatures if item.pattern]
    without = [item for item in patterns if anchor(item) is None]
    assert len(without) < 0.2 * len(patterns)


def test_packaged_patterns_are_valid_for_re2() -> None:
    import re2

    for case in load_cases():
        for item in case.signatures:
            if item.pattern:
                re2.compile(item.pattern)
                assert not re.search(r"\(\?[=!<]", item.pattern)
