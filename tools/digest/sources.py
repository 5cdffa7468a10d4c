"""Finds the log sources behind files, folders, globs and stdin; rotated files become one source in time order."""

import glob
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from ..errors import InputError

STDIN = "-"
_COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
_NOT_LOGS = frozenset(
    [
        ".py",
        ".pyc",
        ".so",
        ".js",
        ".ts",
        ".css",
        ".html",
        ".md",
        ".rst",
        ".conf",
        ".cfg",
        ".ini",
        ".toml",
        ".yaml",
        ".yml",
        ".lock",
        ".pid",
        ".sock",
        ".db",
        ".sqlite",
        ".sqlite3",
        ".wal",
        ".png",
        ".jpg",
        ".gif",
        ".svg",
        ".ico",
        ".pdf",
        ".zip",
        ".tar",
        ".tgz",
        ".whl",
        ".jar",
        ".class",
        ".exe",
        ".dll",
        ".key",
        ".pem",
        ".crt",
        ".sh",
        ".c",
        ".h",
        ".go",
        ".rs",
        ".java",
        ".csv",
        ".parquet",
        ".pickle",
        ".npz",
    ]
)
# `app.log.2`, `app.log.2.gz`, `app.log-20260101`, `app-2026-01-01.log`
_ROTATED = re.compile(
    r"(?P<base>.+?)(?:\.(?P<n>\d{1,4})|[.-](?P<date>\d{4}-?\d\d-?\d\d(?:[-T_]?\d{2,6})?)(?P<tail>\.log)?)$"
)
_MAX_FILES = 2000


class LogSource(BaseModel):
    """One log: a file, or a rotated set of files in time order, oldest first."""

    id: str = Field(description="`s1`, `s2`, ...")
    name: str
    paths: list[str] = Field(description="Absolute paths, oldest first; `-` is stdin.")


def unread_sources(found: Iterable[LogSource], read: Iterable[LogSource]) -> list[LogSource]:
    """Return those of `found` of which no file is among those of `read`."""
    paths = {path for source in read for path in source.paths}
    return [source for source in found if paths.isdisjoint(source.paths)]


def discover_sources(paths: Sequence[str | Path]) -> tuple[list[LogSource], list[str]]:
    """Return the sources behind `paths` (files, folders, globs, `-`) and notes on what cannot be read.

    Raises InputError, naming what was expected, if there is nothing to read at all."""
    if not paths:
        raise InputError("no log given: expected files, folders, globs or - for stdin")
    notes: list[str] = []
    files: dict[str, str] = {}
    for given in map(str, paths):
        for file in _expand(given, notes):
            files.setdefault(os.path.realpath(file) if file != STDIN else file, file)
    sources = [
        LogSource(id=f"s{number}", name=name, paths=members)
        for number, (name, members) in enumerate(_rotated_sets(files.values()), start=1)
    ]
    if not sources:
        raise InputError(
            "no log could be read: " + ("; ".join(notes) or "nothing matches " + ", ".join(map(str, paths)))
        )
    return sources, notes


def _expand(given: str, notes: list[str]) -> Iterable[str]:
    if given == STDIN:
        return [STDIN]
    path = Path(given)
    try:
        if path.is_dir():
            return _files_in(path, notes)
        if path.exists():
            return [given] if _readable(path, notes) else []
    except OSError as error:
        notes.append(f"{given}: {error.strerror}")
        return []
    matches = sorted(glob.glob(given, recursive=True)) if glob.has_magic(given) else []  # noqa: PTH207 - patterns may be absolute
    found = [match for match in matches if Path(match).is_file() and _readable(Path(match), notes)]
    if not found:
        notes.append(
            f"{given}: " + ("no file matches" if glob.has_magic(given) else "no such file or folder")
        )
    return found


def _readable(path: Path, notes: list[str]) -> bool:
    if os.access(path, os.R_OK):
        return True
    notes.append(f"{path}: permission denied")
    return False


def _files_in(folder: Path, notes: list[str]) -> list[str]:
    found: list[str] = []

    def complain(error: OSError) -> None:
        notes.append(f"{error.filename}: {error.strerror}")

    for root, folders, names in os.walk(folder, onerror=complain):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root) / name
            if name.startswith(".") or path.suffix.lower() in _NOT_LOGS or not path.is_file():
                continue
            if _readable(path, notes) and _looks_like_log(path):
                found.append(str(path))
            if len(found) >= _MAX_FILES:
                notes.append(f"{folder}: only the first {_MAX_FILES} files are read")
                return found
    if not found:
        notes.append(f"{folder}: no logs in this folder")
    return found


def _looks_like_log(path: Path) -> bool:
    """A compressed file passes; any other must be text."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    if path.suffix in _COMPRESSED or not head:
        return bool(head)
    control = sum(1 for byte in head if byte < 9 or 13 < byte < 27)
    return control <= len(head) * 0.1


def _rotated_sets(files: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Group `app.log`, `app.log.1`, `app.log.2.gz` under their base name, oldest first."""
    sets: dict[str, list[tuple[tuple[int, str, int], str]]] = {}
    for file in files:
        base, order = _rotation(file)
        sets.setdefault(base, []).append((order, file))
    result = []
    for base, members in sets.items():
        ordered = [file for _, file in sorted(members)]
        name = "stdin" if ordered == [STDIN] else (ordered[0] if len(ordered) == 1 else base)
        result.append((name, [file if file == STDIN else str(Path(file).absolute()) for file in ordered]))
    return result


def _rotation(file: str) -> tuple[str, tuple[int, str, int]]:
    """Return (base name, sort key that puts the oldest first)."""
    stem = file
    for suffix in _COMPRESSED:
        stem = stem.removesuffix(suffix)
    match = _ROTATED.match(stem)
    if match is None:
        return stem, (2, "", 0)
    if match.group("n"):
        return match.group("base"), (1, "", -int(match.group("n")))
    return match.group("base") + (match.group("tail") or ""), (0, re.sub(r"\D", "", match.group("date")), 0)
