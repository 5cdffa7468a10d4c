"""`ops-assistant digest PATH...`: reads logs and prints what they say."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ..tools.digest import LogDigest, Window, digest_logs, discover_sources, estimate_tokens, render_digest
from ..tools.errors import InputError

_COLOURS = {
    "fatal": "bold red",
    "error": "red",
    "warn": "yellow",
    "info": "green",
    "debug": "dim",
    "none": "",
}
_BLOCKS = " ▁▂▃▄▅▆▇█"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def digest_command(
    paths: Annotated[
        list[str], typer.Argument(help="Files, folders, globs, or - for stdin.", metavar="PATH...")
    ],
    since: Annotated[
        str | None, typer.Option(help="Start: ISO 8601 (UTC unless it says otherwise), or 2h, 30m, 1d ago.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="End, in the same forms.")] = None,
    budget: Annotated[int, typer.Option(help="Tokens the rendered digest may take.", min=200)] = 6000,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the digest as an engine reads it.")] = False,
) -> None:
    """Read every line of logs and print what explains an incident. Exit codes: 0 done, 2 nothing could be read."""
    window = Window(start=_moment(since, "--since"), end=_moment(until, "--until"))
    if window.start and window.end and window.start > window.end:
        raise InputError("--since lies after --until: expected a window that starts before it ends")
    sources, problems = discover_sources(paths)
    total = _size(path for source in sources for path in source.paths)
    with _progress(total) as advance:
        digest = digest_logs(paths, window=window, progress=advance, processes=2)
    errors = Console(stderr=True, highlight=False)
    for note in dict.fromkeys([*problems, *(note for note in digest.notes if "; read up to there" in note)]):
        errors.print(Text(f"warning: {note}", style="yellow"))
    if json_:
        sys.stdout.write(digest.model_dump_json() + "\n")
    elif text:
        sys.stdout.write(render_digest(digest, budget_tokens=budget) + "\n")
    else:
        _show(digest, budget)


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    if text[:-1].isdigit() and text[-1] in _UNITS:
        return datetime.now(UTC) - timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{option} {text!r}: expected a time such as 2026-11-23T07:00:00Z, or an age such as 2h"
        ) from None


def _size(paths: Iterator[str]) -> int | None:
    """Bytes on disk, None if a part is stdin or gone."""
    try:
        return sum(Path(path).stat().st_size for path in paths)
    except OSError:
        return None


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int, int], None] | None]:
    """Show bytes, lines per second and time on stderr if it is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("reading"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("reading", total=total, rate="")
        begin, seen = time.monotonic(), 0

        def advance(size: int, lines: int) -> None:
            nonlocal seen
            seen += lines
            progress.update(
                task, advance=size, rate=f"{seen / max(time.monotonic() - begin, 0.001):,.0f} lines/s"
            )

        yield advance


def _show(digest: LogDigest, budget: int) -> None:
    """Print the coloured summary; templates go on until the budget is used up."""
    console = Console(highlight=False)
    console.print(
        f"[bold]{digest.lines_read:,} of {digest.lines_read:,} lines read[/bold], "
        f"{digest.lines_outside_window:,} outside the window, "
        f"{digest.lines_unparsed:,} without a recognised form"
    )
    if digest.first:
        console.print(f"{digest.first} to {digest.last} (UTC)")
    console.print(
        Text("  ").join(
            Text(f"{level} {count:,}", style=_COLOURS[level]) for level, count in digest.levels.items()
        )
    )
    for source in digest.sources[:20]:
        console.print(
            Text(f"  {source.id}  {source.name}  ({source.format}, {source.lines_read:,} lines)", style="dim")
        )
    _show_timeline(console, digest)
    for stack in digest.stacks[:5]:
        console.print(Text(f"{stack.count}x {stack.exception}: {stack.message[:160]}", style="red"))
        if stack.deepest_own_frame:
            console.print(Text(f"    {stack.deepest_own_frame}", style="dim"))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("level", "count", "first", "evidence"):
        table.add_column(name, justify="right" if name == "count" else "left", overflow="fold")
    used, shown = 0, 0
    lines = {line.id: line for line in digest.evidence}
    for template in digest.templates:
        example = next((lines[name] for name in template.examples if name in lines), None)
        words = f"[{example.id}] {example.text[:300]}" if example else template.template[:300]
        used += estimate_tokens(words) + 12
        if used > budget or shown == 40:
            break
        shown += 1
        style, mark = _COLOURS[template.level], f" ({template.change})" if template.change else ""
        table.add_row(
            Text(template.level, style=style),
            f"{template.count:,}",
            (template.first or "")[11:19],
            Text(words + mark),
        )
    console.print(table)
    if shown < len(digest.templates):
        console.print(
            Text(
                f"{len(digest.templates) - shown} more templates: see --json or a larger --budget",
                style="dim",
            )
        )
    for note in digest.notes:
        console.print(Text(f"note: {note}", style="dim"))


def _show_timeline(console: Console, digest: LogDigest) -> None:
    """Print one row of blocks for all lines and one for warnings and worse."""
    if len(digest.timeline) < 2:
        return
    rows = {
        "all lines": ([sum(bucket.levels.values()) for bucket in digest.timeline], "green"),
        "warn and worse": (
            [
                sum(bucket.levels.get(level, 0) for level in ("fatal", "error", "warn"))
                for bucket in digest.timeline
            ],
            "red",
        ),
    }
    for name, (counts, style) in rows.items():
        top = max(counts) or 1
        bars = "".join(_BLOCKS[-(-count * 8 // top)] for count in counts)
        console.print(
            Text(f"{name:15}")
            + Text(bars, style=style)
            + Text(f" max {max(counts):,} per {digest.timeline[0].seconds:g} s", style="dim")
        )
