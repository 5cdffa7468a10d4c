"""`ops-assistant doctor`: does everything the assistant needs work here?"""

import sqlite3
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..tools.errors import OpsError
from .common import JsonOption, print_json

if TYPE_CHECKING:
    from ..settings import Settings

Check = tuple[str, bool, str]


def doctor_command(json_: JsonOption = False) -> None:
    """Check Python, packages, data directory, knowledge base, inventory and model settings; exit 1 if one fails."""
    from ..settings import load_settings

    settings = load_settings()
    checks = [
        _checked(name, look, settings)
        for name, look in (
            ("python", _python), ("packages", _packages), ("data directory", _data_dir),
            ("inventory", _inventory), ("knowledge base", _knowledge_base), ("engine", _engine),
        )
    ]  # fmt: skip
    if json_:
        print_json(
            {
                "ok": all(ok for _, ok, _ in checks),
                "checks": [{"name": n, "ok": ok, "detail": d} for n, ok, d in checks],
            }
        )
    else:
        for name, ok, detail in checks:
            typer.echo(f"{'ok  ' if ok else 'FAIL'} {name:<15} {detail}")
    if not all(ok for _, ok, _ in checks):
        raise typer.Exit(1)


def _checked(name: str, look: "Callable[[Settings], str]", settings: "Settings") -> Check:
    try:
        return name, True, look(settings)
    except (OpsError, OSError, sqlite3.Error) as error:
        return name, False, str(error)


def _python(_settings: "Settings") -> str:
    return f"{sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}"


def _packages(_settings: "Settings") -> str:
    names = ("langgraph", "langgraph-checkpoint-sqlite", "langchain-openai", "chromadb", "pydantic")
    return ", ".join(f"{name} {version(name)}" for name in names)


def _data_dir(settings: "Settings") -> str:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.data_dir):
        return f"{settings.data_dir.resolve()} is writable"


def _inventory(settings: "Settings") -> str:
    from ..tools.inventory import Inventory

    inventory = Inventory.load(settings.inventory)
    missing = [
        log
        for service in inventory.services
        for log in service.logs
        if not list(Path().glob(log)) and not Path(log).exists()
    ]
    note = f"; no such log here: {', '.join(missing)}" if missing else ""
    return (
        f"{len(inventory.services)} services{note}"
        if settings.inventory
        else "none; only alerted services can be acted on"
    )


def _knowledge_base(settings: "Settings") -> str:
    from ..wiring import make_dependencies

    knowledge_base = make_dependencies(settings.model_copy(update={"engine": "case-based"})).knowledge_base
    hits = knowledge_base.search("no space left on device", top_k=1)
    found = f"{len(knowledge_base.cases())} cases, search works" if hits else "no case found"
    knowledge_base.close()
    return f"{found}, embedding {settings.embedding}"


def _engine(settings: "Settings") -> str:
    from ..wiring import llm_settings

    if not settings.uses_model:
        return "case-based (no key or base URL is set)"
    model = llm_settings(settings)
    return f"llm: {model.log_model} and {model.model} at {model.base_url or 'the default endpoint'}"
