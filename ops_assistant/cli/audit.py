"""`ops-assistant audit export | verify`."""

from pathlib import Path
from typing import Annotated

import typer

from ..tools.errors import NothingToActOn
from .common import JsonOption, ThreadArgument, find_run, open_assistant, print_json

audit_app = typer.Typer(
    help="The append-only record of every decision and execution.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@audit_app.command("export")
def export_command(
    thread: ThreadArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of stdout.")
    ] = None,
) -> None:
    """Write an incident's record as one Markdown file that holds every entry as a JSON line."""
    from ..graph.audit_export import export_text

    with open_assistant() as assistant:
        run = find_run(assistant, thread)
        text = export_text(assistant.audit, run.thread_id)
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        typer.echo(f"written to {output}", err=True)


@audit_app.command("verify")
def verify_command(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="An exported record; without it, the store itself."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head", metavar="HASH", help="The hash of an entry that was noted elsewhere and must be there."
        ),
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Check the chain of hashes; exits with 1 and names each entry that was changed, removed, reordered or cut off."""
    from ..graph.audit_export import export_problems

    with open_assistant() as assistant:
        entries, problems = (
            (assistant.audit.entries(), assistant.audit.verify())
            if file is None
            else export_problems(file, assistant.audit)
        )
    if not entries and not problems:
        raise NothingToActOn("the audit is empty: there was no run yet")
    if head is not None and head not in {entry.hash for entry in entries}:
        problems.append(
            f"no entry has the hash {head[:12]} that was noted elsewhere: it was changed or removed"
        )
    last = entries[-1].hash if entries else ""
    if json_:
        print_json({"entries": len(entries), "head": last, "problems": problems})
    else:
        for problem in problems:
            typer.echo(problem)
        typer.echo(f"{len(entries)} entries, {len(problems) or 'no'} problems; head {last}")
    if problems:
        raise typer.Exit(1)
