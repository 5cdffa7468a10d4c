"""What the `kb` commands share: opening the knowledge base, showing cases, letting a person edit one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import typer

from ..tools.errors import InputError
from ..tools.knowledge import Case, Hit, KnowledgeBase, outcome_text
from ..tools.knowledge.loading import parse_files
from ..tools.knowledge.store import to_yaml
from .common import print_json


def case_row(case: Case) -> dict[str, Any]:
    """Return the short JSON form of a case, as in lists."""
    return {
        "id": case.id,
        "title": case.title,
        "failure_mode": case.failure_mode,
        "systems": case.systems,
        "source": case.source,
        "outcome": outcome_text(case.outcome),
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """Return the JSON form of a hit: the short form of its case, score, reasons and signatures."""
    return case_row(hit.case) | {
        "score": round(hit.score, 4),
        "why": hit.why,
        "signatures": [item.model_dump(mode="json") for item in hit.signatures],
        "solution": hit.case.solution,
    }


def hit_lines(hit: Hit) -> list[str]:
    """Return a hit as lines of text."""
    case = hit.case
    return [
        f"{hit.score:.2f}  {case.id}  [{case.failure_mode}]",
        f"      {case.title}",
        *(f"      - {reason}" for reason in hit.why),
    ]


def case_lines(case: Case) -> list[str]:
    """Return a whole case as lines of text."""
    lines = [
        case.title,
        f"id {case.id}   failure mode {case.failure_mode}   systems {', '.join(case.systems)}   source {case.source}",
        f"remedy: {outcome_text(case.outcome)}   takes {case.estimated_time}",
        "",
        f"Root cause: {case.root_cause}",
    ]
    if case.impact:
        lines.append(f"Impact: {case.impact}")
    signatures = [f"{item.text or item.pattern} (weight {item.weight})" for item in case.signatures]
    confused = [f"{item.failure_mode}: {item.tell}" for item in case.confused_with]
    actions = [f"{item.type} {item.params} ({item.effect})" for item in case.actions]
    for heading, items in (
        ("Symptoms", case.symptoms),
        ("Signatures", signatures),
        ("Often confused with", confused),
        ("Triggers", case.triggers),
        ("Checks", case.checks),
        ("Solution", case.solution),
        ("Actions", actions),
        ("Verification", case.verification),
        ("Rollback", case.rollback),
        ("Risks", case.risks),
        ("Prevention", case.prevention),
    ):
        if items:
            lines += ["", f"{heading}:", *(f"  - {item}" for item in items)]
    return lines


def edited_case(case: Case) -> Case | None:
    """Let a person change `case` in $EDITOR; None if they changed nothing.

    A text with mistakes is not lost: the person may go on editing it. The id stays.
    """
    text = to_yaml([case])
    while True:
        changed = click.edit(text, extension=".yaml")
        if changed is None:
            return None
        try:
            new = parse_files({"edited": changed.encode()})
            if [item.id for item in new] != [case.id]:
                raise InputError(f"edited: expected exactly one case, with the id `{case.id}`")
        except InputError as error:
            typer.echo(str(error), err=True)
            if not typer.confirm("Edit again?", default=True, err=True):
                raise
            text = changed
        else:
            return new[0]


@contextmanager
def opened() -> Iterator[KnowledgeBase]:
    """Open the knowledge base with the settings of environment and `.env`."""
    from ..knowledge import open_knowledge_base
    from ..settings import load_settings

    with open_knowledge_base(load_settings()) as knowledge_base:
        yield knowledge_base


def say(result: dict[str, Any], json: bool) -> None:
    """Print the result of a command, as JSON or as one line per entry."""
    if json:
        print_json(result)
        return
    for name, value in result.items():
        if isinstance(value, list):
            typer.echo(f"{name}: {', '.join(map(_shown, value)) or 'none'}")
        else:
            typer.echo(f"{name}: {value}")


def _shown(value: Any) -> str:
    return " ".join(map(str, value.values())) if isinstance(value, dict) else str(value)
