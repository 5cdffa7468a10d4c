"""From proposed actions to a plan: checked, previewed, hashed. Edits go through the same door."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ..agents.models import ProposedAction, Recommendation
from ..tools.actions import plan_action
from ..tools.actions.base import Backend
from ..tools.errors import InputError
from ..tools.inventory import Inventory
from .attempt import storable
from .guard import Guard
from .models import Plan, PlanBody, PlannedAction

MAX_ACTIONS = 5


class Planner:
    """Makes plans from what the inventory and the backends allow."""

    def __init__(
        self, backends: Mapping[str, Backend], guard: Guard, *, valid_for: timedelta = timedelta(hours=24)
    ) -> None:
        self.backends = backends
        self.guard = guard
        self.valid_for = valid_for

    def plan(
        self,
        thread_id: str,
        recommendation: Recommendation,
        inventory: Inventory,
        *,
        requester: str = "",
        replaces: Plan | None = None,
    ) -> tuple[Plan | None, list[str]]:
        """Plan the actions of the first solution that has any valid ones; `replaces` was executed and did not help.

        Returns the plan (None if nothing can be done) and, for each action left out, why.
        """
        notes: list[str] = []
        for solution in sorted(recommendation.solutions, key=lambda item: item.priority):
            actions: list[PlannedAction] = []
            for proposed in solution.actions[:MAX_ACTIONS]:
                try:
                    planned = self._planned(f"a{len(actions) + 1}", proposed, inventory)
                    self.guard.check_together([*actions, planned])
                except InputError as error:
                    notes.append(f"action left out of the plan: {error}")
                else:
                    actions.append(planned)
            if actions:
                return self._seal(thread_id, actions, requester=requester, replaces=replaces), notes
        return None, notes

    def edited(self, shown: Plan, edits: Sequence[tuple[str, ProposedAction]], inventory: Inventory) -> Plan:
        """Return the plan of the edited actions, `(action id, action)`; validated like a new one.

        Raises `InputError` for an id that the shown plan does not have, one that is given twice, an action
        that does not validate, or no action at all.
        """
        before = {action.id: action for action in shown.actions}
        actions: list[PlannedAction] = []
        for action_id, proposed in edits:
            if action_id not in before:
                raise InputError(f"unknown action id {action_id!r}; the plan has {', '.join(before)}")
            if any(action.id == action_id for action in actions):
                raise InputError(f"action id {action_id!r} is given twice")
            actions.append(self._planned(action_id, proposed, inventory))
        if not actions:
            raise InputError("the edited plan has no action; reject it instead")
        self.guard.check_together(actions)
        return self._seal(shown.thread_id, actions, replaces=shown)

    def renewed(self, plan: Plan, actions: Sequence[PlannedAction] | None = None) -> Plan:
        """Return the plan's actions (or those of them given) under a new expiry, and so under a new hash."""
        return self._seal(plan.thread_id, list(plan.actions if actions is None else actions), replaces=plan)

    def replanned(
        self, plan: Plan, actions: Sequence[PlannedAction], inventory: Inventory
    ) -> tuple[Plan | None, list[str]]:
        """Plan the same actions anew against what is true now; returns the plan and, for each left out, why."""
        notes: list[str] = []
        planned: list[PlannedAction] = []
        for action in actions:
            proposed = ProposedAction(
                type=action.type, params=action.params, effect=action.effect, reason=action.reason
            )
            try:
                planned.append(self._planned(action.id, proposed, inventory))
            except InputError as error:
                notes.append(f"action left out of the plan: {error}")
        return (self._seal(plan.thread_id, planned, replaces=plan) if planned else None), notes

    def roll_back(self, plan: Plan, action: PlannedAction, inventory: Inventory) -> Plan | None:
        """Return the plan that takes an action back, or None if nothing does; raises `InputError` if it cannot be."""
        undo = action.preview.undo
        if undo is None:
            return None
        proposed = ProposedAction(type=undo.type, params=undo.params, reason=f"takes {action.id} back")
        planned = self._planned(f"{action.id}-undo", proposed, inventory)
        return self._seal(plan.thread_id, [planned], replaces=plan, rolls_back=True)

    def _planned(self, action_id: str, proposed: ProposedAction, inventory: Inventory) -> PlannedAction:
        planned = plan_action(proposed.type, proposed.params, inventory=inventory, backends=self.backends)
        given = {key: value for key, value in planned.params.items() if value is not None}
        action = PlannedAction(
            id=action_id,
            **{**planned.model_dump(), "params": given},
            effect=proposed.effect,
            reason=proposed.reason,
        )
        action = self.guard.assessed(action, inventory)
        trial = self.backends[planned.backend].dry_run(planned.preview)
        if trial is None:
            return action
        if not trial.ok:
            raise InputError(f"{proposed.type}: the target refuses it in a dry run: {trial.output}")
        return action.model_copy(update={"dry_run": storable(trial.output)[:2_000] or "accepted"})

    def _seal(
        self,
        thread_id: str,
        actions: list[PlannedAction],
        *,
        replaces: Plan | None = None,
        requester: str = "",
        rolls_back: bool = False,
    ) -> Plan:
        now = datetime.now(UTC)
        return Plan.of(
            PlanBody(
                thread_id=thread_id,
                requester=replaces.requester if replaces is not None else requester,
                created_at=now,
                expires_at=now + self.valid_for,
                actions=actions,
                replaces=replaces.hash if replaces is not None else None,
                rolls_back=rolls_back,
            )
        )
