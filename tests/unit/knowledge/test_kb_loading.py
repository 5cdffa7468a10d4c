"""Case files: what is accepted, and what an error tells the person who wrote the file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ops_assistant.tools.errors import InputError
from ops_assistant.tools.knowledge import Case, failure_modes, load_cases
from ops_assistant.tools.knowledge.store import to_yaml

MakeCase = Callable[..., Case]


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_cases_survive_being_written_and_read(tmp_path: Path, make_case: MakeCase) -> None:
    cases = [make_case(), make_case("pg-other", environments=["production"])]
    write(tmp_path, "mine.yaml", to_yaml(cases))
    assert load_cases(tmp_path) == cases


def test_wrong_field_is_named_with_file_and_line(tmp_path: Path, make_case: MakeCase) -> None:
    text = to_yaml([make_case(), make_case("pg-other")]).replace(
        "estimated_time: 5-10 min", "estimated_time: soon", 2
    )
    write(tmp_path, "mine.yaml", text)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if "soon" in line]
    with pytest.raises(InputError) as caught:
        load_cases(tmp_path)
    for number in lines:
        assert f"mine.yaml:{number}: case" in str(caught.value)
    assert "estimated_time" in str(caught.value)


def test_nested_field_is_named(tmp_path: Path, make_case: MakeCase) -> None:
    text = to_yaml([make_case()]).replace("weight: 3", "weight: 7")
    write(tmp_path, "mine.yaml", text)
    number = next(n for n, line in enumerate(text.splitlines(), 1) if "weight" in line)
    with pytest.raises(InputError, match=rf"mine.yaml:{number}: .*signatures.0.weight"):
        load_cases(tmp_path)


def test_unknown_field_lists_the_known_ones(tmp_path: Path, make_case: MakeCase) -> None:
    write(tmp_path, "mine.yaml", to_yaml([make_case()]) + "  severity: high\n")
    with pytest.raises(InputError, match=r"severity: no such field; expected one of: id, title"):
        load_cases(tmp_path)


@pytest.mark.parametrize("slug", ["db-connection-pool-exhaustd", "no-fault"])
def test_unknown_failure_mode_suggests_a_known_one(tmp_path: Path, make_case: MakeCase, slug: str) -> None:
    write(tmp_path, "mine.yaml", to_yaml([make_case(failure_mode=slug)]))
    with pytest.raises(InputError, match=f"failure_mode: `{slug}` is not a failure mode"):
        load_cases(tmp_path)


def test_duplicate_id_names_both_places(tmp_path: Path, make_case: MakeCase) -> None:
    write(tmp_path, "a.yaml", to_yaml([make_case()]))
    write(tmp_path, "b.yaml", to_yaml([make_case()]))
    with pytest.raises(InputError, match=r"b.yaml:1: id `pg-pool-empty` is already used in .*a.yaml:1"):
        load_cases(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- id: [", "not valid YAML"),
        ("id: x", "expected a list of cases"),
        ("- just text", "expected a mapping"),
        ("- id: a-case\n  signatures: [{text: 'abcd', pattern: 'abcd'}]", "either `text` or `pattern`"),
        ("- id: a-case\n  signatures: [{pattern: '(?<=x)abc'}]", "look-around"),
    ],
)
def test_broken_files_are_explained(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, "mine.yaml", text)
    with pytest.raises(InputError, match=message):
        load_cases(tmp_path)


def test_missing_folder() -> None:
    with pytest.raises(InputError, match="no such folder"):
        load_cases(Path("not-there"))


def test_empty_file_is_no_error(tmp_path: Path) -> None:
    write(tmp_path, "mine.yaml", "# nothing yet\n")
    assert load_cases(tmp_path) == []


def test_failure_modes_have_descriptions() -> None:
    modes = failure_modes()
    assert "no-fault" in modes
    assert all(len(text) > 20 for text in modes.values())
