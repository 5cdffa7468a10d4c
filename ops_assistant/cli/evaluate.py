"""`ops-assistant evaluate INCIDENTS.jsonl`: would the assistant have found these?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..tools.errors import InputError
from .common import EngineOption, JsonOption, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..evaluation import Result

_WORST_MODES = 12


def evaluate_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="INCIDENTS.jsonl", help="Incidents; with --compare two results of --json."),
    ],
    engine: EngineOption = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Incidents at once; helps with a model, not case-based.")
    ] = 1,
    as_json: JsonOption = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write a page with plots.")] = None,
    leave_program_out: Annotated[
        bool,
        typer.Option(
            "--leave-program-out",
            help="Set aside, for each incident, the cases that name its program (field `software`).",
        ),
    ] = False,
    compare: Annotated[bool, typer.Option("--compare", help="Compare two results side by side.")] = False,
) -> None:
    """Run incidents with known causes through an engine and print how many it finds."""
    if compare:
        _compare(files, as_json)
        return
    if len(files) != 1:
        raise InputError("evaluate takes one file of incidents (two results only with --compare)")
    from ..evaluation import evaluate, html_page, load_incidents, open_engine
    from ..settings import load_settings

    incidents = load_incidents(files[0])
    if leave_program_out and not any(incident.software for incident in incidents):
        raise InputError(
            f"{files[0]}: no incident names its program; --leave-program-out needs the field `software`"
        )
    with open_engine(load_settings(engine=engine)) as investigate, _progress(len(incidents)) as advance:
        result = evaluate(
            incidents, investigate, workers, leave_program_out=leave_program_out, on_done=advance
        )
    if html is not None:
        _write(html, html_page(result, f"Evaluation of {files[0].name}"))
    if as_json:
        print_json(result)
    else:
        _show(result)


def _compare(files: list[Path], as_json: bool) -> None:
    from ..evaluation import compare, load_result

    if len(files) != 2:
        raise InputError("--compare takes two files, each the output of `evaluate --json`")
    found = compare(load_result(files[0]), load_result(files[1]))
    if as_json:
        print_json(found)
        return
    console = Console(highlight=False)
    table = Table("", files[0].name, files[1].name, "difference")
    for name, pair in found["figures"].items():
        table.add_row(name, *(_number(pair[key]) for key in ("first", "second", "difference")))
    console.print(table)
    for kind in ("gained", "lost"):
        for item in found[kind]:
            console.print(
                f"{kind}: {item['id']}: {item['expected']} ({item['first']} -> {item['second']})",
                markup=False,
            )


def _show(result: dict[str, Any]) -> None:
    console = Console(highlight=False)
    figures = Table("figure", "value", title=f"{result['n']} incidents in {result['seconds']:.1f} s")
    for name in (
        "top1", "top3", "false_alarm_rate", "missed_fault_rate", "unknown_rate", "calibration_error", "proof_rate",
        "proven_root_rate", "cause_line_share", "median_seconds",
        "input_tokens", "output_tokens", "cost_usd",
    ):  # fmt: skip
        figures.add_row(name, _number(result[name]))
    console.print(figures)
    groups = Table("difficulty", "n", "top1", "top3")
    for name, group in result["by_difficulty"].items():
        groups.add_row(name, str(group["n"]), _number(group["top1"]), _number(group["top3"]))
    console.print(groups)
    bands = Table("confidence", "n", "mean", "right", title="reliability")
    for band in result["reliability"]:
        label = f"{band['from']}-{band['to']} %"
        bands.add_row(label, str(band["n"]), _number(band["confidence"]), _number(band["accuracy"]))
    console.print(bands)
    worst = sorted(result["by_mode"].items(), key=lambda item: (item[1]["top1"], -item[1]["n"]))
    modes = Table("mode", "n", "top1", "top3", title=f"the {_WORST_MODES} modes found least")
    for name, group in worst[:_WORST_MODES]:
        modes.add_row(name, str(group["n"]), _number(group["top1"]), _number(group["top3"]))
    console.print(modes)
    for item in result["confusion"]:
        console.print(f"{item['n']} x {item['expected']} taken for {item['predicted']}", markup=False)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--html {path}: cannot be written ({error.strerror})") from error


@contextmanager
def _progress(total: int) -> "Iterator[Callable[[Result], None]]":
    columns = (
        TextColumn("evaluating"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[right]} right"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, right=0)
        right = 0

        def advance(result: "Result") -> None:
            nonlocal right
            right += result.right
            bar.update(task, advance=1, right=right)

        yield advance
