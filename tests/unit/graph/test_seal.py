"""The seal binds an answer to its thread and plan."""

from pathlib import Path

from ops_assistant.graph.seal import Seal

ANSWER = {"kind": "approve", "by": "dana"}


def test_a_seal_is_of_one_thread_plan_and_answer(tmp_path: Path) -> None:
    seal = Seal(tmp_path / "key")
    mark = seal.sign("t1", "p1", ANSWER)
    assert seal.verify("t1", "p1", ANSWER, mark)
    assert not seal.verify("t2", "p1", ANSWER, mark)
    assert not seal.verify("t1", "p2", ANSWER, mark)
    assert not seal.verify("t1", "p1", {**ANSWER, "by": "eve"}, mark)
    assert not seal.verify("t1", "p1", ANSWER, "")
    assert not seal.verify("t1", "p1", ANSWER, "\ud800")


def test_processes_of_one_installation_agree_and_others_do_not(tmp_path: Path) -> None:
    mark = Seal(tmp_path / "key").sign("t", "p", ANSWER)
    assert Seal(tmp_path / "key").verify("t", "p", ANSWER, mark)
    assert not Seal(tmp_path / "other").verify("t", "p", ANSWER, mark)


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    Seal(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_derived_keys_differ(tmp_path: Path) -> None:
    seal = Seal(tmp_path / "key")
    assert seal.derive("a") != seal.derive("b")
