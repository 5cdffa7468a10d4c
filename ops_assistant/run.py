"""A run: one incident from its alert to its report, as Python code sees it.

Reading a property looks at what the run had found when it was opened or last acted on; `refresh`
looks again. Every decision is taken by the interrupt's id after checking that it is pending.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import Interrupt

from .agents.models import Diagnosis, LogAnalysis, Recommendation
from .answering import ANSWERS, WaitsFor, not_asked, plan_json, signed
from .events import Event
from .graph.incident import Incident
from .graph.models import Decision, Outcome, Plan, Report, RunStatus
from .graph.resolutions import Choice
from .tools.alert import Alert
from .tools.digest.models import LogDigest
from .tools.errors import InputError

if TYPE_CHECKING:
    from .assistant import OpsAssistant

OnEvent = Callable[[Event], None]


class Run:
    """One incident's run. Made by `OpsAssistant.investigate` and `OpsAssistant.open`."""

    def __init__(self, assistant: "OpsAssistant", thread_id: str) -> None:
        self._assistant = assistant
        self.thread_id = thread_id
        self._incident = Incident()
        self._status: RunStatus = "running"
        self._question: Interrupt | None = None
        self.config: RunnableConfig = {"configurable": {"thread_id": thread_id}}

    def __repr__(self) -> str:
        return f"<Run {self.thread_id} {self.status}>"

    # --- what it found --------------------------------------------------------------------------

    @property
    def status(self) -> RunStatus:
        """running, awaiting_approval, completed, rejected, aborted or failed."""
        return self._status

    @property
    def alert(self) -> Alert | None:
        return self._incident.alert

    @property
    def digest(self) -> LogDigest | None:
        return self._incident.digest

    @property
    def log_analysis(self) -> LogAnalysis | None:
        return self._incident.log_analysis

    @property
    def diagnosis(self) -> Diagnosis | None:
        return self._incident.diagnosis

    @property
    def recommendation(self) -> Recommendation | None:
        return self._incident.recommendation

    @property
    def plan(self) -> Plan | None:
        """The plan that waits, or that was decided on; None if there is nothing to do."""
        return self._incident.plan

    @property
    def decision(self) -> Decision | None:
        return self._incident.decision

    @property
    def outcomes(self) -> list[Outcome]:
        return self._incident.outcomes

    @property
    def report(self) -> Report | None:
        return self._incident.report

    @property
    def waits_for(self) -> WaitsFor:
        """What a person is asked for: a plan's approval, or what becomes of an action or a symptom that stopped it."""
        if self._question is None:
            return "nothing"
        if "symptom" in self._question.value:
            return "symptom"
        return "reconcile" if "reconcile" in self._question.value else "approval"

    @property
    def question(self) -> dict[str, Any] | None:
        """The open question as every door shows it, or None."""
        return self._question.value if self._question is not None else None

    @property
    def incident(self) -> Incident:
        """Everything at once."""
        return self._incident

    def to_json(self) -> dict[str, Any]:
        """Return the whole run as plain JSON values, as `ops-assistant show --json` prints it."""
        return {
            "thread_id": self.thread_id,
            "status": self.status,
            **self._incident.model_dump(mode="json"),
            "waits_for": self.waits_for,
            "question": self.question,
        }

    # --- what a person does with it --------------------------------------------------------------

    def approve(
        self,
        *,
        by: str | None = None,
        comment: str | None = None,
        door: str = "python",
        on_event: OnEvent | None = None,
    ) -> "Run":
        """Approve the plan as it was shown; its actions run, once each, before this returns."""
        return self._answer(signed("approve", by, door, comment=comment), on_event)

    def edit(
        self,
        plan: Plan | Mapping[str, Any],
        *,
        by: str | None = None,
        comment: str | None = None,
        door: str = "python",
        on_event: OnEvent | None = None,
    ) -> "Run":
        """Approve an edited plan: change parameters, reorder or leave out actions; their ids stay.

        Raises `InputError` if it does not validate; the run then still waits.
        """
        return self._answer(signed("edit", by, door, comment=comment, plan=plan_json(plan)), on_event)

    def reject(
        self, reason: str, *, by: str | None = None, door: str = "python", on_event: OnEvent | None = None
    ) -> "Run":
        """Reject the plan. The first time, another plan is looked for with that reason in mind."""
        return self._answer(signed("reject", by, door, message=reason), on_event)

    def abort(
        self,
        *,
        by: str | None = None,
        reason: str | None = None,
        door: str = "python",
        on_event: OnEvent | None = None,
    ) -> "Run":
        """End the run without executing anything."""
        return self._answer(signed("abort", by, door, message=reason), on_event)

    def reconcile(
        self,
        choice: Choice,
        *,
        evidence: str | None = None,
        by: str | None = None,
        door: str = "python",
        on_event: OnEvent | None = None,
    ) -> "Run":
        """Say what becomes of the action that stopped the plan, or of a symptom that stayed: `retry`, `skip`, `abort`.

        `retry` plans the action anew, to be approved; `evidence` says how you know that it did not happen. `skip` takes
        it as settled and goes on with the rest. About a symptom, `retry` looks for another plan and `skip` takes it as
        it is. Raises `InputError` for a retry that needs evidence and has none.
        """
        return self._answer(signed(choice, by, door, message=evidence), on_event)

    def resume(self, *, on_event: OnEvent | None = None) -> "Run":
        """Go on with a run whose process died on the way; actions that were started are not run again."""
        with self._assistant.exclusive(self.thread_id):
            self._assistant.go_on(self, None, on_event)
        return self

    async def aapprove(
        self,
        *,
        by: str | None = None,
        comment: str | None = None,
        door: str = "python",
        on_event: OnEvent | None = None,
    ) -> "Run":
        """Asynchronous `approve`."""
        return await self._aanswer(signed("approve", by, door, comment=comment), on_event)

    async def aedit(
        self,
        plan: Plan | Mapping[str, Any],
        *,
        by: str | None = None,
        comment: str | None = None,
        door: str = "python",
        on_event: OnEvent | None = None,
    ) -> "Run":
        """Asynchronous `edit`."""
        return await self._aanswer(signed("edit", by, door, comment=comment, plan=plan_json(plan)), on_event)

    async def areject(
        self, reason: str, *, by: str | None = None, door: str = "python", on_event: OnEvent | None = None
    ) -> "Run":
        """Asynchronous `reject`."""
        return await self._aanswer(signed("reject", by, door, message=reason), on_event)

    async def aabort(
        self,
        *,
        by: str | None = None,
        reason: str | None = None,
        door: str = "python",
        on_event: OnEvent | None = None,
    ) -> "Run":
        """Asynchronous `abort`."""
        return await self._aanswer(signed("abort", by, door, message=reason), on_event)

    async def areconcile(
        self,
        choice: Choice,
        *,
        evidence: str | None = None,
        by: str | None = None,
        door: str = "python",
        on_event: OnEvent | None = None,
    ) -> "Run":
        """Asynchronous `reconcile`."""
        return await self._aanswer(signed(choice, by, door, message=evidence), on_event)

    async def aresume(self, *, on_event: OnEvent | None = None) -> "Run":
        """Asynchronous `resume`."""
        with self._assistant.exclusive(self.thread_id):
            await self._assistant.ago_on(self, None, on_event)
        return self

    def refresh(self) -> "Run":
        """Look again at where the run stands; another process may have gone on with it."""
        self._assistant.load(self)
        return self

    async def arefresh(self) -> "Run":
        """Asynchronous `refresh`."""
        await self._assistant.aload(self)
        return self

    # --- inside -----------------------------------------------------------------------------------

    def update(
        self,
        incident: Incident,
        status: RunStatus,
        question: Interrupt | None,
        checkpoint: RunnableConfig | None,
    ) -> None:
        """Take over what the assistant has read: the pending question, and where it was asked if not at the head."""
        self._incident, self._status, self._question = incident, status, question
        self.config = checkpoint or {"configurable": {"thread_id": self.thread_id}}

    def _answer(self, answer: dict[str, Any], on_event: OnEvent | None) -> "Run":
        with self._assistant.exclusive(self.thread_id):
            shown = self._shown_hash()
            self._assistant.load(self)
            if self._question is None and self._status in ("running", "awaiting_approval"):
                self._assistant.go_on(self, None, on_event)  # its process died just before it asked
            self._assistant.go_on(self, {self._pending(answer): self._bound(answer, shown)}, on_event)
        return self._checked()

    async def _aanswer(self, answer: dict[str, Any], on_event: OnEvent | None) -> "Run":
        with self._assistant.exclusive(self.thread_id):
            shown = self._shown_hash()
            await self._assistant.aload(self)
            if self._question is None and self._status in ("running", "awaiting_approval"):
                await self._assistant.ago_on(self, None, on_event)  # its process died just before it asked
            await self._assistant.ago_on(self, {self._pending(answer): self._bound(answer, shown)}, on_event)
        return self._checked()

    def _shown_hash(self) -> str | None:
        return self.plan.hash if self.plan is not None else None

    def _bound(self, answer: dict[str, Any], shown: str | None) -> dict[str, Any]:
        """Bind the answer to the plan its giver has seen; one that has changed since is refused."""
        bound = dict(answer)
        for key in ("by", "comment", "message"):  # people's words are kept in checkpoints too
            if key in answer:
                bound[key] = self._assistant.redact(answer[key])
        if shown is not None:
            bound["plan_hash"] = shown
        return bound

    def _pending(self, answer: dict[str, Any]) -> str:
        """Return the id of the question that this is an answer to; raises `NothingToActOn` if none is open."""
        if self._question is not None and answer["type"] in ANSWERS[self.waits_for]:
            return self._question.id
        raise not_asked(self)

    def _checked(self) -> "Run":
        """Raise if the question was put again because the answer was not understood."""
        if self._question is not None and (error := self._question.value.get("error")):
            raise InputError(f"the answer was not accepted, the run still waits: {error}")
        return self
