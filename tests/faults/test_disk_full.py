"""Whole runs on a small real disk that fills up: nothing runs whose intent is not on disk, and nothing is lost."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops_assistant import OpsAssistant, Settings
from ops_assistant.graph.attempt import Attempt
from ops_assistant.graph.database import StoreError
from ops_assistant.graph.store import Store
from ops_assistant.tools.actions.backends.simulated import SimulatedBackend
from ops_assistant.tools.errors import NothingToActOn, OpsError

from faulty import Killed, die, effects
from scenarios import POOL

PAGE = 4_096
ROOM = (0, 20, 40, 60, 90, 130, 180, 250, 500)
"""Pages that are left when the approval comes: it fails at the first write, at the last, or nowhere."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        reason = f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}"
        if os.environ.get("OPS_REQUIRE_SERVICES"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def settings(small_disk: Path, data_dir: Path) -> Settings:
    """Checkpoints and store on the small disk; the knowledge, and the count of what was done, beside it."""
    (data_dir / "simulated.jsonl").touch()
    for name in ("knowledge", "simulated.jsonl"):
        (small_disk / name).symlink_to(data_dir / name)
    return Settings(data_dir=small_disk, engine="case-based")


def fill(folder: Path, pages_left: int) -> Path:
    """Take all the space but so many pages."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * PAGE)
        except OSError:
            pass
        file.truncate(max(0, file.tell() - pages_left * PAGE))
    return filler


def started(settings: Settings, thread_id: str) -> set[str]:
    """Return the keys of the actions whose start is on disk, as a process sees it that was not there."""
    with OpsAssistant(settings) as assistant:
        entries = assistant.audit.entries(thread_id)
    return {entry.subject for entry in entries if entry.kind == "action.started"}


def test_nothing_runs_whose_intent_is_not_on_disk(
    settings: Settings, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[str] = []
    for pages in ROOM:
        with OpsAssistant(settings) as assistant:
            thread_id = assistant.investigate(POOL).thread_id
        before = set(effects(settings))
        filler = fill(small_disk, pages)
        try:
            with OpsAssistant(settings) as assistant:
                assistant.open(thread_id).approve(by="dana")
        except (OpsError, OSError) as error:  # OSError: a lock file could not even be made
            errors.append(str(error))
        filler.unlink()
        ran = set(effects(settings)) - before
        assert ran <= started(settings, thread_id), f"with {pages} pages left"
        with OpsAssistant(settings) as assistant, monkeypatch.context() as patch:
            patch.setattr("ops_assistant.graph.worker.is_gone", lambda owner: True)  # its process has died
            run = assistant.open(thread_id)
            if run.status != "completed":
                try:
                    run.approve(by="dana")
                except NothingToActOn:
                    run.resume()
            assert run.status == "completed"
            assert assistant.audit.verify() == []
            assert len(set(effects(settings)) - before) == len(run.outcomes) == 1
        small_disk.joinpath("checkpoints.sqlite").unlink()  # the next round finds room for one more run
    assert len(effects(settings)) == len(set(effects(settings))) == len(ROOM)
    assert 3 <= len(errors) < len(ROOM)
    assert all("cannot be used now" in error or "No space" in error for error in errors), errors


def test_mutant_that_goes_on_without_a_claim_runs_what_is_not_on_disk(
    settings: Settings, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Attempt.claim

    def claim(self: Attempt) -> bool:
        try:
            return real(self)
        except StoreError:
            return True

    with OpsAssistant(settings) as assistant:
        run = assistant.investigate(POOL)
        with monkeypatch.context() as patch:
            patch.setattr(Attempt, "claim", die)
            with pytest.raises(Killed):
                run.approve(by="dana")  # recorded, not started
        monkeypatch.setattr(Attempt, "claim", claim)
        fill(small_disk, 0)
        with contextlib.suppress(StoreError):  # until the pages that the store has already are full, too
            for number in range(2_000):
                assistant._dependencies.store.note(run.thread_id, "noted", {"n": number, "text": "x" * 3_000})
        executor, plan = assistant._dependencies.executor, run.plan
        assert plan is not None
        with contextlib.suppress(StoreError):  # its outcome finds no room either
            executor.run_once(
                run.thread_id, plan.hash, 0, assistant._dependencies.inventory.with_service("api-server")
            )
        assert len(effects(settings)) == 1
        small_disk.joinpath("filler").unlink()
    assert started(settings, run.thread_id) == set()


def test_a_full_disk_while_it_investigates_is_said_and_the_run_goes_on_later(
    settings: Settings, small_disk: Path
) -> None:
    with OpsAssistant(settings) as assistant:
        assistant.investigate(POOL)
    filler = fill(small_disk, 12)
    with OpsAssistant(settings) as assistant, pytest.raises((OpsError, OSError)):
        assistant.investigate(POOL)
    filler.unlink()
    with OpsAssistant(settings) as assistant:
        assert assistant.audit.verify() == []
        assert assistant.investigate(POOL).approve(by="dana").status == "completed"


def test_the_store_stays_whole_when_it_fills_up(settings: Settings, small_disk: Path) -> None:
    store = Store(small_disk / "store.sqlite")
    fill(small_disk, 20)
    written = 0
    try:
        while written < 1_000:
            store.note("t", "noted", {"text": "x" * 2_000, "number": written})
            written += 1
        pytest.fail("the disk never filled up")
    except StoreError:
        pass
    small_disk.joinpath("filler").unlink()
    store.note("t", "noted", {"text": "room again"})
    assert store.audit.verify() == []
    assert len(store.audit.entries()) == written + 1
    store.close()


def test_a_backend_that_cannot_write_its_journal_is_no_silent_success(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any, **_kwargs: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SimulatedBackend, "run", full)
    monkeypatch.setattr(SimulatedBackend, "probe", lambda *args, **kwargs: None)
    with OpsAssistant(settings) as assistant:
        run = assistant.investigate(POOL).approve(by="dana")
        assert (run.waits_for, run.outcomes[-1].status) == ("reconcile", "unknown")
