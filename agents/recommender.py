"""The recommender: the way out, as steps for people and typed actions for approval."""

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from ..tools.alert import Alert
from ..tools.digest.models import LogDigest
from ..tools.errors import ModelError
from ..tools.inventory import Inventory
from ..tools.knowledge import KnowledgeBase
from ..tools.redaction import Redactor
from .casebased import recommend
from .llm import LLM, Budget
from .llm.checks import Echo, bounded
from .llm.context import Context, similar_cases
from .llm.offers import catalogue_text, known_services, rules_text, services_text
from .llm.prompts import recommendation_prompt
from .llm.wire import WireAction, WireRecommendation, WireSolution
from .models import Diagnosis, ProposedAction, Recommendation, Solution

logger = logging.getLogger(__name__)

CASES_SHARE = 0.04  # of the incident's input tokens
SERVICES_SHARE = 0.05
OUTPUT_TOKENS = 900
MAX_SOLUTIONS = 3
MAX_ACTIONS = 3

# These leave what is wrong in place, so "cure" needs a case that knows better.
EASING = frozenset(
    {"restart_service", "scale_up", "scale_down", "clear_cache", "rotate_logs", "terminate_connections"}
)


class Recommender:
    """Proposes solutions; with a model if there is one, else the remedies of historical cases.

    `catalogue` maps each action type to the model of its parameters; actions are on services of `inventory`, and
    the alert's own service always counts as known. What is not in them never leaves this class. `rules` are the
    policy's limits in words.
    """

    def __init__(
        self,
        llm: LLM | None,
        knowledge_base: KnowledgeBase,
        catalogue: Mapping[str, type[BaseModel]],
        *,
        inventory: Inventory | None = None,
        rules: Sequence[str] = (),
        redactor: Redactor | None = None,
    ) -> None:
        self._llm = llm
        self._knowledge_base = knowledge_base
        self._catalogue = catalogue
        self._inventory = inventory or Inventory()
        self._rules = rules
        self._redactor = redactor or Redactor()

    def run(
        self,
        alert: Alert,
        digest: LogDigest,
        diagnosis: Diagnosis,
        *,
        rejected_because: str | None = None,
        budget: Budget | None = None,
    ) -> Recommendation:
        """Return the recommendation; if the model fails it is the case-based one, with the reason."""
        if self._llm is None:
            return self._case_based(alert, digest, diagnosis, rejected_because)
        try:
            context = Context(alert, digest, self._redactor)
            return self._ask(
                self._llm, context, diagnosis, rejected_because, budget or self._llm.new_budget()
            )
        except ModelError as error:
            logger.warning("recommendation is case-based: %s", error)
            degraded = self._case_based(alert, digest, diagnosis, rejected_because)
            return degraded.model_copy(update={"degraded_because": str(error)})

    def _case_based(
        self, alert: Alert, digest: LogDigest, diagnosis: Diagnosis, rejected_because: str | None
    ) -> Recommendation:
        return recommend(
            alert,
            digest,
            diagnosis,
            self._knowledge_base,
            rejected_because=rejected_because,
            catalogue=self._catalogue,
        )

    def _ask(
        self, llm: LLM, context: Context, diagnosis: Diagnosis, rejected_because: str | None, budget: Budget
    ) -> Recommendation:
        alert, echo = context.alert, context.echo
        limit = llm.settings.max_input_tokens
        prompt = recommendation_prompt(
            context.alert_text(),
            diagnosis,
            lines=context.cited_lines(diagnosis),
            cases=similar_cases(self._knowledge_base, diagnosis, tokens=int(limit * CASES_SHARE)),
            catalogue=catalogue_text(self._catalogue),
            services=services_text(self._inventory, alert.service, tokens=int(limit * SERVICES_SHARE)),
            rules=rules_text(self._rules),
            nonce=context.nonce,
            rejected_because=bounded(self._redactor.redact(rejected_because or "")) or None,
        )
        answer = llm.structured(
            WireRecommendation,
            prompt,
            role="main",
            budget=budget,
            max_output_tokens=OUTPUT_TOKENS,
            check=lambda wire: _problems(wire, echo),
        )
        allowed = _Allowed(
            alert.service,
            set(known_services(self._inventory, alert.service)),
            known_cures(self._knowledge_base, diagnosis.failure_mode),
        )
        solutions = [
            self._solution(item, rank, echo, allowed)
            for rank, item in enumerate(_usable(answer, echo)[:MAX_SOLUTIONS], start=1)
        ]
        return Recommendation(
            solutions=solutions,
            preventive_measures=echo.texts(answer.preventive_measures, 6),
            engine="llm",
        )

    def _solution(self, wire: WireSolution, rank: int, echo: Echo, allowed: "_Allowed") -> Solution:
        actions: list[ProposedAction] = []
        notes: list[str] = []
        for item in wire.actions[:MAX_ACTIONS]:
            try:
                action = self._action(item, echo, allowed)
            except ValueError as error:
                logger.warning("action left out: %s", error)
                notes.append(f"An action that the model proposed was left out: {error}.")
            else:
                if action not in actions:
                    actions.append(action)
        return Solution(
            priority=rank,
            description=bounded(wire.description),
            effect=wire.effect,
            expected_effect=" ".join(echo.texts([wire.expected_effect], 1)),
            steps=[step.replace("{service}", allowed.service) for step in echo.texts(wire.steps, 8)],
            risks=[*echo.texts(wire.risks, 5), *notes],
            estimated_time=bounded(wire.estimated_time, 40),
            verification=echo.texts(wire.verification, 5),
            rollback=echo.texts(wire.rollback, 5),
            actions=actions,
        )

    def _action(self, wire: WireAction, echo: Echo, allowed: "_Allowed") -> ProposedAction:
        """Return the action with its parameters as the catalogue's model has them; `ValueError` says why not."""
        model = self._catalogue.get(wire.type)
        if model is None:
            raise ValueError(f"{bounded(wire.type, 60)!r} is not in the catalogue")
        names = [param.name for param in wire.params]
        if len(set(names)) < len(names):
            raise ValueError(f"{wire.type} names a parameter twice")
        try:
            params = model.model_validate({param.name: param.value for param in wire.params}).model_dump(
                mode="json", exclude_none=True
            )
        except ValidationError as error:
            item = error.errors(include_url=False, include_input=False)[0]
            where = bounded(".".join(str(part) for part in item["loc"]), 60)
            raise ValueError(f"{wire.type}: parameter {where!r} is not valid") from None
        if "service" in params and params["service"] not in allowed.services:
            raise ValueError(
                f"{wire.type}: service {bounded(str(params['service']), 60)!r} is not in the inventory"
            )
        reason = bounded(wire.reason, 300)
        return ProposedAction(
            type=wire.type,
            params=params,
            effect="relief" if wire.type in EASING and wire.type not in allowed.cures else wire.effect,
            reason="" if echo.heard_in(reason) else reason,
        )


class _Allowed(NamedTuple):
    """The alerted service, what an action may act on, and which action types are known to cure the diagnosis."""

    service: str
    services: set[str]
    cures: set[str]


def known_cures(knowledge_base: KnowledgeBase, failure_mode: str) -> set[str]:
    """Return the action types that a case of this failure mode names as its cure."""
    return {
        action.type
        for case in knowledge_base.cases()
        if case.failure_mode == failure_mode
        for action in case.actions
        if action.effect == "cure"
    }


def _usable(answer: WireRecommendation, echo: Echo) -> list[WireSolution]:
    """Return the solutions that say what to do and do not repeat a line that addresses a model."""
    return [
        item
        for item in answer.solutions
        if item.description.strip() and not echo.heard_in(item.description) and echo.texts(item.steps, 1)
    ]


def _problems(answer: WireRecommendation, echo: Echo) -> list[str]:
    if _usable(answer, echo):
        return []
    return ["`solutions` is empty, or none has a description and steps of its own"]
