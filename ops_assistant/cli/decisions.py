"""`ops-assistant approve | edit | reject | abort | resume`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import orjson
import typer

from ..tools.errors import InputError
from .common import ByOption, JsonOption, ThreadArgument, find_run, open_assistant, print_json, progress

if TYPE_CHECKING:
    from ..graph.resolutions import Choice
    from ..run import Run

CommentOption = Annotated[str | None, typer.Option("--comment", help="Why, for the record.")]
PlanOption = Annotated[
    str | None, typer.Option("--plan", metavar="HASH", help="Decide only if this is the plan that waits.")
]


def approve_command(
    thread: ThreadArgument,
    by: ByOption = None,
    comment: CommentOption = None,
    plan: PlanOption = None,
    json_: JsonOption = False,
) -> None:
    """Approve the waiting plan; its actions run, once each."""
    _decide(
        thread, json_, lambda run: run.approve(by=by, comment=comment, door="cli", on_event=progress), plan
    )


def edit_command(
    thread: ThreadArgument,
    plan_file: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN.json", help="The plan as `show --json` prints it under `plan`, changed."
        ),
    ],
    by: ByOption = None,
    comment: CommentOption = None,
    json_: JsonOption = False,
) -> None:
    """Approve an edited plan: change parameters, reorder or leave out actions; their ids stay."""
    plan = _read_plan(plan_file)
    _decide(thread, json_, lambda run: run.edit(plan, by=by, comment=comment, door="cli", on_event=progress))


def reject_command(
    thread: ThreadArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; another plan is looked for with it in mind.")],
    by: ByOption = None,
    json_: JsonOption = False,
) -> None:
    """Reject the waiting plan with a reason."""
    _decide(thread, json_, lambda run: run.reject(reason, by=by, door="cli", on_event=progress))


def abort_command(
    thread: ThreadArgument,
    by: ByOption = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for the record.")] = None,
    json_: JsonOption = False,
) -> None:
    """End the run without executing anything."""
    _decide(thread, json_, lambda run: run.abort(by=by, reason=reason, door="cli", on_event=progress))


def reconcile_command(
    thread: ThreadArgument,
    choice: Annotated[str, typer.Argument(metavar="retry|skip|abort", help="What becomes of the action.")],
    evidence: Annotated[
        str | None, typer.Option("--evidence", help="How you know what has happened; a retry may need it.")
    ] = None,
    by: ByOption = None,
    json_: JsonOption = False,
) -> None:
    """Decide about an action that failed or is unknown, or a symptom that stayed; a retry waits for approval again."""
    if choice not in ("retry", "skip", "abort"):
        raise InputError(f"reconcile: expected retry, skip or abort, got {choice!r}")
    _decide(
        thread, json_,
        lambda run: run.reconcile(cast("Choice", choice), evidence=evidence, by=by, door="cli", on_event=progress),
    )  # fmt: skip


def resume_command(
    thread: Annotated[
        str | None, typer.Argument(metavar="[THREAD]", help="Thread id of the run, or its first characters.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Go on with every interrupted run.")] = False,
    json_: JsonOption = False,
) -> None:
    """Go on with a run whose process died; actions that were started are not run again."""
    if (thread is None) != all_:
        raise InputError(
            "give a THREAD, or --all for every run that `ops-assistant pending` calls interrupted"
        )
    if thread is not None:
        _decide(thread, json_, lambda run: run.resume(on_event=progress))
        return
    _resume_all(json_)


def _resume_all(json_: bool) -> None:
    from ..render.terminal import print_result

    with open_assistant() as assistant:
        runs = assistant.recover(on_event=progress)
        if json_:
            print_json({"resumed": [run.to_json() for run in runs]})
            return
        for run in runs:
            print_result(run)
        left = len(assistant.interrupted())
    typer.echo(f"{len(runs)} runs resumed" + (f"; {left} are still interrupted" if left else ""))
    if left:
        raise typer.Exit(1)


def _decide(thread: str, json_: bool, act: "Callable[[Run], Run]", plan: str | None = None) -> None:
    from ..render.terminal import print_result

    with open_assistant() as assistant:
        run = find_run(assistant, thread)
        if plan is not None and (run.plan is None or not run.plan.hash.startswith(plan)):
            raise InputError(
                f"plan {plan} is not the one that waits; `ops-assistant show {thread}` prints it"
            )
        act(run)
        if json_:
            print_json(run.to_json())
        else:
            print_result(run)
    if run.status == "failed":
        raise typer.Exit(1)


def _read_plan(path: Path) -> dict[str, Any]:
    try:
        data = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except orjson.JSONDecodeError as error:
        raise InputError(
            f"{path}: not JSON ({error}); expected the plan as `show --json` prints it"
        ) from None
    if isinstance(data, dict) and isinstance(data.get("plan"), dict):
        data = data["plan"]  # the whole output of `show --json`
    if not isinstance(data, dict) or "actions" not in data:
        raise InputError(f"{path}: expected an object with `actions`, as `show --json` prints under `plan`")
    return data
