"""Named commands: the argv is fixed, the holes are typed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ops_assistant.tools.errors import InputError
from ops_assistant.tools.runbook import RunbookCommand


def command(*argv: str, **params: dict[str, Any]) -> RunbookCommand:
    return RunbookCommand.model_validate({"argv": list(argv), "params": params})


NUMBER = {"type": "integer", "min": 1, "max": 500}
WORD = {"type": "text", "pattern": "[a-z-]+"}


@pytest.mark.parametrize(
    ("argv", "params", "words"),
    [
        ([], {}, "at least 1"),
        (["{tool}"], {"tool": WORD}, "program must be fixed"),
        (["-x"], {}, "begin with a dash"),
        (["queuectl", "a\nb"], {}, "control character"),
        (["sh", "-c", "echo {word}"], {"word": WORD}, "shell with options"),
        (["/bin/bash", "-lc", "true"], {}, "shell with options"),
        (["queuectl", "{count}"], {}, "holes"),
        (["queuectl"], {"count": NUMBER}, "holes"),
        (["queuectl", "{w}"], {"w": {"type": "text", "pattern": "("}}, "no regular expression"),
        (["queuectl", "{w}"], {"w": {"type": "choice", "choices": ["-rf"]}}, "begin with a dash"),
        (["queuectl", "{w}"], {"w": {"type": "float"}}, "float"),
    ],
)
def test_a_command_that_is_not_fixed_is_no_command(argv: list[str], params: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        command(*argv, **params)


def test_holes_are_filled_inside_and_as_whole_arguments() -> None:
    retry = command("queuectl", "--queue={queue}", "{count}", "{queue}", queue=WORD, count=NUMBER)
    assert retry.render({"queue": "mail", "count": "007"}) == ["queuectl", "--queue=mail", "7", "mail"]


def test_what_is_filled_in_is_not_read_again() -> None:
    twice = command("x", "{a}{b}", a={"type": "text", "pattern": ".*"}, b=WORD)
    assert twice.render({"a": "{b}", "b": "c"}) == ["x", "{b}c"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"word": "a"}, "exactly"),
        ({"word": "a", "count": 1, "more": 1}, "exactly"),
        ({"word": "A", "count": 1}, "`word` must match"),
        ({"word": "a\n", "count": 1}, "`word` must match"),
        ({"word": "-rf", "count": 1}, "`word` must not begin with a dash"),
        ({"word": "a" * 201, "count": 1}, "at most 200"),
        ({"word": "a", "count": 0}, "`count` must be from 1 to 500"),
        ({"word": "a", "count": "1e2"}, "whole number"),
        ({"word": "a", "count": "٣"}, "whole number"),
        ({"word": "a", "count": "9" * 5_000}, "whole number"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, str | int], words: str) -> None:
    with pytest.raises(InputError, match=words):
        command("x", "{word}", "{count}", word=WORD, count=NUMBER).render(arguments)


@given(st.text(max_size=50))
def test_an_argument_never_adds_another_or_becomes_an_option(text: str) -> None:
    free = command("x", "{any}", any={"type": "text", "pattern": "(?s).*"})
    try:
        argv = free.render({"any": text})
    except InputError:
        return
    assert argv == ["x", text]
    assert not text.startswith("-")
