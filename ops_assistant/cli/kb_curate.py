"""`kb import` and `kb review`: what comes from outside waits until a person accepts it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ..tools.errors import InputError
from ..tools.knowledge import Curation, RunbookPassage
from ..tools.knowledge.importing import import_markdown, import_with_loader
from ..tools.knowledge.store import to_yaml
from .common import JsonOption, print_json
from .kb_text import edited_case, opened, say

# What the path argument of `kb import --loader` is called by the loader.
_PATH_OPTION = {
    "directory": "path",
    "text": "file_path",
    "notion": "path",
    "git": "repo_path",
    "confluence": "url",
}


def import_command(
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="Cases (*.yaml), Markdown file or folder.")
    ] = None,
    *,
    loader: Annotated[
        str | None, typer.Option(help="langchain-community: directory, text, notion, confluence or git.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help="Argument of the loader; repeatable."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace cases whose id is taken.")] = False,
    json: JsonOption = False,
) -> None:
    """Import exported cases, or runbooks and post-mortems into the review queue."""
    if loader is None and path is None:
        raise InputError("nothing to import: give a PATH or a --loader")
    with opened() as kb:
        curation = Curation(kb)
        if loader is None and path is not None and path.endswith((".yaml", ".yml")):
            say(curation.import_cases(Path(path), replace=replace), json)
            return
        if loader is not None:
            imported = import_with_loader(loader, _loader_options(loader, path, option or []))
        else:
            imported = import_markdown(Path(path or "."))
        queued = curation.queue_passages(imported.passages, f"import of {path or loader}")
    for reason in imported.skipped:
        typer.echo(f"skipped {reason}", err=True)
    say({"passages": len(imported.passages), "queued": queued, "skipped": imported.skipped}, json)


def review_command(
    item_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Item; without it, all are listed.")
    ] = None,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Store it.")] = False,
    decline: Annotated[bool, typer.Option("--decline", help="Drop it for good.")] = False,
    edit: Annotated[
        bool, typer.Option("--edit", help="Change a proposed case in $EDITOR, then store it.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Accept or decline all items.")] = False,
    json: JsonOption = False,
) -> None:
    """List, show, accept, edit or decline what waits: proposed cases and imported passages."""
    if accept + decline + edit > 1 or (every and (edit or item_id)):
        raise InputError("give one of --accept, --decline and --edit; --all takes no ID and no --edit")
    with opened() as kb:
        curation = Curation(kb)
        items = curation.queue.items() if item_id is None else [curation.queue.get(item_id)]
        if not (accept or decline or edit):
            if json:
                print_json([item.model_dump(mode="json", exclude_none=True) for item in items])
            for item in [] if json else items:
                typer.echo(f"{item.id}  {item.kind}  {item.title}")
                if item_id is not None:
                    body = to_yaml([item.case]) if item.case else item.passage.text if item.passage else ""
                    typer.echo(f"from {item.origin}\n{body}")
            return
        if item_id is None and not every:
            raise InputError("give the ID of an item, or --all")
        results = []
        for item in items:
            if decline:
                curation.decline(item.id)
                results.append({"id": item.id, "result": "declined"})
                continue
            edited = edited_case(item.case) if edit and item.case is not None else None
            done = curation.accept(item.id, edited=edited)
            became = done.id if isinstance(done, RunbookPassage) else f"{done.kind} {done.case_id}"
            results.append({"id": item.id, "result": "accepted", "as": became})
    say({"reviewed": results}, json)


def _loader_options(loader: str, path: str | None, pairs: list[str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"--option {pair}: expected NAME=VALUE")
        options[name] = value
    if path is not None and loader in _PATH_OPTION:
        options[_PATH_OPTION[loader]] = path
    return options
