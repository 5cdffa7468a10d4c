"""The diagnostician: what broke and why, proven by lines."""

import logging
from collections.abc import Sequence

from ..tools.alert import Alert
from ..tools.digest.models import LogDigest
from ..tools.errors import ModelError
from ..tools.evidence_desk import EvidenceDesk
from ..tools.evidence_tools import evidence_tools
from ..tools.knowledge import KnowledgeBase
from ..tools.knowledge.loading import NO_FAULT
from ..tools.redaction import Redactor
from .casebased import diagnose
from .casebased.impact import change_words
from .llm import LLM, Budget
from .llm.checks import bounded, citation_problem, shared_confidence, sound_citations
from .llm.context import Context, similar_cases
from .llm.images import Images, not_read, read_images
from .llm.prompts import diagnosis_prompt
from .llm.toolbox import Toolbox
from .llm.wire import UNKNOWN, WireDiagnosis
from .models import Diagnosis, Hypothesis, LogAnalysis
from .proof import apply_proof

logger = logging.getLogger(__name__)

DIGEST_SHARE = 0.10  # of the incident's input tokens
CASES_SHARE = 0.03
RECOMMENDER_SHARE = 0.19  # kept back while evidence is fetched
OUTPUT_TOKENS = 900
MAX_HYPOTHESES = 3

# A missed fault is worse than a false alarm, and "all is well" is what an attacker's line would have a model
# say: from this confidence on (any, if lines address a model) the case-based engine's proof outweighs it.
SURE = 70


class Diagnostician:
    """Names the root cause; with a model if there is one, else from historical cases."""

    def __init__(
        self, llm: LLM | None, knowledge_base: KnowledgeBase, *, redactor: Redactor | None = None
    ) -> None:
        self._llm = llm
        self._knowledge_base = knowledge_base
        self._redactor = redactor or Redactor()

    def run(
        self,
        alert: Alert,
        digest: LogDigest,
        analysis: LogAnalysis,
        *,
        budget: Budget | None = None,
        desk: EvidenceDesk | None = None,
    ) -> Diagnosis:
        """Return the diagnosis; if the model fails it is the case-based one, with the reason.

        With a `desk` over the digest the model may fetch more evidence, within the incident's budget; what it
        fetched, and the diagnosis may cite, stands in `desk.digest` afterwards.
        """
        case_based = diagnose(alert, digest, analysis, self._knowledge_base)
        if self._llm is None:
            return _with_unread(
                case_based, [not_read(path, "no model is configured") for path in alert.images]
            )
        try:
            context = Context(alert, digest, self._redactor)
            budget = budget or self._llm.new_budget()
            return self._ask(self._llm, context, analysis, case_based, budget, desk)
        except ModelError as error:
            logger.warning("diagnosis is case-based: %s", error)
            if desk is not None and desk.parts:  # what the model fetched before it failed counts
                case_based = diagnose(alert, desk.digest, analysis, self._knowledge_base)
            degraded = case_based.model_copy(update={"degraded_because": str(error)})
            return _with_unread(degraded, [not_read(path, "the model failed") for path in alert.images])

    def _ask(
        self,
        llm: LLM,
        context: Context,
        analysis: LogAnalysis,
        case_based: Diagnosis,
        budget: Budget,
        desk: EvidenceDesk | None,
    ) -> Diagnosis:
        limit = llm.settings.max_input_tokens
        paths = context.alert.images
        images = read_images(paths) if llm.settings.vision else _unseen(paths, llm.settings.model)
        digest = context.digest_text(int(limit * DIGEST_SHARE))
        toolbox = self._toolbox(context, desk)
        prompt = diagnosis_prompt(
            context.alert_text(),
            digest,
            analysis,
            case_based,
            lines=context.cited_lines(case_based, analysis, limit=6, shown=digest),
            cases=similar_cases(self._knowledge_base, case_based, tokens=int(limit * CASES_SHARE)),
            nonce=context.nonce,
            tool_rounds=budget.tool_rounds_left if toolbox else 0,
            services=desk.services() if desk else (),
            images=images.parts,
        )
        answer = llm.structured(
            WireDiagnosis,
            prompt,
            role="main",
            budget=budget,
            max_output_tokens=OUTPUT_TOKENS,
            check=lambda wire: _problems(wire, context),
            toolbox=toolbox,
            reserve_tokens=int(limit * RECOMMENDER_SHARE),
        )
        diagnosis = apply_proof(_checked(answer, context, case_based), context.digest)
        if _dismisses(diagnosis, case_based) and (context.hostile or case_based.confidence >= SURE):
            raise ModelError("the model dismissed a fault that lines of the log prove")
        return _with_unread(diagnosis, images.notes)

    def _toolbox(self, context: Context, desk: EvidenceDesk | None) -> Toolbox:
        if desk is None:
            return Toolbox([], context.tool_text)

        def present(text: str) -> str:
            context.know(desk.digest)  # the answer may cite what was just fetched
            return context.tool_text(text)

        return Toolbox(evidence_tools(self._knowledge_base, desk), present)


def _problems(answer: WireDiagnosis, context: Context) -> list[str]:
    """Return what makes the answer unusable; smaller faults are mended in `_checked`."""
    if not answer.hypotheses:
        return ["`hypotheses` is empty; name at least one, with failure mode `unknown` if none fits"]
    first = answer.hypotheses[0]
    if (answer.verdict == NO_FAULT) != (first.failure_mode == NO_FAULT):
        return [f"verdict {answer.verdict!r} contradicts the first failure mode, {first.failure_mode!r}"]
    if context.echo.heard_in(first.root_cause):
        return ["the root cause repeats a line that addresses a model; such a line is no evidence"]
    if answer.verdict == "fault" and not sound_citations(first.evidence, context.digest, context.hostile):
        return [citation_problem(first.evidence, context.digest)]
    return []


def _checked(answer: WireDiagnosis, context: Context, case_based: Diagnosis) -> Diagnosis:
    """Return the answer as a diagnosis, bounded, with sound citations only."""
    echo = context.echo
    distinct = list({item.failure_mode: item for item in reversed(answer.hypotheses)}.values())[::-1]
    kept = [item for item in distinct if not echo.heard_in(item.root_cause)][:MAX_HYPOTHESES]
    hypotheses = [
        Hypothesis(
            failure_mode=item.failure_mode,
            root_cause=bounded(item.root_cause),
            confidence=confidence,
            evidence=sound_citations(item.evidence, context.digest, context.hostile),
            against=echo.texts(item.against, 4),
            confirm_by=echo.texts(item.confirm_by, 4),
        )
        for item, confidence in zip(kept, shared_confidence(kept), strict=True)
    ]
    first = hypotheses[0]
    impact = bounded(answer.impact_scope)
    return Diagnosis(
        verdict=answer.verdict,
        root_cause=first.root_cause,
        failure_mode=UNKNOWN if answer.verdict == "not-enough-evidence" else first.failure_mode,
        severity=answer.severity,
        impact_scope=case_based.impact_scope if echo.heard_in(impact) else impact,
        possible_triggers=_triggers(answer.possible_triggers, context),
        confidence=first.confidence,
        similar_cases=case_based.similar_cases,
        hypotheses=hypotheses,
        evidence=first.evidence,
        missing_evidence=echo.texts(answer.missing_evidence, 6),
        engine="llm",
    )


def _triggers(told: Sequence[str], context: Context) -> list[str]:
    """Return the changes that stand in the logs, then what the model adds to them."""
    changes = [text for text in change_words(context.digest) if not context.echo.heard_in(text)]
    seen = {text.split(" ")[0].rstrip(":") for text in changes}
    added = [text for text in context.echo.texts(told, 4) if not any(name in text for name in seen)]
    return [*changes, *added][:5]


def _dismisses(diagnosis: Diagnosis, case_based: Diagnosis) -> bool:
    return diagnosis.verdict != "fault" and case_based.verdict == "fault" and case_based.proven


def _unseen(paths: Sequence[str], model: str) -> Images:
    return Images([], [not_read(path, f"{model} is set to read no images") for path in paths])


def _with_unread(diagnosis: Diagnosis, notes: Sequence[str]) -> Diagnosis:
    return diagnosis.model_copy(update={"unread": list(notes)})
