"""`ops-assistant pending` and `ops-assistant show`."""

from pathlib import Path
from typing import Annotated

import typer

from ..tools.errors import InputError
from .common import JsonOption, ThreadArgument, find_run, open_assistant, print_json


def pending_command(json_: JsonOption = False) -> None:
    """List the runs that wait for a decision and those that were interrupted, oldest first."""
    with open_assistant() as assistant:
        rows, stopped = assistant.rows("awaiting_approval"), assistant.interrupted()
    stopped_ids = {item.thread_id for item in stopped}
    rows = [row for row in rows if row["thread_id"] not in stopped_ids]
    if json_:
        print_json(
            {
                "pending": [dict(row) for row in rows],
                "interrupted": [item.model_dump(mode="json") for item in stopped],
            }
        )
        return
    if not rows and not stopped:
        typer.echo("nothing waits for a decision")
        return
    from ..render.terminal import print_interrupted, print_rows

    if rows:
        print_rows(rows)
    if stopped:
        print_interrupted(stopped)


def show_command(
    thread: ThreadArgument,
    json_: JsonOption = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the report as Markdown.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the report as a page.")
    ] = None,
) -> None:
    """Show a run: what was found, proposed, decided and done."""
    if sum((json_, markdown, html is not None)) > 1:
        raise InputError("give one of --json, --markdown and --html")
    with open_assistant() as assistant:
        run = find_run(assistant, thread)
    if json_:
        print_json(run.to_json())
        return
    if not markdown and html is None:
        from ..render.terminal import print_run

        print_run(run)
        return
    from ..graph.report_markdown import report_markdown

    text = report_markdown(run.incident, run.status)
    if html is None:
        typer.echo(text, nl=False)
        return
    from ..render.html import report_page

    try:
        html.write_text(
            report_page(text, title=f"{run.alert.service if run.alert else run.thread_id}"), encoding="utf-8"
        )
    except OSError as error:
        raise InputError(f"{html}: cannot be written ({error.strerror})") from error
    typer.echo(f"written: {html}", err=True)
