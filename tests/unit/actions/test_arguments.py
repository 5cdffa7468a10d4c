"""What may become an argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_assistant.tools.arguments import safe_argument


@pytest.mark.parametrize("text", ["api", "a b; $(id)", "café", "--".join("ab"), "日本語"])
def test_what_a_person_can_see_is_taken_as_it_is(text: str) -> None:
    assert safe_argument(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "-exec", "--kubeconfig=/x",
     "a\nb", "a\x00", "a\x1b[2K", "a\u202eb", "a\u200bb", "a\ud800", "a\u2028b", "\ufeffa", "a\x7f"],
)  # fmt: skip
def test_options_and_what_hides_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must not"):
        safe_argument(text)


@given(st.text())
def test_whatever_passes_is_one_visible_line_that_is_no_option(text: str) -> None:
    try:
        passed = safe_argument(text)
    except ValueError:
        return
    assert passed == text
    assert not text.startswith("-")
    assert text.encode("utf-8")
    assert len(text.splitlines()) == 1
    assert all(char >= " " for char in text)
