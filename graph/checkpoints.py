"""The checkpointer: one SQLite file for Python, the CLI and the server. Never loads code from a row."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

# How long to wait for another process's write, in seconds.
_BUSY_TIMEOUT = 30.0


def strict_serializer() -> JsonPlusSerializer:
    """Return a serializer that revives plain values only: a tampered row cannot name a class to load."""
    return JsonPlusSerializer(allowed_msgpack_modules=None)


@contextmanager
def open_checkpointer(path: Path) -> Iterator[SqliteSaver]:
    """Open the checkpoint file for synchronous use; made on first use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, check_same_thread=False, timeout=_BUSY_TIMEOUT)
    try:
        saver = SqliteSaver(connection, serde=strict_serializer())
        saver.setup()
        yield saver
    finally:
        connection.close()


@asynccontextmanager
async def open_async_checkpointer(path: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """Open the same file for asynchronous use, as the server does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    async with aiosqlite.connect(path, timeout=_BUSY_TIMEOUT) as connection:
        saver = AsyncSqliteSaver(connection, serde=strict_serializer())
        await saver.setup()
        yield saver
