"""The parts of which a terminal page is made. Foreign text is printed as text: no markup, nothing hidden."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..tools.markdown import visible

COLOURS = {
    "critical": "bold red", "high": "red", "medium": "yellow", "low": "green",
    "succeeded": "green", "failed": "bold red", "unknown": "bold yellow",
    "recovered": "green", "unchanged": "yellow", "worse": "bold red", "unverified": "yellow",
    "awaiting_approval": "bold yellow", "completed": "green", "rejected": "yellow", "aborted": "yellow",
}  # fmt: skip


def console() -> Console:
    """Return the console for stdout: colours and width of the terminal; never cut when piped."""
    made = Console(highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(highlight=False, width=120)


def section(out: Console, title: str, *parts: Any) -> None:
    """Print a title and what stands under it."""
    out.print()
    out.print(Text(title, "bold cyan"))
    for part in parts:
        out.print(Padding(part, (0, 0, 0, 2)))


def facts(rows: Iterable[tuple[str, str | Text]]) -> Table:
    """Return names and values in two columns; empty values are left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        if value:
            table.add_row(name, value if isinstance(value, Text) else shown(value))
    return table


def bullet(text: str) -> Padding:
    """Return one item of a list."""
    return Padding(shown(f"- {text}"), (0, 0, 0, 2))


def shown(text: str) -> Text:
    """Return foreign text, made visible, as it is printed."""
    return Text(visible(text, keep_newlines=True))
