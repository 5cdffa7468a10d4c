"""The checkpointer: one SQLite file or PostgreSQL database for Python, the CLI and the server.

Never loads code from a row. With a key, checkpoints are encrypted, and rows that are not are refused.
"""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from ..tools.errors import InputError
from .database import StoreError
from .ledger import Tampered

# How long to wait for another process's write, in seconds.
_BUSY_TIMEOUT = 30.0
_ENCRYPTED = "+aes"


def strict_serializer() -> JsonPlusSerializer:
    """Return a serializer that revives plain values only: a tampered row cannot name a class to load."""
    return JsonPlusSerializer(allowed_msgpack_modules=None)


class SealedSerializer(EncryptedSerializer):
    """Encrypts every value, and reads none that is not: a row put there without the key is refused."""

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Return the value; raises `Tampered` for a row in the clear, or one that the key does not open."""
        if not data[0].endswith(_ENCRYPTED) and data[0] not in ("empty", "null"):
            raise Tampered("a checkpoint row is not encrypted although checkpoints are; it is not read")
        try:
            return super().loads_typed(data)
        except ValueError as error:
            raise Tampered(f"a checkpoint row cannot be opened with this key: {error}") from error


def serializer(key: bytes | None) -> SerializerProtocol:
    """Return the serializer for a key of 16, 24 or 32 bytes, or for none; raises `InputError` for another length."""
    if key is None:
        return strict_serializer()
    if len(key) not in (16, 24, 32):
        raise InputError(f"the checkpoint key must be 16, 24 or 32 bytes, in hexadecimal; it has {len(key)}")
    try:
        made = SealedSerializer.from_pycryptodome_aes(strict_serializer(), key=key)
    except ImportError as error:
        raise InputError(
            "encrypted checkpoints need one more package: pip install 'ops-assistant[encryption]'"
        ) from error
    return SealedSerializer(made.cipher, made.serde)


@contextmanager
def open_checkpointer(target: Path | str, key: bytes | None = None) -> Iterator[BaseCheckpointSaver[str]]:
    """Open a SQLite file (a path) or PostgreSQL database (a URL) for synchronous use; made on first use."""
    serde = serializer(key)
    if isinstance(target, str):
        with _said_plainly(_postgresql_error()), _postgres().from_conn_string(target) as postgres:
            postgres.serde = serde
            postgres.setup()
            yield postgres
        return
    with _said_plainly(sqlite3.Error), contextlib.closing(_connected(target)) as connection:
        saver = SqliteSaver(connection, serde=serde)
        saver.setup()
        yield saver


@asynccontextmanager
async def open_async_checkpointer(
    target: Path | str, key: bytes | None = None
) -> AsyncIterator[BaseCheckpointSaver[str]]:
    """Open the same file or database for asynchronous use, as the server does."""
    serde = serializer(key)
    if isinstance(target, str):
        with _said_plainly(_postgresql_error()):
            async with _async_postgres().from_conn_string(target) as postgres:
                postgres.serde = serde
                await postgres.setup()
                yield postgres
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with _said_plainly(sqlite3.Error):
        async with aiosqlite.connect(target, timeout=_BUSY_TIMEOUT) as connection:
            saver = AsyncSqliteSaver(connection, serde=serde)
            await saver.setup()
            yield saver


def _connected(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    return sqlite3.connect(path, check_same_thread=False, timeout=_BUSY_TIMEOUT)


@contextmanager
def _said_plainly(errors: type[Exception]) -> Iterator[None]:
    try:
        yield
    except errors as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise StoreError(f"the checkpoints cannot be used now: {reason}") from error


def _postgresql_error() -> type[Exception]:
    try:
        import psycopg
    except ImportError as error:
        raise _missing() from error
    return psycopg.Error


def _postgres() -> Any:
    try:
        from langgraph.checkpoint.postgres import PostgresSaver
    except ImportError as error:
        raise _missing() from error
    return PostgresSaver


def _async_postgres() -> Any:
    try:
        from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
    except ImportError as error:
        raise _missing() from error
    return AsyncPostgresSaver


def _missing() -> InputError:
    return InputError("PostgreSQL needs two more packages: pip install 'ops-assistant[postgresql]'")
