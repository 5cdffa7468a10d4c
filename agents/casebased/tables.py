"""What tables of commands show that somebody added to the logs: a busy process of `ps`, a full file system of `df`."""

import re
from collections.abc import Iterator

from ...tools.digest.models import EvidenceLine, LogDigest
from .signs import Sign

_STRENGTH = 0.55
# The columns of `ps` and `top`: the share of one processor, and the state, of which R means that it runs.
_CPU_COLUMN, _STATE_COLUMNS = "%CPU", ("STAT", "S")
_BUSY = 60.0  # percent; `ps` gives the mean since the process began
# The columns of `df`, with what is used up when they are full; images and snaps always are.
_USE_COLUMNS = {"Use%": "disk-full", "IUse%": "file-descriptor-exhaustion"}
_FULL = 97.0  # percent
_ALWAYS_FULL = re.compile(r"^/dev/loop|^squashfs|^iso9660|/snap/")


def table_signs(digest: LogDigest) -> list[Sign]:
    """Return a sign for each row that shows a resource used up; of processes, sorted or not, only the first row."""
    signs = []
    for place, row, line in _rows(digest):
        state = next((row[name] for name in _STATE_COLUMNS if name in row), "")
        if place == 1 and state.startswith("R") and _percent(row.get(_CPU_COLUMN, "")) >= _BUSY:
            signs.append(Sign("cpu-saturation", "busy process", line, 2, _STRENGTH, None))
        for name, mode in _USE_COLUMNS.items():
            if _percent(row.get(name, "")) >= _FULL and not _ALWAYS_FULL.search(line.text):
                signs.append(Sign(mode, "full file system", line, 2, _STRENGTH, None))
    return signs


def _rows(digest: LogDigest) -> Iterator[tuple[int, dict[str, str], EvidenceLine]]:
    """Yield each row below a known heading: its place from 1 on, its cells by column, its line."""
    source, columns, place = "", list[str](), 0
    for line in sorted(digest.evidence, key=lambda line: (line.source, line.line)):
        cells = line.text.split()
        if _CPU_COLUMN in cells or not _USE_COLUMNS.keys().isdisjoint(cells):
            source, columns, place = line.source, cells, 0
        elif columns and line.source == source:
            place += 1
            yield place, dict(zip(columns, cells, strict=False)), line


def _percent(text: str) -> float:
    try:
        return float(text.removesuffix("%"))
    except ValueError:
        return 0.0
