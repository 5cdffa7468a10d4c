"""The report as one self-contained page: no script, nothing loaded from anywhere."""

from html import escape

from markdown_it import MarkdownIt

_STYLE = """
:root {
  color-scheme: light dark;
  --line: #d5d9de; --soft: #f4f6f8; --ink: #1c2430; --paper: #fff; --accent: #1f5fa8;
}
@media (prefers-color-scheme: dark) {
  :root { --line: #343c47; --soft: #1d232b; --ink: #e4e8ed; --paper: #14181d; --accent: #7fb2ec; }
}
body {
  font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 56rem; margin: 2rem auto; padding: 0 1.2rem;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .6rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .7rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; color: var(--accent); }
pre {
  background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .7rem .9rem;
  font-size: .85rem; line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere;
}
code {
  font-family: ui-monospace, monospace; font-size: .9em;
  background: var(--soft); padding: .1em .3em; border-radius: 4px;
}
pre code { background: none; padding: 0; font-size: inherit; }
li { margin: .2rem 0; }
"""


def report_page(markdown: str, *, title: str) -> str:
    """Return the Markdown report as an HTML page; HTML inside it is shown, never interpreted."""
    body = MarkdownIt("commonmark", {"html": False}).render(markdown)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n{body}</body></html>\n"
    )
