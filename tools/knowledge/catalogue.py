"""All cases of a knowledge base in memory: the packaged seed and the user's, parsed once per content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from .loading import case_files, parse_files
from .models import Case
from .store import CaseFiles

_CASES = TypeAdapter(list[Case])
_SCHEMA = hashlib.blake2b(
    orjson.dumps(_CASES.json_schema(), option=orjson.OPT_SORT_KEYS), digest_size=8
).hexdigest()


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
    digest = hashlib.blake2b(_SCHEMA.encode(), digest_size=16)
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
    try:
        return _CASES.validate_json(path.read_bytes(), context={"checked": True})
    except (OSError, ValidationError):
        return None


def _write(path: Path, cases: list[Case]) -> None:
    from .store import write_atomically

    write_atomically(path, _CASES.dump_json(cases).decode())
    for old in path.parent.glob("cases-*.json"):
        if old != path:
            old.unlink(missing_ok=True)
