"""Foreign text in Markdown: it can neither format, nor link, nor hide."""

import pytest
from markdown_it import MarkdownIt

from ops_assistant.tools.markdown import code, fenced, plain, visible

HOSTILE = [
    "[click](http://evil.example)",
    "![x](http://evil.example/a.png)",
    "<script>alert(1)</script>",
    "**bold** _it_",
    "```\n# heading\n```",
    "`` ` ``",
    "a\u202eb",
    "| a | b |",
    "# heading",
    "<http://evil.example>",
    "&lt;b&gt;",
    "~~~\nx",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("show", [code, fenced, plain])
def test_hostile_text_makes_no_link_image_or_tag(show, text: str) -> None:
    html = MarkdownIt("commonmark", {"html": False}).render(
        f"- before {show(text)}" if show is not fenced else show(text)
    )
    for tag in ("<a ", "<img", "<script", "<strong", "<em>", "<h1"):
        assert tag not in html
    assert "\u202e" not in html


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert fenced("````").splitlines()[0] == "`````"


def test_unseen_characters_become_visible() -> None:
    assert visible("a\x1b[31mb\u202ec\u200bd\x07e\nf") == "ab\\u202ec\\u200bd\\u0007e f"
    assert visible("a\nb", keep_newlines=True) == "a\nb"


@pytest.mark.parametrize(
    "text",
    [
        "[click](https://evil.example/x)",
        "![x](https://evil.example/leak?data=1)",
        "<img src=x onerror=alert(1)>",
        "# heading",
        "https://evil.example/x",
        "<https://evil.example>",
        "[ref]: javascript:alert(1)",
        "a | b",
    ],
)
def test_markdown_from_logs_stays_text(text: str) -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(plain(text))
    assert "<a" not in html
    assert "<img" not in html
    assert "<h1" not in html
    assert "://" not in html  # viewers link a bare address by themselves
    assert html.startswith("<p>")


def test_nothing_ends_a_code_span_or_block_early() -> None:
    assert code("a`b``c") == "```a`b``c```"
    assert code("`a`") == "`` `a` ``"
