"""`ops-assistant digest PATH...`: reads logs and prints what they say."""

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from ..tools.errors import InputError

_AGE = re.compile(r"(\d+)\s*(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?)(?:\s+ago)?")
_CLOCK = re.compile(r"\d\d?:\d\d(?::\d\d)?")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def digest_command(
    paths: Annotated[
        list[str], typer.Argument(help="Files, folders, globs, or - for stdin.", metavar="PATH...")
    ],
    since: Annotated[
        str | None,
        typer.Option(
            help="Start: ISO 8601 (UTC unless it says otherwise), 10:45 (the last one, UTC), or 2h, 30m, 1d ago."
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(help="End, in the same forms.")] = None,
    budget: Annotated[int, typer.Option(help="Tokens the rendered digest may take.", min=200)] = 6000,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the digest as an engine reads it.")] = False,
) -> None:
    """Read every line of logs and print what explains an incident. Exit codes: 0 done, 2 nothing could be read."""
    from ..tools.digest import Window, digest_logs, discover_sources, render_digest
    from .digest_view import show_digest, warn

    window = Window(start=_moment(since, "--since"), end=_moment(until, "--until"))
    if window.start and window.end and window.start > window.end:
        raise InputError("--since lies after --until: expected a window that starts before it ends")
    sources, problems = discover_sources(paths)
    total = _size(path for source in sources for path in source.paths)
    with _progress(total) as advance:
        digest = digest_logs(paths, window=window, progress=advance, processes=2)
    for note in dict.fromkeys([*problems, *(note for note in digest.notes if "; read up to there" in note)]):
        warn(note)
    if json_:
        sys.stdout.write(digest.model_dump_json() + "\n")
    elif text:
        sys.stdout.write(render_digest(digest, budget_tokens=budget) + "\n")
    else:
        show_digest(digest, budget)


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    now = datetime.now(UTC)
    if age := _AGE.fullmatch(text.strip().lower()):
        return now - timedelta(seconds=int(age.group(1)) * _UNITS[age.group(2)[0]])
    try:
        if _CLOCK.fullmatch(text.strip()):
            moment = datetime.fromisoformat(f"{now:%Y-%m-%d}T{text.strip():0>5}+00:00")
            return moment if moment <= now else moment - timedelta(days=1)
        return datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise InputError(
            f"{option} {text!r}: expected a time such as 2026-11-23T07:00:00Z or 07:00 (UTC), or an age such as 2h"
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
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

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
