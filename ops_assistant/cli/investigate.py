"""`ops-assistant investigate`."""

from glob import glob
from pathlib import Path
from typing import Annotated

import typer

from ..tools.alert import Alert
from ..tools.errors import InputError
from .common import EngineOption, JsonOption, open_assistant, print_json, progress


def investigate_command(
    alert_file: Annotated[
        str, typer.Argument(metavar="ALERT.json", help="The alert; `-` reads it from stdin.")
    ],
    logs: Annotated[
        list[str] | None,
        typer.Option("--logs", metavar="PATH", help="Log file, folder or glob; may be repeated."),
    ] = None,
    engine: EngineOption = None,
    json_: JsonOption = False,
) -> None:
    """Investigate an alert until it waits for approval or has its report."""
    from ..render.terminal import print_run

    alert = _read_alert(alert_file)
    for path in logs or []:
        if path != "-" and not Path(path).exists() and not glob(path):  # noqa: PTH207 - a glob may be absolute
            raise InputError(f"--logs {path}: no such file or folder")
    if logs:
        alert = alert.model_copy(update={"log_sources": [*alert.log_sources, *logs]})
    with open_assistant(engine) as assistant:
        run = assistant.investigate(alert, on_event=progress)
        if json_:
            print_json(run.to_json())
        else:
            print_run(run)
    if run.status == "failed":
        raise typer.Exit(1)


def _read_alert(name: str) -> Alert:
    if name == "-":
        return Alert.read(typer.get_binary_stream("stdin").read(), origin="stdin")
    return Alert.load(Path(name))
