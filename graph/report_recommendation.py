"""What to do, as Markdown: solutions by priority, cure and relief told apart, and prevention."""

from collections.abc import Sequence

from ..agents.models import ProposedAction, Recommendation, Solution
from ..tools.markdown import bullets, code, plain

_EFFECTS = {"cure": "Cure", "relief": "Relief only: the cause stays"}


def recommendation_markdown(recommendation: Recommendation) -> str:
    """Return the solutions by priority and the preventive measures."""
    parts = [_solution(item) for item in sorted(recommendation.solutions, key=lambda item: item.priority)]
    if recommendation.preventive_measures:
        parts.append("### Prevention\n\n" + bullets(map(plain, recommendation.preventive_measures)))
    return "\n\n".join(parts)


def action_call(action: ProposedAction) -> str:
    """Return a proposed action as a call, for any rendering; what exactly it does, the plan's preview says."""
    return f"{action.type}({', '.join(f'{key}={value}' for key, value in action.params.items())})"


def action_effect(action: ProposedAction) -> str:
    """Return what the action does to the cause, in words."""
    return "cure" if action.effect == "cure" else "relief, the cause stays"


def joined(texts: Sequence[str]) -> str:
    """Return sentences and phrases as one line."""
    return "; ".join(
        text.rstrip(" .") if place < len(texts) - 1 else text for place, text in enumerate(texts)
    )


def _solution(item: Solution) -> str:
    effect = f"**{_EFFECTS[item.effect]}.** {plain(item.expected_effect)}".rstrip()
    steps = "\n".join(f"{number}. {plain(step)}" for number, step in enumerate(item.steps, start=1))
    rows = [
        ("time", [item.estimated_time]), ("risks", item.risks), ("verify", item.verification),
        ("undo", item.rollback or ["nothing to undo is known"]),
    ]  # fmt: skip
    facts = [f"{name}: {plain(joined(texts))}" for name, texts in rows if any(texts)]
    facts += [
        f"action, {action_effect(action)}: {code(action_call(action))} {plain(action.reason)}".rstrip()
        for action in item.actions
    ]
    return f"### {item.priority}. {plain(item.description)}\n\n{effect}\n\n{steps}\n\n{bullets(facts)}"
