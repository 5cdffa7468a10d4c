"""Reading case files: YAML lists of cases, with errors that name file, line, field and what is expected."""

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ..errors import InputError
from .models import Case

MODES_FILE = "failure_modes.yaml"
NO_FAULT = "no-fault"

# libyaml parses ten times faster; PyYAML wheels have it, a source build may not.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def packaged_seed() -> Traversable:
    """Return the folder of the cases that come with the package."""
    return resources.files(f"{__package__.split('.', maxsplit=1)[0]}.kb_seed")


@cache
def failure_modes() -> dict[str, str]:
    """Return every failure mode, slug to description, in the file's order; `no-fault` is among them."""
    modes: dict[str, str] = yaml.load(packaged_seed().joinpath(MODES_FILE).read_bytes(), _Loader)  # noqa: S506
    return modes


def case_files(folder: Path | None = None) -> dict[str, bytes]:
    """Return the content of each case file (`*.yaml`) in `folder` (None: the packaged seed), by file name."""
    root: Traversable = packaged_seed() if folder is None else folder
    entries = [item for item in root.iterdir() if item.name.endswith((".yaml", ".yml"))]
    return {item.name: item.read_bytes() for item in sorted(entries, key=lambda item: item.name)
            if item.name != MODES_FILE}  # fmt: skip


def load_cases(folder: Path | None = None) -> list[Case]:
    """Return the cases of all `*.yaml` files in `folder`; None means the packaged seed.

    Raises `InputError` naming file, line, field and what is expected for the first bad files met; an
    unknown failure mode and an id that is used twice are errors too.
    """
    if folder is not None and not folder.is_dir():
        raise InputError(f"{folder}: no such folder of case files")
    prefix = "" if folder is None else f"{folder}/"
    return parse_files({prefix + name: data for name, data in case_files(folder).items()})


def parse_files(files: dict[str, bytes]) -> list[Case]:
    """Return the cases in `files` (name to YAML text); all problems are reported in one `InputError`."""
    cases: list[Case] = []
    problems: list[str] = []
    first_seen: dict[str, tuple[str, int]] = {}  # file name and position in it
    for name, data in files.items():
        found, bad = _parse_file(name, data)
        problems += bad
        for case, index in found:
            if case.id in first_seen:
                (here, first) = (
                    f"{file}:{_line(_tree(files[file]), (number,))}"
                    for file, number in ((name, index), first_seen[case.id])
                )
                problems.append(f"{here}: id `{case.id}` is already used in {first}")
            first_seen.setdefault(case.id, (name, index))
            cases.append(case)
    if problems:
        more = f"\n... and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise InputError("\n".join(problems[:20]) + more)
    return cases


def parse_case(data: Any, origin: str) -> Case:
    """Return `data` (a mapping) as a case; raises `InputError` naming `origin` and each bad field."""
    if not isinstance(data, dict):
        raise InputError(f"{origin}: expected a mapping with id, title, ...; found {type(data).__name__}")
    try:
        case = Case.model_validate(data)
    except ValidationError as error:
        raise InputError("\n".join(f"{origin}: {text}" for _, text in _problems(error))) from None
    check_modes(case, origin)
    return case


def check_modes(case: Case, origin: str) -> None:
    """Raise `InputError` if `case` names a failure mode that does not exist (or has none to cure)."""
    known = failure_modes()
    for field, slug in [("failure_mode", case.failure_mode)] + [
        (f"confused_with.{index}.failure_mode", item.failure_mode)
        for index, item in enumerate(case.confused_with)
    ]:
        if slug not in known or (field == "failure_mode" and slug == NO_FAULT):
            raise InputError(f"{origin}: {field}: `{slug}` is not a failure mode; {_nearest(slug, known)}")


def _parse_file(name: str, data: bytes) -> tuple[list[tuple[Case, int]], list[str]]:
    """Return the good cases with their positions in the file, and the problems of the others."""
    try:
        items = yaml.load(data, _Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        return [], [f"{name}{where}: not valid YAML: {getattr(error, 'problem', None) or error}"]
    if items is None:
        return [], []
    if not isinstance(items, list):
        return [], [f"{name}:1: expected a list of cases (`- id: ...`), found {type(items).__name__}"]
    cases: list[tuple[Case, int]] = []
    problems: list[str] = []
    for index, item in enumerate(items):
        try:
            cases.append((parse_case(item, name), index))
        except InputError:
            problems += _located(name, _tree(data), index, item)
    return cases, problems


def _located(name: str, root: Any, index: int, item: Any) -> list[str]:
    """Return the problems of one bad case, each with the line of the field that is wrong."""
    if isinstance(item, dict):
        label = f"case `{item.get('id', '?')}`"
        try:
            case = Case.model_validate(item)
        except ValidationError as error:
            return [
                f"{name}:{_line(root, (index, *path))}: {label}: {text}" for path, text in _problems(error)
            ]
        try:
            check_modes(case, f"{name}:{_line(root, (index, 'failure_mode'))}: {label}")
        except InputError as error:
            return [str(error)]
    return [
        f"{name}:{_line(root, (index,))}: expected a mapping with id, title, ...; found {type(item).__name__}"
    ]


def _problems(error: ValidationError) -> list[tuple[tuple[str | int, ...], str]]:
    return [
        (item["loc"], f"{'.'.join(map(str, item['loc'])) or 'case'}: {_expected(item['msg'], item['type'])}")
        for item in error.errors(include_url=False)
    ]


def _expected(message: str, kind: str) -> str:
    if kind == "extra_forbidden":
        return f"no such field; expected one of: {', '.join(Case.model_fields)}"
    return message.removeprefix("Value error, ")


def _tree(data: bytes) -> Any:
    """Return the YAML nodes, which know their lines; only errors need them."""
    return yaml.compose(data, _Loader)


def _line(node: Any, path: tuple[str | int, ...]) -> int:
    """Return the 1-based line of the node at `path`, or of its nearest parent that exists."""
    for step in path:
        child = None
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            child = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            # The key's own mark: a block value begins on the line after it.
            child = next((value for key, value in node.value if key.value == step), None)
            key_node = next((key for key, _ in node.value if key.value == step), None)
            if key_node is not None and step == path[-1]:
                return int(key_node.start_mark.line) + 1
        if child is None:
            break
        node = child
    return int(node.start_mark.line) + 1


def _nearest(slug: str, known: dict[str, str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(slug, known, n=3, cutoff=0.4)
    return f"did you mean {' or '.join(f'`{item}`' for item in near)}?" if near else f"see {MODES_FILE}"
