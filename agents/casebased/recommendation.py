"""The recommender without a model: the best cases' remedies, with the incident's own names filled in."""

from collections.abc import Collection, Iterable

from ...tools.actions import CATALOGUE
from ...tools.alert import Alert
from ...tools.digest.models import LogDigest
from ...tools.knowledge import KnowledgeBase
from ...tools.knowledge.models import Case
from ..models import Diagnosis, ProposedAction, Recommendation, Solution
from .objects import fill, named_objects

_MAX_SOLUTIONS = 3
_WORTH_A_SOLUTION = 20  # percent that a further hypothesis must have
# How people name an action when they turn it down.
_WORDS = {
    "restart_service": ("restart", "reboot", "bounce"),
    "scale_up": ("scale", "scaling", "replica", "instances"),
    "scale_down": ("scale", "scaling", "replica", "instances"),
    "clear_cache": ("cache", "flush"),
    "rollback_release": ("rollback", "roll back", "revert"),
    "terminate_connections": ("terminate", "kill", "session"),
    "rotate_logs": ("rotat",),
    "run_runbook_command": ("runbook", "command"),
}


def recommend(
    alert: Alert,
    digest: LogDigest,
    diagnosis: Diagnosis,
    knowledge_base: KnowledgeBase,
    *,
    rejected_because: str | None = None,
    catalogue: Collection[str] = CATALOGUE,
) -> Recommendation:
    """Return solutions by priority; none unless the verdict is a fault.

    `catalogue` holds the action types that may be proposed. After a rejection, what the reason names (or,
    if it names none, what was proposed first) is not proposed again.
    """
    if diagnosis.verdict != "fault":
        return Recommendation(preventive_measures=_after_no_fault(diagnosis))
    cases = _cases(diagnosis, knowledge_base)
    if not cases:
        return Recommendation()
    allowed = set(catalogue)
    if rejected_because is not None:
        allowed -= _turned_down(rejected_because, cases)
    objects = named_objects(
        line.text for citation in diagnosis.evidence if (line := digest.line(citation.id)) is not None
    )
    solutions = [
        _solution(alert, diagnosis, case, place + 1, objects, allowed)
        for place, case in enumerate(cases[:_MAX_SOLUTIONS])
    ]
    if rejected_because is not None and len(solutions) > 1:
        # The way that was turned down is still known, but no longer first.
        solutions = [*solutions[1:], solutions[0]]
        solutions = [item.model_copy(update={"priority": place + 1}) for place, item in enumerate(solutions)]
    measures = dict.fromkeys(
        fill(text, alert.service, objects) for case in cases[:2] for text in case.prevention
    )
    return Recommendation(solutions=solutions, preventive_measures=list(measures)[:5])


def _cases(diagnosis: Diagnosis, knowledge_base: KnowledgeBase) -> list[Case]:
    """Return the cases to take remedies from: the alike ones of the cause, then those of likely alternatives."""
    modes = [diagnosis.failure_mode]
    modes += [item.failure_mode for item in diagnosis.hypotheses[1:] if item.confidence >= _WORTH_A_SOLUTION]
    found: dict[str, Case] = {}
    for mode in dict.fromkeys(modes):
        alike = [item.id for item in diagnosis.similar_cases if item.failure_mode == mode]
        own = [case for item in alike if (case := knowledge_base.get(item)) is not None]
        own = own or [
            case for case in knowledge_base.cases() if case.failure_mode == mode and "generic" in case.systems
        ]
        found |= {case.id: case for case in own[:2]}
    return list(found.values())


def _solution(
    alert: Alert, diagnosis: Diagnosis, case: Case, priority: int, objects: dict[str, str], allowed: set[str]
) -> Solution:
    def filled(texts: Iterable[str]) -> list[str]:
        return [fill(text, alert.service, objects) for text in texts]

    actions = [
        ProposedAction(
            type=action.type,
            params={
                key: value.replace("{service}", alert.service) if isinstance(value, str) else value
                for key, value in action.params.items()
            },
            effect=action.effect,
            reason=fill(action.reason, alert.service, objects),
        )
        for action in case.actions
        if action.type in allowed and priority == 1  # one plan at a time: alternatives are for people to read
    ]
    return Solution(
        priority=priority,
        description=f"Remedy for: {case.title}",
        expected_effect=_expected(diagnosis, case, filled(case.verification[:1]), actions),
        steps=filled(case.solution),
        risks=filled(case.risks),
        estimated_time=case.estimated_time,
        verification=filled(case.verification),
        rollback=filled(case.rollback),
        actions=actions,
    )


def _expected(diagnosis: Diagnosis, case: Case, signs: list[str], actions: list[ProposedAction]) -> str:
    """Return what the steps of the case lead to: they remove its cause, which may be another than the diagnosed."""
    parts = ["The steps remove the cause."]
    if case.failure_mode != diagnosis.failure_mode:
        parts = [f"Helps only if the cause is {case.failure_mode}, not {diagnosis.failure_mode}."]
    if actions and all(action.effect == "relief" for action in actions):
        names = ", ".join(dict.fromkeys(action.type for action in actions))
        parts.append(f"Until then {names} eases the symptom.")
    parts += [f"Seen by: {sign}" for sign in signs]
    return " ".join(parts)


def _turned_down(reason: str, cases: list[Case]) -> set[str]:
    lowered = reason.lower()
    named = {kind for kind, words in _WORDS.items() if any(word in lowered for word in words)}
    return named or {action.type for action in cases[0].actions}


def _after_no_fault(diagnosis: Diagnosis) -> list[str]:
    if diagnosis.verdict == "no-fault":
        return ["Make the alert wait for a state that lasts, or silence it during planned work."]
    return []
