"""`ops-assistant kb`: look into the knowledge base, add to it, and review what waits."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..tools.errors import InputError
from ..tools.knowledge import Case, Curation, KnowledgeBase, PassageHit, outcome_text
from ..tools.knowledge.loading import parse_files
from . import kb_curate
from .common import JsonOption, print_json
from .kb_text import case_lines, case_row, edited_case, hit_json, hit_lines, opened, say

kb_app = typer.Typer(
    name="kb",
    help="Historical cases: search, read, add, review.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

kb_app.command("import")(kb_curate.import_command)
kb_app.command("review")(kb_curate.review_command)

CaseId = Annotated[str, typer.Argument(metavar="ID", help="Id of the case.")]
SystemOption = Annotated[
    list[str] | None,
    typer.Option("--system", help="Only cases of this product, e.g. postgresql; repeatable."),
]
ModeOption = Annotated[str | None, typer.Option("--failure-mode", help="Only cases of this failure mode.")]


@kb_app.command("list")
def list_command(
    system: SystemOption = None,
    failure_mode: ModeOption = None,
    source: str | None = None,
    json: JsonOption = False,
) -> None:
    """List the cases: id, failure mode, how their remedy went, title."""
    wanted = {name.lower() for name in system or ()}
    with opened() as kb:
        cases = [
            case
            for case in kb.cases()
            if (not wanted or not wanted.isdisjoint(case.systems))
            and failure_mode in (None, case.failure_mode)
            and source in (None, case.source)
        ]
    if json:
        print_json([case_row(case) for case in cases])
        return
    for case in cases:
        tried = f" ({outcome_text(case.outcome)})" if case.outcome.tried else ""
        typer.echo(f"{case.id}  {case.failure_mode}  {case.title}{tried}")


@kb_app.command("show")
def show_command(case_id: CaseId, json: JsonOption = False) -> None:
    """Show one case in full."""
    with opened() as kb:
        case = _known(kb, case_id)
    if json:
        print_json(case.model_dump(mode="json") | {"outcome_text": outcome_text(case.outcome)})
    else:
        typer.echo("\n".join(case_lines(case)))


@kb_app.command("search")
def search_command(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Symptoms in your words, or a log line.")],
    *,
    top_k: Annotated[int, typer.Option("--top-k", "-k", min=1, max=100, help="How many at most.")] = 3,
    system: SystemOption = None,
    failure_mode: ModeOption = None,
    environment: Annotated[
        str | None, typer.Option(help="Only cases that apply there, e.g. production.")
    ] = None,
    passages: Annotated[
        bool, typer.Option("--passages", help="Search imported runbooks, not cases.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Find the cases that a text speaks for, best first, and why."""
    with opened() as kb:
        if passages:
            _show_passages(Curation(kb).search_passages(text, top_k=top_k), json)
            return
        hits = kb.search(
            text, top_k=top_k, systems=system, failure_mode=failure_mode, environment=environment
        )
    if json:
        print_json([hit_json(hit) for hit in hits])
    elif not hits:
        typer.echo("no case found")
    for hit in [] if json else hits:
        typer.echo("\n".join(hit_lines(hit)))


@kb_app.command("add")
def add_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="YAML file with a list of cases; - for stdin.")
    ],
    json: JsonOption = False,
) -> None:
    """Add new cases from a YAML file; nothing is stored if one of them is bad."""
    cases = _read_cases(file)
    with opened() as kb:
        for case in cases:
            if kb.get(case.id) is not None:
                raise InputError(f"{file}: case `{case.id}` exists already; `kb edit {case.id}` changes it")
        for case in cases:
            kb.add(case)
    say({"added": [case.id for case in cases]}, json)


@kb_app.command("edit")
def edit_command(
    case_id: CaseId,
    file: Annotated[
        Path | None, typer.Option("--file", help="Take the new text from here; - for stdin.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Change a case in $EDITOR (or from --file); a seed case becomes your own copy."""
    with opened() as kb:
        case = _known(kb, case_id)
        if file is not None:
            new = next((item for item in _read_cases(file) if item.id == case_id), None)
            if new is None:
                raise InputError(f"{file}: no case with id `{case_id}` in it")
        else:
            new = edited_case(case)
        if new is not None:
            kb.update(new)
    say({"changed": [case_id] if new is not None else []}, json)


@kb_app.command("remove")
def remove_command(case_id: CaseId, json: JsonOption = False) -> None:
    """Remove one of your own cases; an edited seed case returns to its original."""
    with opened() as kb:
        kb.remove(case_id)
    say({"removed": [case_id]}, json)


@kb_app.command("export")
def export_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML file to write.")],
    json: JsonOption = False,
) -> None:
    """Write your own cases with their outcomes to one YAML file, which `kb import` reads."""
    with opened() as kb:
        count = kb.export(file)
    say({"exported": count, "file": str(file)}, json)


@kb_app.command("stats")
def stats_command(json: JsonOption = False) -> None:
    """Count cases by source, failure mode and system."""
    with opened() as kb:
        stats = kb.stats() | {"waiting_for_review": len(Curation(kb).queue.items())}
    if json:
        print_json(stats)
        return
    for name, value in stats.items():
        shown = (
            ", ".join(f"{key} {count}" for key, count in value.items()) if isinstance(value, dict) else value
        )
        typer.echo(f"{name}: {shown}")


@kb_app.command("reindex")
def reindex_command(json: JsonOption = False) -> None:
    """Build the index anew, e.g. after another embedding was set."""
    with opened() as kb:
        count = kb.reindex()
    say({"indexed": count}, json)


def _show_passages(hits: list[PassageHit], json: bool) -> None:
    if json:
        print_json([hit.model_dump(mode="json") for hit in hits])
    for hit in [] if json else hits:
        typer.echo(f"{hit.score:.2f}  {hit.passage.source}: {hit.passage.heading}\n{hit.passage.text}\n")


def _known(kb: KnowledgeBase, case_id: str) -> Case:
    case = kb.get(case_id)
    if case is None:
        raise InputError(f"no case `{case_id}`; `kb search` finds cases by their words")
    return case


def _read_cases(file: Path) -> list[Case]:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error
    cases = parse_files({str(file): data})
    if not cases:
        raise InputError(f"{file}: no case in it; expected a YAML list of cases")
    return cases
