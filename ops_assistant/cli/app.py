"""`ops-assistant`: the commands and what their exit codes mean.

0 done (a run that pauses for approval is done), 1 the run failed, 2 bad input, 3 there is nothing to act on.
"""

import os
import sys

import typer

from ..tools.errors import InputError, NothingToActOn, OpsError
from . import audit, decisions, demo, digest, doctor, evaluate, investigate, kb, listing

app = typer.Typer(
    name="ops-assistant",
    help="Reads an alert and all its logs, says what broke with proof, proposes typed actions, waits for a person, "
    "executes exactly what was approved, once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo_command)
app.command("investigate")(investigate.investigate_command)
app.command("pending")(listing.pending_command)
app.command("show")(listing.show_command)
app.command("approve")(decisions.approve_command)
app.command("edit")(decisions.edit_command)
app.command("reject")(decisions.reject_command)
app.command("abort")(decisions.abort_command)
app.command("reconcile")(decisions.reconcile_command)
app.command("resume")(decisions.resume_command)
app.command("digest")(digest.digest_command)
app.add_typer(kb.kb_app, name="kb")
app.add_typer(audit.audit_app, name="audit")
app.command("evaluate")(evaluate.evaluate_command)
app.command("doctor")(doctor.doctor_command)


def main() -> None:
    """Run the command line; errors meant for people are one line on stderr."""
    try:
        app()
    except OpsError as error:
        typer.echo(f"ops-assistant: {error}", err=True)
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        typer.echo("ops-assistant: interrupted; `ops-assistant resume THREAD` goes on with a run", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone, e.g. `| head`
        sys.exit(141)


def exit_code(error: OpsError) -> int:
    """Return the exit code of an error."""
    if isinstance(error, InputError):
        return 2
    return 3 if isinstance(error, NothingToActOn) else 1
