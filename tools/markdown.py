"""Foreign text (log lines, parameters, a model's prose) in Markdown and terminals: shown as it is, and inert."""

import re
from collections.abc import Iterable

ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&])")
_SCHEME = re.compile(r"\b(https?|ftp|file|javascript|data|mailto|vbscript)(:)", re.IGNORECASE)
_LIST_START = re.compile(r"^(\s*)(\d+)([.)])|^(\s*)([-=])", re.MULTILINE)


def visible(text: str, *, keep_newlines: bool = False) -> str:
    r"""Return `text` without terminal escapes, and with every unseen character written out as `\u200b`.

    Direction overrides and zero-width characters can make text read as something else than it is.
    """
    if not keep_newlines:
        text = text.replace("\r\n", " ").replace("\n", " ")
    return UNSEEN.sub(lambda m: f"\\u{ord(m[0]):04x}", ANSI.sub("", text).replace("\r\n", "\n"))


def plain(text: str) -> str:
    """Return `text` for use in Markdown prose: no link, image, HTML, emphasis or heading comes to life.

    Addresses are defanged (`https[:]//host`), since viewers link a bare one by themselves.
    """
    escaped = _MARKDOWN.sub(r"\\\1", visible(text))
    escaped = _LIST_START.sub(lambda m: f"{m[1]}{m[2]}\\{m[3]}" if m[2] else f"{m[4]}\\{m[5]}", escaped)
    return _SCHEME.sub(r"\1\\[:\\]", escaped).replace("www.", "www\\[.\\]")


def code(text: str) -> str:
    """Return `text` as inline code that no backtick in it can end."""
    shown = visible(text)
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fenced(text: str) -> str:
    """Return `text` as a fenced code block that no line in it can end."""
    shown = visible(text, keep_newlines=True)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    return f"{fence}\n{shown}\n{fence}"


def bullets(items: Iterable[str]) -> str:
    """Return one bullet per item; the items are Markdown already."""
    return "\n".join(f"- {item}" for item in items)
