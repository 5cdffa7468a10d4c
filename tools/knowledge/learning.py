"""Learning from a finished run: a proposed case, or one more outcome of a case that is known."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

from .base import KnowledgeBase
from .loading import NO_FAULT, failure_modes
from .models import Case, CaseAction, CaseOutcome, Signature
from .words import words

_VARIABLE = re.compile(r"<\*>|\[[a-zA-Z-]+:[0-9a-f]+\]|\S*\d\S*|\"[^\"]*\"|'[^']*'")
_SHORTEST, _LONGEST = 12, 120  # characters of a signature: shorter ones are found everywhere
_FEWEST_WORDS = 3  # `ERROR: failed` points at nothing
_SAME = 0.6  # score from which a proposal repeats a known case of its failure mode


class Attempted(NamedTuple):
    """How the remedy of a run went; `known` is False if nothing could tell, as after simulated actions."""

    known: bool
    worked: bool
    rolled_back: bool
    minutes: float | None


class Learned(NamedTuple):
    """What a confirmed proposal became: a new case, or an outcome of the case `case_id`."""

    kind: Literal["case", "outcome"]
    case_id: str


def propose_case(run: Mapping[str, Any]) -> Case | None:
    """Return the case that a finished run teaches, or None if it has no proven cause or nothing was tried.

    `run` is the JSON of `ops-assistant show --json`: alert, digest, log_analysis, diagnosis, recommendation,
    plan, outcomes, verification. Signatures are the fixed words of the lines that prove the cause; a person
    confirms or edits them.
    """
    alert, diagnosis = run.get("alert") or {}, run.get("diagnosis") or {}
    mode = str(diagnosis.get("failure_mode", ""))
    solutions: Sequence[Mapping[str, Any]] = (run.get("recommendation") or {}).get("solutions") or []
    if mode not in failure_modes() or mode == NO_FAULT or not run.get("outcomes") or not solutions:
        return None
    signatures = signatures_of(run.get("digest") or {}, diagnosis.get("evidence") or [])
    if not signatures:
        return None
    best = min(solutions, key=lambda item: int(item.get("priority", 1)))
    service, message = str(alert.get("service", "service")), " ".join(str(alert.get("message", "")).split())
    attempt = attempted(run)
    pattern = str((run.get("log_analysis") or {}).get("pattern") or "")
    hypotheses = diagnosis.get("hypotheses") or [{}]
    return Case(
        id=_case_id(service, mode, str(alert.get("id", ""))),
        title=f"{service}: {message}"[:160],
        failure_mode=mode,
        systems=[_slug(service)],
        symptoms=[message, pattern or f"Log lines like: {signatures[0].text}"],
        signatures=signatures,
        root_cause=f"{diagnosis.get('root_cause') or failure_modes()[mode]} (incident {alert.get('id', 'unknown')})",
        impact=str(diagnosis.get("impact_scope") or ""),
        triggers=list(diagnosis.get("possible_triggers") or []),
        checks=list(hypotheses[0].get("confirm_by") or [])[:3] or [f"Look for: {signatures[0].text}"],
        solution=list(best.get("steps") or []) or [str(best.get("description", "See the plan's actions."))],
        actions=[
            CaseAction(**{key: item[key] for key in ("type", "params", "effect", "reason") if key in item})
            for item in (run.get("plan") or {}).get("actions") or []
        ],
        verification=list(best.get("verification") or []) or ["The error lines stop and the alert clears."],
        rollback=list(best.get("rollback") or []),
        risks=list(best.get("risks") or []),
        estimated_time=_duration(attempt.minutes, str(best.get("estimated_time") or "")),
        prevention=list((run.get("recommendation") or {}).get("preventive_measures") or [])[:5]
        or ["To be written by the person who confirms this case."],
        outcome=CaseOutcome(
            tried=1,
            worked=int(attempt.worked),
            rolled_back=int(attempt.rolled_back),
            last=datetime.now(UTC).date(),
        )
        if attempt.known
        else CaseOutcome(),
        source="learned",
    )


def attempted(run: Mapping[str, Any]) -> Attempted:
    """Return whether the run's remedy worked: every action succeeded and the check saw the recovery.

    What nobody could verify is neither a success nor a failure; an action that failed is a failure all the same.
    """
    outcomes: Sequence[Mapping[str, Any]] = run.get("outcomes") or []
    verification = run.get("verification") or {}
    succeeded = bool(outcomes) and all(item.get("status") == "succeeded" for item in outcomes)
    rolled_back = any(item.get("rolled_back") or item.get("status") == "rolled_back" for item in outcomes)
    times = [_time(item.get(key)) for item in outcomes for key in ("started_at", "finished_at")]
    known = [item for item in times if item is not None]
    minutes = (max(known) - min(known)).total_seconds() / 60 if len(known) > 1 else None
    seen = verification.get("status") in ("recovered", "unchanged", "worse")
    real = not any(item.get("simulated") for item in outcomes)
    failed = any(item.get("status") == "failed" for item in outcomes)
    worked = succeeded and verification.get("status") == "recovered"
    return Attempted(real and (seen or failed or rolled_back), worked, rolled_back, minutes)


def signatures_of(digest: Mapping[str, Any], citations: Sequence[Mapping[str, Any]]) -> list[Signature]:
    """Return signatures from the lines that `citations` point to: fixed words of the rarest lines first."""
    lines = {item["id"]: item for item in digest.get("evidence") or []}
    counts = {item["id"]: int(item.get("count", 1)) for item in digest.get("templates") or []}
    cited = [lines[item["id"]] for item in citations if item.get("id") in lines]
    cited.sort(key=lambda line: counts.get(line.get("template") or "", 1))
    texts = dict.fromkeys(text for line in cited if (text := fixed_words(str(line.get("text", "")))))
    return [Signature(text=text, weight=2) for text in list(texts)[:4]]


def fixed_words(line: str) -> str | None:
    """Return the longest stretch of `line` without numbers, quoted values or placeholders, if it says anything."""
    parts = [part.strip(" \t:;,.=()[]{}|-") for part in _VARIABLE.split(line)]
    longest = max(parts, key=len, default="")[:_LONGEST].strip()
    return longest if len(longest) >= _SHORTEST and len(set(words(longest))) >= _FEWEST_WORDS else None


def find_repeat(knowledge_base: KnowledgeBase, proposal: Case) -> Case | None:
    """Return the known case that `proposal` repeats, or None."""
    text = "\n".join([proposal.title, *proposal.symptoms, *(item.text or "" for item in proposal.signatures)])
    hits = knowledge_base.search(text, top_k=1, failure_mode=proposal.failure_mode)
    return hits[0].case if hits and hits[0].score >= _SAME else None


def learn(knowledge_base: KnowledgeBase, proposal: Case, *, on: date, run_id: str) -> Learned:
    """Store a proposal that a person confirmed: as an outcome if it repeats a known case, else as a new case.

    Storing the same run again changes nothing.
    """
    known = knowledge_base.get(proposal.id)
    if known is not None and known.source != "seed":
        return Learned("case", known.id)
    repeat = find_repeat(knowledge_base, proposal)
    if repeat is None:
        return Learned("case", knowledge_base.add(proposal).id)
    outcome = proposal.outcome
    if outcome.tried:
        knowledge_base.record_outcome(
            repeat.id, outcome.worked > 0, outcome.rolled_back > 0, on=outcome.last or on, run_id=run_id
        )
    return Learned("outcome", repeat.id)


def _case_id(service: str, mode: str, alert_id: str) -> str:
    end = re.sub(r"[^a-z0-9]", "", alert_id.lower())[-12:] or "case"
    return f"{_slug(service)[:30]}-{mode}"[: 79 - len(end)].strip("-") + f"-{end}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "service"


def _duration(minutes: float | None, estimate: str) -> str:
    if minutes is not None:
        return f"{max(1, round(minutes))} min"
    return estimate if re.fullmatch(r"\d+(-\d+)? (min|h)", estimate) else "15-30 min"


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
