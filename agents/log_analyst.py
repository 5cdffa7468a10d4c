"""The log analyst: what the logs say, before any cause is named."""

import logging

from ..tools.alert import Alert
from ..tools.digest.models import LogDigest
from ..tools.errors import ModelError
from ..tools.redaction import Redactor
from .casebased import analyse_logs
from .llm import LLM, Budget
from .llm.checks import bounded, citation_problem, sound_citations
from .llm.context import Context
from .llm.prompts import log_analysis_prompt
from .llm.wire import WireLogAnalysis
from .models import LogAnalysis

logger = logging.getLogger(__name__)

DIGEST_SHARE = 0.12  # of the incident's input tokens; the rest is for diagnosis and recommendation
OUTPUT_TOKENS = 500
HEALTHY = "none"
AGAIN = "the logs were counted again without the model after more evidence was fetched"


class LogAnalyst:
    """Reads the digest; with a model if there is one, else by rules."""

    def __init__(self, llm: LLM | None, *, redactor: Redactor | None = None) -> None:
        self._llm = llm
        self._redactor = redactor or Redactor()

    def run(
        self, alert: Alert, digest: LogDigest, *, budget: Budget | None = None, again: bool = False
    ) -> LogAnalysis:
        """Return the analysis; if the model fails it is the case-based one, with the reason.

        `again`: more evidence was fetched since. The model is not asked a second time: what is left of the budget
        is for the diagnosis, which sees the new evidence itself.
        """
        counted = analyse_logs(alert, digest)
        if self._llm is None:
            return counted
        if again:
            return counted.model_copy(update={"degraded_because": AGAIN})
        try:
            context = Context(alert, digest, self._redactor)
            return _ask(self._llm, context, counted, budget or self._llm.new_budget())
        except ModelError as error:
            logger.warning("log analysis is case-based: %s", error)
            return counted.model_copy(update={"degraded_because": str(error)})


def _ask(llm: LLM, context: Context, counted: LogAnalysis, budget: Budget) -> LogAnalysis:
    tokens = int(llm.settings.max_input_tokens * DIGEST_SHARE)
    answer = llm.structured(
        WireLogAnalysis,
        log_analysis_prompt(context.alert_text(), context.digest_text(tokens), nonce=context.nonce),
        role="log",
        budget=budget,
        max_output_tokens=OUTPUT_TOKENS,
        check=lambda wire: _problems(wire, context),
    )
    return _checked(answer, context, counted)


def _problems(answer: WireLogAnalysis, context: Context) -> list[str]:
    proven = sound_citations(answer.evidence, context.digest, context.hostile)
    return (
        [] if proven or not context.digest.evidence else [citation_problem(answer.evidence, context.digest)]
    )


def _checked(answer: WireLogAnalysis, context: Context, counted: LogAnalysis) -> LogAnalysis:
    """Keep of the answer what the digest bears out; counts and times are the code's, never a model's."""
    evidence = sound_citations(answer.evidence, context.digest, context.hostile)
    message, error_type, pattern = (
        bounded(answer.error_message),
        bounded(answer.error_type, 80),
        bounded(answer.pattern),
    )
    if not _stands_in_logs(message, context):
        message = evidence[0].quote if evidence else counted.error_message
    if not error_type or context.echo.heard_in(error_type):
        error_type = counted.error_type
    return counted.model_copy(
        update={
            "error_type": HEALTHY if error_type.lower() == HEALTHY else error_type,
            "error_message": message,
            "affected_components": _known_components(answer.affected_components, context)
            or counted.affected_components,
            "pattern": counted.pattern if not pattern or context.echo.heard_in(pattern) else pattern,
            "evidence": evidence or counted.evidence,
            "engine": "llm",
        }
    )


def _stands_in_logs(message: str, context: Context) -> bool:
    wanted = message.casefold()
    return bool(wanted) and any(
        wanted in " ".join(line.text.split()).casefold()
        for line in context.digest.evidence
        if line.id not in context.hostile
    )


def _known_components(names: list[str], context: Context) -> list[str]:
    """Return the names that the digest knows or whose word stands in a line; a model may invent others."""
    digest = context.digest
    honest = "\n".join(line.text for line in digest.evidence if line.id not in context.hostile).casefold()
    known = {context.alert.service, *digest.components, *(source.name for source in digest.sources)}
    shown = dict.fromkeys(bounded(name, 120) for name in names)
    return [name for name in shown if name and (name in known or name.casefold() in honest)][:8]
