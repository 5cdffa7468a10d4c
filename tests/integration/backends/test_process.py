"""Starting programs: fixed surroundings, bounded output, an end."""

import os
import sys
from pathlib import Path

import pytest

from ops_assistant.tools.actions.base import OUTPUT_LIMIT
from ops_assistant.tools.actions.process import Programs, find_program, finish, printable
from ops_assistant.tools.errors import InputError

PYTHON = [sys.executable, "-IS", "-c"]


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path / "gate")


def test_the_surroundings_are_fixed(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/tmp/x")
    code = "import os,sys; print(os.getcwd(), sorted(os.environ), sys.stdin.read() == '', os.getsid(0) != %d)"
    expected = "/ ['LANG', 'LC_ALL', {}'PATH', 'TZ'] True True"
    looked = finish([*PYTHON, code % os.getsid(0)], timeout_s=20)
    assert (looked.code, looked.output.strip()) == (0, expected.format(""))
    ran = programs.run([*PYTHON, code % os.getsid(0)], key="k", timeout_s=20)
    assert ran.output.splitlines()[0] == expected.format("'OPS_ACTION_KEY', ")


def test_a_program_that_does_not_end_is_unknown_and_gone(programs: Programs) -> None:
    result = programs.run(["/bin/sleep", "600"], key="k", timeout_s=0.1)
    assert (result.ok, result.problem) == (False, "unknown")
    assert "had not ended after 0.1 s" in result.output
    assert programs.did_run("k") is None
    assert finish(["/bin/sleep", "600"], timeout_s=0.1).code is None


def test_a_key_passes_once(programs: Programs) -> None:
    assert programs.run(["/bin/true"], key="k", timeout_s=20).ok
    assert programs.did_run("k") is True
    again = programs.run(["/bin/true"], key="k", timeout_s=20)
    assert (again.ok, again.problem) == (False, "unknown")


def test_what_a_program_prints_does_not_stay_at_its_gate(programs: Programs, tmp_path: Path) -> None:
    result = programs.run(["/bin/echo", "canary-4711"], key="k", timeout_s=20)
    assert "canary-4711" in result.output
    assert not [file for file in (tmp_path / "gate").iterdir() if b"canary" in file.read_bytes()]
    assert programs.did_run("k") is True


def test_a_program_that_failed_or_is_not_there_is_a_failure(programs: Programs) -> None:
    for number, argv in enumerate((["/bin/false"], ["/no/such/program"])):
        result = programs.run(argv, key=f"k{number}", timeout_s=20)
        assert (result.ok, result.problem) == (False, "failed")
        assert programs.did_run(f"k{number}") is None
    assert finish(["/no/such/program"], timeout_s=20).code == 127


def test_output_is_bounded_and_every_character_of_it_visible(programs: Programs) -> None:
    noise = "import sys; sys.stdout.buffer.write(b'start\\n' + b'\\x1b\\x00\\xff' * 2_000_000 + b'\\nend\\n')"
    looked = finish([*PYTHON, noise], timeout_s=60)
    assert looked.output.startswith("start\n\\x1b\\x00�")
    assert "[a part is left out; the output has 6000011 bytes]" in looked.output
    assert looked.output.endswith("\nend\n")
    ran = programs.run([*PYTHON, noise], key="k", timeout_s=60)
    assert ran.ok
    for text in (looked.output, ran.output):
        assert len(text) <= OUTPUT_LIMIT
        assert not {char for char in text if char < " "} - {"\n"}


def test_the_end_of_a_long_output_is_kept() -> None:
    looked = finish([*PYTHON, "print('x' * 50_000); print('the error')"], timeout_s=60)
    assert looked.output.endswith("the error\n")


def test_hidden_characters_are_written_out() -> None:
    assert printable("a\u202eb\r\nc\td\x9b") == "a\\u202eb\nc\td\\x9b"


def test_a_program_is_found_on_the_fixed_path_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").write_text("#!/bin/sh\n")
    (tmp_path / "mine").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program("sh").endswith("bin/sh")
    assert find_program(str(tmp_path / "mine")) == str(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "./mine", "-x", "no such", "a\nb"):
        with pytest.raises(InputError, match="program"):
            find_program(name)
