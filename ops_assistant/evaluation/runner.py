"""Runs incidents through an engine and judges what comes back."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from ..agents.llm.usage import Usage
from ..agents.models import Diagnosis
from ..tools.alert import Alert
from ..tools.errors import OpsError
from .incidents import Incident
from .metrics import UNKNOWN, Result, same_line, summary


class Investigate(Protocol):
    """Diagnoses `alert` without the cases of the programs that are set aside; says what models used."""

    def __call__(self, alert: Alert, set_aside: Sequence[str] = (), /) -> tuple[Diagnosis, Usage]:
        """Return the diagnosis and the usage."""


def evaluate(
    incidents: Sequence[Incident],
    investigate: Investigate,
    workers: int = 1,
    *,
    leave_program_out: bool = False,
    on_done: Callable[[Result], None] | None = None,
) -> dict[str, Any]:
    """Return accuracy, calibration and proof over `incidents`, in the form that `evaluate --json` prints.

    `investigate` gets the alert with its logs and nothing of the label, and returns what models used, too.
    It runs in `workers` threads: worth more than one for a model that is waited for, not for the case-based
    engine, which computes. `leave_program_out` sets aside, for each incident, the cases that name its program:
    what is left is the accuracy on programs that nobody wrote about. An incident whose investigation raises an
    `OpsError` counts as `unknown`.
    """
    started = time.perf_counter()

    def run(incident: Incident) -> Result:
        result = _judged(incident, investigate, incident.software if leave_program_out else ())
        if on_done is not None:
            on_done(result)
        return result

    if workers > 1:
        with ThreadPoolExecutor(workers) as pool:
            results = list(pool.map(run, incidents))
    else:
        results = [run(incident) for incident in incidents]
    return summary(results, time.perf_counter() - started)


def _judged(incident: Incident, investigate: Investigate, set_aside: Sequence[str]) -> Result:
    started = time.perf_counter()
    error = ""
    diagnosis: Diagnosis | None = None
    usage = Usage()
    try:
        diagnosis, usage = investigate(incident.as_alert(), set_aside)
    except OpsError as problem:
        error = str(problem)
    seconds = time.perf_counter() - started
    if diagnosis is None:
        return Result(
            incident.id,
            incident.failure_mode,
            UNKNOWN,
            (),
            0,
            seconds,
            incident.difficulty,
            1,
            0,
            False,
            None,
            error,
        )
    others = diagnosis.hypotheses[1:]
    quotes = [citation.quote for citation in diagnosis.evidence]
    cause_line = incident.cause_line
    return Result(
        id=incident.id,
        expected=incident.failure_mode,
        predicted=diagnosis.failure_mode,
        top3=tuple(item.failure_mode for item in diagnosis.hypotheses[:3]),
        confidence=diagnosis.confidence,
        seconds=seconds,
        difficulty=incident.difficulty,
        claims=1 + len(others),
        proven_claims=int(diagnosis.proven) + sum(1 for item in others if item.evidence),
        root_proven=diagnosis.proven,
        cause_line_cited=any(same_line(quote, cause_line) for quote in quotes) if cause_line else None,
        usage=usage,
    )
