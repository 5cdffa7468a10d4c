"""`ops-assistant demo`: the main job on real input, with no key and no network.

Each incident is investigated in a process that ends while the run waits for approval; this process then
opens the run from the checkpoint file and decides. So the demo proves persistence, it does not claim it.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..tools.errors import OpsError
from .common import find_run, open_assistant, progress

if TYPE_CHECKING:
    from ..run import Run

DEMO_ALERTS = ("connection-pool.json", "heap-out-of-memory.json", "replication.json")


def demo_command(
    reports: Annotated[
        Path, typer.Option("--reports", metavar="FOLDER", help="Where the reports are written.")
    ] = Path("var/reports"),
) -> None:
    """Investigate three incidents, pause, resume from another process, decide, and write the reports."""
    from ..render.terminal import print_result, print_run
    from ..render.terminal_parts import console

    out = console()
    for number, name in enumerate(DEMO_ALERTS, start=1):
        alert_file = files("ops_assistant") / "data" / name
        out.print()
        out.print(
            f"[{number}/{len(DEMO_ALERTS)}] investigating {name} in a process of its own",
            style="bold",
            markup=False,
        )
        thread_id, pid = _investigate_elsewhere(Path(str(alert_file)))
        out.print(
            f"process {pid} has ended; this process opens run {thread_id} from the checkpoint file",
            markup=False,
        )
        with open_assistant() as assistant:
            run = find_run(assistant, thread_id)
            print_run(run, out)
            if run.status == "awaiting_approval":
                _decide(run, approve=number == 1)
                print_result(run)
            path = _write_report(run, reports, name)
        out.print(f"report: {path}", markup=False)


def _investigate_elsewhere(alert_file: Path) -> tuple[str, int]:
    """Run `ops-assistant investigate` in a child that ends; return the thread id and the child's pid."""
    argv = [sys.executable, "-m", "ops_assistant.cli", "investigate", str(alert_file), "--json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as child:  # noqa: S603 - our own command line
        stdout, _ = child.communicate()
    if child.returncode != 0:
        raise OpsError(f"the investigating process ended with exit code {child.returncode}")
    return str(json.loads(stdout)["thread_id"]), child.pid


def _decide(run: "Run", *, approve: bool) -> None:
    """Ask the person at the terminal; without one, approve or abort as told, and say so."""
    if not sys.stdin.isatty():
        typer.echo(f"\nno terminal: the demo {'approves' if approve else 'aborts'} this plan")
        if approve:
            run.approve(comment="demo without a terminal", door="cli", on_event=progress)
        else:
            run.abort(reason="demo without a terminal", door="cli", on_event=progress)
        return
    while run.status == "awaiting_approval":
        answer = typer.prompt("\nApprove this plan? [yes / no / edit]").strip().lower()
        if answer in ("y", "yes"):
            run.approve(door="cli", on_event=progress)
        elif answer in ("n", "no"):
            run.abort(
                reason=typer.prompt("Why not", default="declined in the demo"), door="cli", on_event=progress
            )
        elif answer in ("e", "edit"):
            _edit(run)


def _edit(run: "Run") -> None:
    """Let the person change the actions as JSON, in an editor."""
    assert run.plan is not None  # noqa: S101 - a run that waits has a plan
    plan = run.plan.model_dump(mode="json")
    shown = [{key: action[key] for key in ("id", "type", "params")} for action in plan["actions"]]
    with tempfile.NamedTemporaryFile("w+", suffix=".json", encoding="utf-8") as draft:
        json.dump(shown, draft, indent=2)
        draft.flush()
        subprocess.run([*shlex.split(os.environ.get("EDITOR", "vi")), draft.name], check=False)  # noqa: S603
        text = Path(draft.name).read_text(encoding="utf-8")
    try:
        run.edit({"hash": plan["hash"], "actions": json.loads(text)}, door="cli", on_event=progress)
    except (OpsError, json.JSONDecodeError) as error:
        typer.echo(f"not accepted: {error}", err=True)


def _write_report(run: "Run", folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / Path(name).with_suffix(".md").name
    from ..graph.report_markdown import report_markdown

    path.write_text(report_markdown(run.incident, run.status), encoding="utf-8")
    return path
