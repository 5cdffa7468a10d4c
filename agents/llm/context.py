"""What of an incident an agent shows to a model: redacted, fenced, without lines that give orders."""

from collections.abc import Sequence
from typing import Protocol

from ...tools.alert import Alert
from ...tools.digest import render_digest
from ...tools.digest.models import LogDigest
from ...tools.hostile import instruction_kind
from ...tools.knowledge.models import Case, Hit
from ...tools.redaction import Redactor
from ..models import Diagnosis
from .budget import estimate_tokens, fit
from .checks import Echo
from .fence import fenced, hostile_lines, new_nonce, withheld, without_hostile_text


class CaseSearch(Protocol):
    """The part of the knowledge base that the agents need."""

    def search(self, text: str, *, top_k: int = 3) -> Sequence[Hit]:
        """Return the cases that resemble `text`, best first."""
        ...


class Context:
    """One prompt's view of an incident. The nonce is new for each, so nothing logged before can know it."""

    def __init__(self, alert: Alert, digest: LogDigest, redactor: Redactor) -> None:
        self.alert = alert
        self._redactor = redactor
        self.digest = digest
        self.nonce = new_nonce()
        self.hostile = hostile_lines(digest)
        self.echo = Echo(digest, self.hostile)
        self._shown = without_hostile_text(digest, self.hostile)

    def alert_text(self) -> str:
        """Return the alert as text for a prompt; its message may quote a log line, so it is no better."""
        alert = self.alert
        labels = ", ".join(f"{key}={value}" for key, value in sorted(alert.labels.items()))
        message = alert.message if not (kind := instruction_kind(alert.message)) else withheld(kind)
        text = (
            f"time: {alert.timestamp.isoformat() if alert.timestamp else 'not given'}\n"
            f"service: {alert.service}\nseverity: {alert.severity}\n"
            f"message: {message}\nlabels: {labels or 'none'}"
        )
        return fit(self._redactor.redact(text), 400)

    def digest_text(self, tokens: int) -> str:
        """Return the digest as text of at most about `tokens`."""
        return fit(render_digest(self._shown, budget_tokens=tokens), tokens)

    def cited_lines(self, diagnosis: Diagnosis, limit: int = 12) -> list[str]:
        """Return the evidence lines that the diagnosis and its hypotheses cite."""
        cited = [*diagnosis.evidence, *(item for one in diagnosis.hypotheses for item in one.evidence)]
        ids = list(dict.fromkeys(item.id for item in cited))
        lines = [line for evidence_id in ids if (line := self._shown.line(evidence_id))]
        return [f"[{line.id}] {line.text}" for line in lines[:limit]]

    def tool_text(self, text: str) -> str:
        """Return a tool's answer for a prompt."""
        lines = (withheld(kind) if (kind := instruction_kind(line)) else line for line in text.splitlines())
        return fenced(self._redactor.redact("\n".join(lines)), self.nonce)


def similar_cases(
    knowledge_base: CaseSearch, diagnosis: Diagnosis, alert: Alert, *, tokens: int
) -> list[Case]:
    """Return the best cases for the incident that fit in about `tokens`, at least one if there is any."""
    query = " ".join([alert.message, *(item.root_cause for item in diagnosis.hypotheses[:2])])
    cases: list[Case] = []
    for hit in knowledge_base.search(query, top_k=3):
        tokens -= estimate_tokens(hit.case.root_cause + " ".join(hit.case.solution))
        if cases and tokens < 0:
            break
        cases.append(hit.case)
    return cases
