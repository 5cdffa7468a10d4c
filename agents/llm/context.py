"""What of an incident an agent shows to a model: redacted, fenced, without lines that give orders."""

from ...tools.alert import Alert
from ...tools.digest import estimate_tokens, render_digest
from ...tools.digest.models import LogDigest
from ...tools.knowledge import KnowledgeBase
from ...tools.knowledge.loading import failure_modes
from ...tools.knowledge.models import Case
from ...tools.metric_reading import is_metric
from ...tools.redaction import Redactor
from ..models import Diagnosis, LogAnalysis
from .budget import fit
from .checks import Echo, bounded
from .fence import fenced, harmless, hostile_lines, new_nonce, without_hostile_text

LINE_CHARACTERS = 220  # of a cited line; causes stand at the beginning
METRICS_SHARE = 0.2  # of the digest's tokens, at most


class Context:
    """One prompt's view of an incident. The nonce is new for each, so nothing logged before can know it."""

    def __init__(self, alert: Alert, digest: LogDigest, redactor: Redactor) -> None:
        self.alert = alert
        self._redactor = redactor
        self.nonce = new_nonce()
        self.know(digest)

    def know(self, digest: LogDigest) -> None:
        """Judge by this digest from now on: evidence was added to it."""
        self.digest = digest
        self.hostile = hostile_lines(digest)
        self.echo = Echo(digest, self.hostile)
        self._shown = without_hostile_text(digest, self.hostile)

    def alert_text(self) -> str:
        """Return the alert as text for a prompt."""
        alert = self.alert
        # Monitoring copies log lines into messages and labels.
        labels = harmless(", ".join(f"{key}={value}" for key, value in sorted(alert.labels.items())))
        text = (
            f"time: {alert.timestamp.isoformat() if alert.timestamp else 'not given'}\n"
            f"service: {alert.service}\nseverity: {alert.severity}\n"
            f"message: {harmless(alert.message)}\nlabels: {labels or 'none'}"
        )
        return fit(self._redactor.redact(text), 400)

    def digest_text(self, tokens: int) -> str:
        """Return the digest as text of at most about `tokens`, with the metrics that moved most at its end."""
        metrics = [
            f"[{line.id}] {bounded(line.text, LINE_CHARACTERS)}"
            for line in self._shown.evidence
            if is_metric(line)
        ]
        shown = fit("\n".join(metrics), int(tokens * METRICS_SHARE))
        logs = tokens - estimate_tokens(shown)
        return "\n".join(filter(None, [fit(render_digest(self._shown, budget_tokens=logs), logs), shown]))

    def cited_lines(self, *answers: LogAnalysis | Diagnosis, limit: int = 10, shown: str = "") -> list[str]:
        """Return the evidence lines that the answers, and a diagnosis' hypotheses, cite and `shown` does not hold."""
        cited = [
            citation.id
            for answer in answers
            for part in (answer, *(answer.hypotheses if isinstance(answer, Diagnosis) else ()))
            for citation in part.evidence
        ]
        missing = [evidence_id for evidence_id in dict.fromkeys(cited) if f"[{evidence_id}]" not in shown]
        lines = [line for evidence_id in missing if (line := self._shown.line(evidence_id))]
        return [f"[{line.id}] {bounded(line.text, LINE_CHARACTERS)}" for line in lines[:limit]]

    def tool_text(self, text: str) -> str:
        """Return a tool's answer for a prompt."""
        return fenced(harmless(self._redactor.redact(text)), self.nonce)


def similar_cases(knowledge_base: KnowledgeBase, diagnosis: Diagnosis, *, tokens: int) -> list[Case]:
    """Return the cases that resemble the incident, those of the diagnosed failure mode first.

    As many as fit in about `tokens` of a prompt, at least one if there is any.
    """
    mode = diagnosis.failure_mode
    found = [case for item in diagnosis.similar_cases if (case := knowledge_base.get(item.id))]
    if mode in failure_modes() and not any(case.failure_mode == mode for case in found):
        found += [hit.case for hit in knowledge_base.search(diagnosis.root_cause, top_k=2, failure_mode=mode)]
    cases: list[Case] = []
    for case in sorted(found, key=lambda case: case.failure_mode != mode):
        tokens -= estimate_tokens(" ".join([case.root_cause, *case.solution]))
        if cases and tokens < 0:
            break
        cases.append(case)
    return cases
