"""Markdown that shows foreign text as it is: log lines and parameters can neither format nor link."""

from collections.abc import Iterable


def fenced(text: str) -> str:
    """Return the text in a code fence longer than any run of backticks in it."""
    fence = "`" * max(3, 1 + _longest_run(text))
    return f"{fence}\n{visible(text)}\n{fence}"


def code(text: str) -> str:
    """Return the text as inline code, whatever backticks it holds."""
    text = visible(text).replace("\n", " ")
    ticks = "`" * (1 + _longest_run(text))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def plain(text: str) -> str:
    """Return prose with what Markdown and HTML would interpret escaped."""
    escaped = visible(text).replace("\n", " ")
    for character in "\\`*_[]<>|#~$!":
        escaped = escaped.replace(character, "\\" + character)
    return escaped


def bullets(items: Iterable[str]) -> str:
    """Return one bullet per item; the items are Markdown already."""
    return "\n".join(f"- {item}" for item in items)


def visible(text: str) -> str:
    """Return the text with control and bidirectional characters written out."""
    return "".join(char if char in "\n\t" or char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
