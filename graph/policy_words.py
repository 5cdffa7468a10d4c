"""The policy's limits on plans in words, for whoever proposes one; what counts is the guard's check."""

from .policy import Rules, Scope


def policy_words(rules: Rules) -> list[str]:
    """Return one sentence per limit; none where the policy limits nothing."""
    caps = rules.caps
    words = []
    if rules.allow is not None:
        words.append(f"only these actions are allowed: {'; '.join(map(_scope, rules.allow)) or 'none'}.")
    if caps.replicas is not None:
        words.append(f"at most {caps.replicas} replicas of a service.")
    if caps.targets is not None:
        words.append(f"at most {caps.targets} different services in one plan.")
    return words


def _scope(scope: Scope) -> str:
    return f"{', '.join(scope.actions)} on {', '.join(scope.services)}"
