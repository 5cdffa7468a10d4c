"""Foreign text in Markdown: it can neither format, nor link, nor hide."""

import pytest
from markdown_it import MarkdownIt

from ops_assistant.graph.markdown import code, fenced, plain

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
