"""Checkpoints that were tampered with run no code; encrypted ones hold no text and take no row in the clear."""

import contextlib
import secrets
import sqlite3
from pathlib import Path
from typing import Any

import ormsgpack
import pytest

from ops_assistant import InputError, OpsAssistant, Settings
from ops_assistant.graph.checkpoints import SealedSerializer, serializer, strict_serializer
from ops_assistant.graph.ledger import Tampered

from scenarios import POOL

KEY = secrets.token_hex(32)


def poisoned(marker: Path) -> bytes:
    """Return a msgpack value that makes a permissive reader call `os.system`."""
    constructor = ormsgpack.packb(["os", "system", f"touch {marker}"])
    return ormsgpack.packb({"v": ormsgpack.Ext(0, constructor)})


def poison(settings: Settings, marker: Path, column: str, table: str) -> None:
    connection = sqlite3.connect(settings.checkpoint_file)
    connection.execute(f"UPDATE {table} SET type = 'msgpack', {column} = ?", (poisoned(marker),))
    connection.commit()
    connection.close()


@pytest.mark.parametrize(("table", "column"), [("checkpoints", "checkpoint"), ("writes", "value")])
def test_a_tampered_row_runs_no_code(
    assistant: OpsAssistant, settings: Settings, tmp_path: Path, table: str, column: str
) -> None:
    run = assistant.investigate(POOL)
    poison(settings, tmp_path / "marker", column, table)
    with contextlib.suppress(Exception):  # that it cannot be read is fine
        assistant.open(run.thread_id)
    assert not (tmp_path / "marker").exists()


def test_mutant_a_permissive_reader_runs_it(tmp_path: Path) -> None:
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

    marker = tmp_path / "marker"
    JsonPlusSerializer(allowed_msgpack_modules=True).loads_typed(("msgpack", poisoned(marker)))
    assert marker.exists()
    marker.unlink()
    strict_serializer().loads_typed(("msgpack", poisoned(marker)))
    assert not marker.exists()


@pytest.fixture
def encrypted(settings: Settings) -> Settings:
    return settings.model_validate({**settings.model_dump(), "checkpoint_key": KEY})


def test_encrypted_checkpoints_hold_no_text_and_the_run_goes_on(encrypted: Settings) -> None:
    with OpsAssistant(encrypted) as assistant:
        thread_id = assistant.investigate(POOL).thread_id
    with OpsAssistant(encrypted) as another:
        assert another.open(thread_id).approve(by="dana").status == "completed"
    stored = b"".join(path.read_bytes() for path in encrypted.data_dir.glob("checkpoints.sqlite*"))
    assert b"connections in use" not in stored


def test_another_key_opens_nothing(encrypted: Settings) -> None:
    with OpsAssistant(encrypted) as assistant:
        thread_id = assistant.investigate(POOL).thread_id
    other = encrypted.model_validate({**encrypted.model_dump(), "checkpoint_key": secrets.token_hex(32)})
    with OpsAssistant(other) as assistant, pytest.raises(Tampered, match="cannot be opened"):
        assistant.open(thread_id)


def test_a_row_in_the_clear_is_refused_where_rows_are_encrypted(encrypted: Settings, tmp_path: Path) -> None:
    with OpsAssistant(encrypted) as assistant:
        run = assistant.investigate(POOL)
        poison(encrypted, tmp_path / "marker", "checkpoint", "checkpoints")
        with pytest.raises(Tampered, match="not encrypted"):
            assistant.open(run.thread_id)
    assert not (tmp_path / "marker").exists()


def test_mutant_the_library_s_own_reader_takes_the_row_in_the_clear(encrypted: Settings) -> None:
    sealed = serializer(bytes.fromhex(KEY))
    assert isinstance(sealed, SealedSerializer)
    clear: Any = strict_serializer().dumps_typed({"plan": "forged"})
    assert super(SealedSerializer, sealed).loads_typed(clear) == {"plan": "forged"}
    with pytest.raises(Tampered):
        sealed.loads_typed(clear)


@pytest.mark.parametrize("key", ["no hex", "abcd"])
def test_a_key_that_is_none_is_said(settings: Settings, key: str) -> None:
    broken = settings.model_validate({**settings.model_dump(), "checkpoint_key": key})
    with OpsAssistant(broken) as assistant, pytest.raises(InputError, match="checkpoint"):
        assistant.investigate(POOL)


def test_a_checkpoint_of_an_older_graph_is_read_and_its_plan_runs_as_hashed(
    assistant: OpsAssistant, settings: Settings
) -> None:
    """A run that paused before an upgrade: keys that are new are missing, keys that went are there."""
    run = assistant.investigate(POOL)
    from ops_assistant.graph.checkpoints import open_checkpointer

    with open_checkpointer(settings.checkpoint_file) as saver:
        config: Any = {"configurable": {"thread_id": run.thread_id, "checkpoint_ns": ""}}
        found = saver.get_tuple(config)
        assert found is not None
        values = found.checkpoint["channel_values"]
        for key in ("approval_notice", "resolution", "resolution_error", "taken"):
            values.pop(key, None)
        values["a_channel_that_is_gone"] = {"x": 1}
        saver.put(found.parent_config or config, found.checkpoint, found.metadata, {})
    again = assistant.open(run.thread_id)
    assert run.plan is not None
    assert again.plan is not None
    assert again.plan.hash == run.plan.hash
    assert again.approve(by="dana").status == "completed"
