"""A digest on a terminal: counts, a small timeline, who failed first, the lines that explain most."""

from rich.console import Console
from rich.text import Text

from ..tools.digest import LogDigest, Template, estimate_tokens

_COLOURS = {
    "fatal": "bold red",
    "error": "red",
    "warn": "yellow",
    "info": "green",
    "debug": "dim",
    "none": "",
}
MAX_SHOWN = 40  # templates; more do not help on a terminal
_BLOCKS = " ▁▂▃▄▅▆▇█"


def warn(note: str) -> None:
    """Print a warning on stderr."""
    Console(stderr=True, highlight=False).print(Text(f"warning: {note}", style="yellow"), soft_wrap=True)


def show_digest(digest: LogDigest, budget: int) -> None:
    """Print the coloured summary; templates go on until the budget is used up."""
    console = Console(highlight=False)
    console.print(
        f"[bold]{digest.lines_read:,} of {digest.lines_read:,} lines read[/bold], "
        f"{digest.lines_outside_window:,} outside the window, "
        f"{digest.lines_unparsed:,} without a recognised form"
    )
    if digest.first:
        console.print(f"{digest.first} to {digest.last} (UTC)")
    if digest.lines_read and digest.lines_outside_window == digest.lines_read:
        spans = [time for source in digest.sources for time in (source.first, source.last) if time]
        console.print(
            f"no line lies inside the window; the logs run from {min(spans, default='?')} to {max(spans, default='?')}",
            style="yellow",
            soft_wrap=True,
        )
    if digest.levels:
        console.print(
            Text("  ").join(
                Text(f"{level} {count:,}", style=_COLOURS[level]) for level, count in digest.levels.items()
            )
        )
    for source in digest.sources[:20]:
        console.print(
            Text(
                f"  {source.id}  {source.name}  ({source.format}, {source.lines_read:,} lines)", style="dim"
            ),
            soft_wrap=True,
        )
    _show_timeline(console, digest)
    for stack in digest.stacks[:5]:
        console.print(
            Text(f"{stack.count}x {stack.exception}: {stack.message[:160]}", style="red"), soft_wrap=True
        )
        if stack.deepest_own_frame:
            console.print(Text(f"    {stack.deepest_own_frame}", style="dim"))
    _show_links(console, digest)
    used, shown = 0, 0
    lines = {line.id: line for line in digest.evidence}
    for template in digest.templates:
        example = next((lines[name] for name in template.examples if name in lines), None)
        words = f"[{example.id}] {example.text[:300]}" if example else template.template[:300]
        used += estimate_tokens(words) + 12
        if used > budget or shown == MAX_SHOWN:
            break
        shown += 1
        head = f"{template.level:5} {template.count:>7,}x {(template.first or '')[11:19]:8} "
        mark = f" ({template.change})" if template.change else ""
        console.print(Text(head, style=_COLOURS[template.level]) + Text(words + mark), soft_wrap=True)
        if facts := _facts(template):
            console.print(Text(f"{'':24}{facts}", style="dim"), soft_wrap=True)
    if shown < len(digest.templates):
        console.print(
            Text(
                f"{len(digest.templates) - shown} more templates: see --json or a larger --budget",
                style="dim",
            )
        )
    for note in digest.notes:
        console.print(Text(f"note: {note}", style="dim"), soft_wrap=True)


def _facts(template: Template) -> str:
    """Return what varies in a template: numbers that climb, codes and words with their counts."""
    parts = [f"{trend.name} {trend.first:g} -> {trend.last:g}" for trend in template.trends]
    parts += [
        f"{name}: " + ", ".join(f"{word} {count:,}" for word, count in list(words.items())[:6])
        for name, words in template.values.items()
    ]
    return "; ".join(parts)


def _show_links(console: Console, digest: LogDigest) -> None:
    """Print who failed first, and the requests that failed on their way."""
    for link in [link for link in digest.links if link.bad][:4]:
        name = "first errors" if link.kind == "time" else f"request {link.id}"
        stops = " -> ".join(
            f"{stop.service} {(stop.time or '')[11:19]} [{stop.evidence}]" for stop in link.stops[:6]
        )
        console.print(Text(f"{name}: {stops}", style="magenta"), soft_wrap=True)


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
