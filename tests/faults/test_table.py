"""The table of this folder's README names a test and a mutant for each of the thirty faults, and they are there."""

import re
from pathlib import Path

HERE = Path(__file__).parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (HERE / "README.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| # ")
]


def test_every_fault_has_a_test_and_a_mutant() -> None:
    numbers = [int(number) for row in ROWS for number in re.findall(r"\d+", row[0])]
    assert sorted(numbers) == list(range(1, 31))
    assert all(test and mutant for _number, _fault, test, mutant in ROWS)


def test_every_file_that_it_names_is_there() -> None:
    for name in (name for row in ROWS for name in re.findall(r"`([^`]+)`", row[2])):
        path = HERE.parents[1] / name if name.startswith("tests/") else HERE / name
        assert path.exists(), name
