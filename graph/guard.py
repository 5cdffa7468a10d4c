"""The policy applied: when a plan is made, when it is edited, when it is decided on, and right before it runs."""

from collections.abc import Sequence
from datetime import timedelta

from ..tools.actions.base import Risk
from ..tools.errors import ExecutionRefused, InputError
from ..tools.inventory import Inventory
from .models import Decision, Plan, PlannedAction
from .policy import RISKS, Rules, at_least
from .store import Store

POLICY = "policy"
"""The door through which the policy itself approves; nobody else comes through it."""


class Guard:
    """Says what the rules allow. Risk and blast radius are computed here, never by a model."""

    def __init__(self, rules: Rules, store: Store) -> None:
        self.rules = rules
        self._store = store

    def assessed(self, action: PlannedAction, inventory: Inventory) -> PlannedAction:
        """Return the action with its risk and the services it affects; raises `InputError` if it is not allowed."""
        service = str(action.params.get("service", ""))
        allow = self.rules.allow
        if allow is not None and not any(scope.covers(action.type, service) for scope in allow):
            raise InputError(f"{action.type}: the policy does not allow it on {service}")
        replicas, cap = action.params.get("replicas"), self.rules.caps.replicas
        if cap is not None and isinstance(replicas, int) and replicas > cap:
            raise InputError(f"{action.type}: `replicas` is {replicas}, the policy's cap is {cap}")
        affects = dependents(service, inventory)
        return action.model_copy(
            update={"risk": self._risk(action, service, len(affects)), "affects": affects}
        )

    def check_together(self, actions: Sequence[PlannedAction]) -> None:
        """Raise `InputError` if the actions are allowed singly, but not in one plan."""
        targets = {str(action.params.get("service", "")) for action in actions}
        cap = self.rules.caps.targets
        if cap is not None and len(targets) > cap:
            raise InputError(f"the plan acts on {len(targets)} services, the policy's cap is {cap}")

    def risk(self, plan: Plan) -> Risk:
        """Return the highest risk in a plan."""
        return max((action.risk for action in plan.actions), key=RISKS.index)

    def needed(self, plan: Plan) -> int:
        """Return how many different people must approve the plan; 0 if the policy itself does."""
        if self.approves_itself(plan):
            return 0
        limit = self.rules.approvals.two_people_from
        return 2 if limit is not None and at_least(self.risk(plan), limit) else 1

    def approves_itself(self, plan: Plan) -> bool:
        """Tell whether the policy says that this plan needs no person."""
        if plan.rolls_back:
            return self.rules.roll_back == "automatic"
        return all(
            action.risk == "low"
            and any(
                scope.covers(action.type, str(action.params.get("service", "")))
                for scope in self.rules.approvals.auto
            )
            for action in plan.actions
        )

    def check_approver(self, plan: Plan, approval: Decision) -> None:
        """Raise `InputError` if this person may not approve this plan."""
        who, rules = approval.identity(), self.rules.approvals
        if not rules.requester_may_approve and plan.requester == who:
            raise InputError(f"{who} asked for this investigation and may not approve its plan")
        for action in plan.actions:
            service = str(action.params.get("service", ""))
            if rules.approvers is not None and not any(
                who in item.people and item.covers(action.type, service) and at_least(item.up_to, action.risk)
                for item in rules.approvers
            ):
                raise InputError(
                    f"the policy does not let {who} approve {action.type} of {action.risk} risk on {service}"
                )

    def check_not_frozen(self) -> None:
        """Raise `InputError` while a freeze is on."""
        now = self._store.now()
        for freeze in self.rules.freeze:
            if freeze.holds(now):
                raise InputError(f"the policy's freeze {freeze.name!r} is on; nothing is executed now")

    def check_before_running(self, plan: Plan, position: int, inventory: Inventory) -> None:
        """Raise `ExecutionRefused` unless approval and action satisfy the policy as it is now."""
        action = plan.actions[position]
        try:
            self.check_not_frozen()
            now = self.assessed(action, inventory)
            self.check_together(plan.actions)
            self._check_rate()
            # The plan as the policy sees it today: an action may have become riskier since.
            current = [now if at == position else other for at, other in enumerate(plan.actions)]
            self._check_people(plan.model_copy(update={"actions": current}))
        except InputError as error:
            raise ExecutionRefused(f"{error}; nothing was executed") from error

    def _check_people(self, plan: Plan) -> None:
        approvals = self._store.approvals(plan.hash)
        if any(item.door == POLICY for item in approvals):
            if not self.approves_itself(plan):
                raise InputError("the policy no longer approves this plan by itself")
            return
        needed = max(1, self.needed(plan))
        if len({item.identity() for item in approvals}) < needed:
            raise InputError(f"{needed} different people must approve a plan of {self.risk(plan)} risk")
        for approval in approvals:
            self.check_approver(plan, approval)

    def _check_rate(self) -> None:
        cap = self.rules.caps.actions_per_hour
        if cap is None:
            return
        started = self._store.started_since(self._store.now() - timedelta(hours=1))
        if started >= cap:
            raise InputError(f"{started} actions were started in the last hour, the policy's cap is {cap}")

    def _risk(self, action: PlannedAction, service: str, affected: int) -> Risk:
        set_by_policy = next(
            (rule.risk for rule in self.rules.risks if rule.covers(action.type, service)), None
        )
        risk = set_by_policy or action.risk
        limit = self.rules.raise_risk_from_dependents
        if set_by_policy is None and limit is not None and affected >= limit:
            return RISKS[min(RISKS.index(risk) + 1, len(RISKS) - 1)]
        return risk


def dependents(service: str, inventory: Inventory) -> list[str]:
    """Return the services that depend on this one, directly or through others, sorted."""
    found: set[str] = set()
    queue = [service]
    while queue:
        current = queue.pop()
        for item in inventory.services:
            if current in item.depends_on and item.name not in found and item.name != service:
                found.add(item.name)
                queue.append(item.name)
    return sorted(found)
