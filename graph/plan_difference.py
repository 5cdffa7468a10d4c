"""What differs between two plans, in words: what an edit changed, and what changed under somebody who answers."""

from typing import Any

from .models import Plan, PlannedAction


def plan_difference(before: Plan, after: Plan) -> list[str]:
    """Return one line per difference in what would be done; empty if only hash and expiry differ."""
    old = {action.id: action for action in before.actions}
    kept = [action for action in after.actions if action.id in old]
    lines = [line for action in kept for line in _changes(old[action.id], action)]
    lines += [
        f"{action.id} is new: {action.preview.text()}" for action in after.actions if action.id not in old
    ]
    ids = [action.id for action in kept]
    lines += [f"{action.id} {action.type} is left out" for action in before.actions if action.id not in ids]
    if ids != sorted(ids, key=list(old).index):
        lines.append(f"the order is now {', '.join(ids)}")
    return lines


def _changes(before: PlannedAction, after: PlannedAction) -> list[str]:
    name = f"{after.id} {after.type}"
    if before.type != after.type or before.backend != after.backend:
        return [f"{after.id}: {before.preview.text()} becomes {after.preview.text()}"]
    lines = [f"{name}: {line}" for line in _values(before.params, after.params)]
    if not lines and before.preview.text() != after.preview.text():
        lines = [f"{name}: {before.preview.text()} becomes {after.preview.text()}"]
    moved = _values(before.preview.precondition, after.preview.precondition)
    lines += [f"{name}: its target has moved, {line}" for line in moved]
    if before.risk != after.risk:
        lines.append(f"{name}: its risk was {before.risk} and is {after.risk}")
    return lines


def _values(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [
        f"{key} was {before.get(key)!r} and is {after.get(key)!r}"
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]
