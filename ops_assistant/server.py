"""The third door: what `langgraph.json` names, so that a LangGraph server runs the same graph on the same files.

Servers load this module by its file path, outside its package: its imports are absolute.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from langgraph._internal._constants import CONFIG_KEY_DURABILITY
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.pregel import Pregel

from ops_assistant.graph.checkpoints import open_async_checkpointer
from ops_assistant.settings import load_settings
from ops_assistant.wiring import build_graph


@cache
def _compiled() -> Pregel[Any, Any, Any, Any]:
    # A client that does not choose gets every step on disk before the next one, as Python callers do.
    return (
        build_graph().compile(name="ops-assistant").with_config(configurable={CONFIG_KEY_DURABILITY: "sync"})
    )


async def graph() -> Pregel[Any, Any, Any, Any]:
    """Return the graph without a checkpointer: the server brings the one below.

    It is built on first use and in a thread, since building opens files and the server's loop must not wait.
    """
    return await asyncio.to_thread(_compiled)


@asynccontextmanager
async def checkpointer() -> AsyncIterator[BaseCheckpointSaver[str]]:
    """Open the project's own checkpoint file for the server."""
    settings = load_settings()
    async with open_async_checkpointer(settings.checkpoint_target, settings.checkpoint_key_bytes) as saver:
        yield saver
