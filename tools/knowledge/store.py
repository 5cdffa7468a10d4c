"""The user's cases as plain YAML files, one per case: the source of truth that no index can lose."""

import os
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError
from .loading import parse_files
from .models import Case


class CaseFiles:
    """The folder `cases/`; writes are atomic (a new file renamed over the old one)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def contents(self) -> dict[str, bytes]:
        """Return the files' content by path."""
        return {str(path): path.read_bytes() for path in sorted(self._folder.glob("*.yaml"))}

    def cases(self) -> list[Case]:
        """Return all cases; raises `InputError` naming file, line and field of a bad one."""
        return parse_files(self.contents())

    def path(self, case_id: str) -> Path:
        """Return where the case with this id is kept."""
        return self._folder / f"{case_id}.yaml"

    def write(self, case: Case) -> Path:
        """Store `case`, replacing its file if there is one."""
        path = self.path(case.id)
        write_atomically(path, to_yaml([case]))
        return path

    def delete(self, case_id: str) -> None:
        """Remove the case's file; raises `InputError` if there is none."""
        try:
            self.path(case_id).unlink()
        except FileNotFoundError:
            raise InputError(f"no user case `{case_id}`") from None


def to_yaml(cases: list[Case]) -> str:
    """Return `cases` as the text of a case file; empty optional fields are left out."""
    rows: list[dict[str, Any]] = [case.model_dump(mode="json", exclude_defaults=True) for case in cases]
    return yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=110)


def write_atomically(path: Path, text: str) -> None:
    """Write `text` so that a reader, or a crash, sees the old file or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
