"""How the remedies of cases went: an append-only file of JSON lines, one per attempt."""

from datetime import date
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from .models import CaseOutcome


class Attempt(BaseModel):
    """One attempt to use a case's remedy. `run_id` makes recording it again harmless."""

    model_config = ConfigDict(extra="ignore")

    case_id: str
    on: date
    worked: bool
    rolled_back: bool = False
    run_id: str = ""


class OutcomeLog:
    """All attempts of one knowledge base; the caller holds the lock while it appends."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, attempt: Attempt) -> bool:
        """Add one attempt; returns False if the same run already recorded it for the same case."""
        if attempt.run_id and any(
            (old.run_id, old.case_id) == (attempt.run_id, attempt.case_id) for old in self.attempts()
        ):
            return False
        line = orjson.dumps(attempt.model_dump(mode="json")) + b"\n"
        with self._path.open("ab") as file:
            # A crash may have left half a line; begin a new one so that only that half is lost.
            if file.tell() and self._path.read_bytes()[-1:] != b"\n":
                line = b"\n" + line
            file.write(line)
        return True

    def attempts(self) -> list[Attempt]:
        """Return all attempts, oldest first; a line torn by a crash is skipped."""
        found = []
        for line in self._path.read_bytes().splitlines() if self._path.exists() else []:
            try:
                found.append(Attempt.model_validate_json(line))
            except ValidationError:
                continue
        return found

    def totals(self) -> dict[str, CaseOutcome]:
        """Return the sums per case id."""
        sums: dict[str, CaseOutcome] = {}
        for attempt in self.attempts():
            sums[attempt.case_id] = combined(
                sums.get(attempt.case_id, CaseOutcome()),
                CaseOutcome(
                    tried=1, worked=int(attempt.worked), rolled_back=int(attempt.rolled_back), last=attempt.on
                ),
            )
        return sums


def combined(one: CaseOutcome, other: CaseOutcome) -> CaseOutcome:
    """Return the sum of two outcomes, with the later date."""
    dates = [day for day in (one.last, other.last) if day is not None]
    return CaseOutcome(
        tried=one.tried + other.tried,
        worked=one.worked + other.worked,
        rolled_back=one.rolled_back + other.rolled_back,
        last=max(dates, default=None),
    )


def outcome_text(outcome: CaseOutcome) -> str:
    """Return e.g. `worked 4 of 5 times, last 2026-11-02`; a remedy that never worked is shown as failed."""
    if not outcome.tried:
        return "not tried yet"
    times = "time" if outcome.tried == 1 else "times"
    if outcome.worked:
        text = f"worked {outcome.worked} of {outcome.tried} {times}"
    else:
        text = f"FAILED {outcome.tried} of {outcome.tried} {times}"
    if outcome.rolled_back:
        text += f", rolled back {outcome.rolled_back}"
    return f"{text}, last {outcome.last}" if outcome.last else text


def ranking_factor(outcome: CaseOutcome) -> float:
    """Return what a case's score is multiplied by: 0.75 (always failed) to 1.1 (always worked), 1 untried.

    The success rate is smoothed by two imagined attempts, so that one failure does not bury a good case.
    """
    rate = (outcome.worked + 1) / (outcome.tried + 2)
    return 1 + (rate - 0.5) * (0.2 if rate > 0.5 else 0.5)
