"""All cases of a knowledge base in memory: the packaged seed and the user's, parsed once per content."""

import gc
import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from . import models
from .loading import case_files, parse_files
from .models import Case
from .store import CaseFiles, write_atomically

_CASES = TypeAdapter(list[Case])
# Cases kept under another version of their model are of no use; its source is the cheapest thing to compare.
_MODEL = Path(models.__file__).read_bytes()


@dataclass(frozen=True)
class Catalogue:
    """`cases` in a fixed order (seed first); `fingerprint` changes with any byte of any case file."""

    cases: list[Case]
    fingerprint: str


def load_catalogue(user: CaseFiles, *, seed: bool, cache: Path) -> Catalogue:
    """Return all cases. A user case with the id of a seed case replaces it.

    Parsing and checking YAML takes seconds for some hundred cases, so the result is kept in the folder
    `cache` under the fingerprint of the files it came from. Raises `InputError` for a bad file.
    """
    seed_files = case_files() if seed else {}
    user_files = user.contents()
    digest = hashlib.blake2b(_MODEL, digest_size=16)
    for name, data in (*seed_files.items(), *user_files.items()):
        digest.update(b"%d %s %d\n" % (len(name), name.rpartition("/")[2].encode(), len(data)) + data)
    fingerprint = digest.hexdigest()
    kept = cache / f"cases-{fingerprint}.json"
    cases = _read(kept)
    if cases is None:
        cases = _merged(parse_files(seed_files), parse_files(user_files))
        _write(kept, cases)
    return Catalogue(cases, fingerprint)


def _merged(seed: list[Case], user: list[Case]) -> list[Case]:
    by_id = {case.id: case for case in seed}
    for case in user:
        # A file that says nothing about its source, put there by hand, is the user's too.
        by_id[case.id] = case.model_copy(update={"source": "user"}) if case.source == "seed" else case
    return list(by_id.values())


def _read(path: Path) -> list[Case] | None:
    # The thousands of objects made here all stay: looking for garbage among them takes most of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _CASES.validate_json(path.read_bytes(), context={"checked": True})
    except (OSError, ValidationError):
        return None
    finally:
        if collecting:
            gc.enable()


def _write(path: Path, cases: list[Case]) -> None:
    write_atomically(path, _CASES.dump_json(cases, exclude_defaults=True).decode())
    for old in path.parent.glob("cases-*.json"):
        if old != path:
            old.unlink(missing_ok=True)
