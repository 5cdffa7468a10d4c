"""State is plain JSON, holds no raw log and no secret, and needs no class to be read."""

import json
import sqlite3

import pytest

from ops_assistant import OpsAssistant
from ops_assistant.graph.checkpoints import open_checkpointer, strict_serializer

from scenarios import POOL

CANARY = "hunter2-9f8e7d6c5b4a"


@pytest.fixture
def finished(assistant: OpsAssistant) -> str:
    alert = {
        **POOL,
        "logs": [*POOL["logs"], f"[2026-02-20 03:15:29] DEBUG: login user=app password={CANARY}"],
    }
    run = assistant.investigate({**alert, "message": f"slow since password={CANARY}"})
    return run.approve(by="dana", comment=f"password={CANARY}").thread_id


def test_every_channel_is_plain_json(assistant: OpsAssistant, finished: str) -> None:
    with open_checkpointer(assistant.settings.checkpoint_file) as saver:
        checkpoints = list(saver.list({"configurable": {"thread_id": finished}}))
    assert len(checkpoints) > 5
    for item in checkpoints:
        for name, value in item.checkpoint["channel_values"].items():
            if not name.startswith(("__", "branch:")):
                assert json.loads(json.dumps(value)) == value, name


def test_no_row_names_a_class(assistant: OpsAssistant, finished: str) -> None:
    connection = sqlite3.connect(assistant.settings.checkpoint_file)
    rows = connection.execute("SELECT type, checkpoint FROM checkpoints").fetchall()
    connection.close()
    serializer = strict_serializer()
    assert rows
    for type_, blob in rows:
        assert type_ == "msgpack"
        assert b"ops_assistant" not in blob
        serializer.loads_typed((type_, blob))


def test_no_secret_is_in_any_store_but_the_evidence_itself(assistant: OpsAssistant, finished: str) -> None:
    assistant.close()
    root = assistant.settings.data_dir
    holders = [
        path.relative_to(root).parts[0]
        for path in root.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes()
    ]
    assert holders == ["evidence"]  # the raw log, by reference, readable by its owner only
    evidence = next((root / "evidence").rglob("inline.log"))
    assert evidence.stat().st_mode & 0o077 == 0
