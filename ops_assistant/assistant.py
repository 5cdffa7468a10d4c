"""`OpsAssistant`: investigate alerts, list what waits, open a run from any process."""

import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, StateSnapshot

from .events import Event
from .graph.audit import Audit
from .graph.build import IncidentGraph, build_graph
from .graph.checkpoints import open_async_checkpointer, open_checkpointer
from .graph.dependencies import Dependencies
from .graph.evidence import keep_inline_logs
from .graph.incident import Incident
from .graph.models import RunStatus
from .graph.recovery import Interrupted, interrupted, way_back
from .graph.store import RunRow
from .locks import RunLocks
from .run import OnEvent, Run
from .settings import Settings, load_settings
from .tools.alert import Alert
from .tools.errors import InputError, NothingToActOn, OpsError
from .tools.knowledge import KnowledgeBase
from .wiring import make_dependencies

logger = logging.getLogger(__name__)


class OpsAssistant:
    """The assistant over one data directory. Close it, or use it as a context manager."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load_settings()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release files and clients; the assistant opens them again if it is used again."""
        if "_dependencies" in self.__dict__:
            self._dependencies.knowledge_base.close()
            self._dependencies.store.close()
            del self.__dict__["_dependencies"]
            self.__dict__.pop("_graph", None)

    @property
    def knowledge_base(self) -> KnowledgeBase:
        """The historical cases: `cases()`, `search(text, top_k=3)`."""
        return self._dependencies.knowledge_base

    @property
    def audit(self) -> Audit:
        """The hash-chained record of every decision and execution: `entries(thread_id)`, `verify()`."""
        return self._dependencies.store.audit

    # --- runs -------------------------------------------------------------------------------------

    def investigate(
        self,
        alert: Alert | Mapping[str, Any],
        *,
        on_event: OnEvent | None = None,
        thread_id: str | None = None,
    ) -> Run:
        """Investigate an alert until it waits for approval or has its report.

        Raises `InputError` for an alert that cannot be used; then there is no run.
        """
        run, given = self._new_run(alert, thread_id)
        with self.exclusive(run.thread_id):
            self._drive(run, given, on_event)
        return run

    async def ainvestigate(
        self,
        alert: Alert | Mapping[str, Any],
        *,
        on_event: OnEvent | None = None,
        thread_id: str | None = None,
    ) -> Run:
        """Asynchronous `investigate`."""
        run, given = self._new_run(alert, thread_id)
        with self.exclusive(run.thread_id):
            await self._adrive(run, given, on_event)
        return run

    def pending(self) -> list[Run]:
        """Return the runs that wait for a decision, oldest first."""
        return [self.open(row["thread_id"]) for row in self.rows("awaiting_approval")]

    async def apending(self) -> list[Run]:
        """Asynchronous `pending`."""
        return [await self.aopen(row["thread_id"]) for row in self.rows("awaiting_approval")]

    def rows(self, status: RunStatus | None = None) -> list[RunRow]:
        """Return one row per run (thread_id, service, severity, message, status, times) without opening them."""
        return self._dependencies.store.runs(status)

    def interrupted(self) -> list[Interrupted]:
        """Return the runs whose process died on the way, with what each needs, oldest sign of life first."""
        return interrupted(self._dependencies.store, self._locks.state)

    def recover(self, *, on_event: OnEvent | None = None) -> list[Run]:
        """Go on with every interrupted run and return those that this call went on with, whatever came of them.

        Safe while others do the same: who comes second leaves the run to the first. An action that was started is
        not run again; where its target cannot tell what happened, the run waits for a person afterwards.
        """
        gone_on = []
        for item in self.interrupted():
            try:
                gone_on.append(self.open(item.thread_id).resume(on_event=on_event))
            except OpsError as error:
                logger.warning("run %s was not gone on with: %s", item.thread_id, error)
        return gone_on

    async def arecover(self, *, on_event: OnEvent | None = None) -> list[Run]:
        """Asynchronous `recover`."""
        gone_on = []
        for item in self.interrupted():
            try:
                run = await self.aopen(item.thread_id)
                gone_on.append(await run.aresume(on_event=on_event))
            except OpsError as error:
                logger.warning("run %s was not gone on with: %s", item.thread_id, error)
        return gone_on

    def find(self, start: str, limit: int = 2) -> list[str]:
        """Return up to `limit` thread ids that begin with `start`; itself alone if it is one."""
        return self._dependencies.store.thread_ids(start, limit)

    def open(self, thread_id: str) -> Run:
        """Open a run, whoever started it; raises `NothingToActOn` for an unknown thread."""
        self._dependencies.store.run(thread_id)
        run = Run(self, thread_id)
        self.load(run)
        return run

    async def aopen(self, thread_id: str) -> Run:
        """Asynchronous `open`."""
        self._dependencies.store.run(thread_id)
        run = Run(self, thread_id)
        await self.aload(run)
        return run

    # --- what runs ask of it ------------------------------------------------------------------------

    def go_on(self, run: Run, answers: dict[str, Any] | None, on_event: OnEvent | None) -> None:
        """Resume a run, with answers by interrupt id or (None) from where its process died."""
        self._dependencies.store.run(run.thread_id)
        snapshot = self._drive(run, Command(resume=answers) if answers else None, on_event)
        if (way := self._way_back(run, snapshot)) is not None:
            self._drive(run, None, on_event, way=way)

    async def ago_on(self, run: Run, answers: dict[str, Any] | None, on_event: OnEvent | None) -> None:
        """Asynchronous `go_on`."""
        self._dependencies.store.run(run.thread_id)
        snapshot = await self._adrive(run, Command(resume=answers) if answers else None, on_event)
        if (way := self._way_back(run, snapshot)) is not None:
            await self._adrive(run, None, on_event, way=way)

    def load(self, run: Run) -> None:
        """Read where a run stands."""
        with open_checkpointer(*self._checkpoints) as saver:
            graph = self._graph.compile(checkpointer=saver)
            snapshot = graph.get_state(_config(run.thread_id))
            past = (
                _asked(graph.get_state_history(_config(run.thread_id)))
                if self._is_astray(run, snapshot)
                else None
            )
        self._take(run, snapshot, past)

    async def aload(self, run: Run) -> None:
        """Asynchronous `load`."""
        async with open_async_checkpointer(*self._checkpoints) as saver:
            graph = self._graph.compile(checkpointer=saver)
            snapshot = await graph.aget_state(_config(run.thread_id))
            past = None
            if self._is_astray(run, snapshot):
                past = _asked([item async for item in graph.aget_state_history(_config(run.thread_id))])
        self._take(run, snapshot, past)

    def redact(self, text: str) -> str:
        """Return the text without secrets: what people write is stored in checkpoints too."""
        return self._dependencies.redactor.redact(text)

    @contextmanager
    def exclusive(self, thread_id: str) -> Iterator[None]:
        """Hold the run for this process; raises `NothingToActOn` if another one is at it."""
        with self._locks.held(thread_id):
            yield

    # --- inside -----------------------------------------------------------------------------------

    @property
    def _checkpoints(self) -> tuple[Path | str, bytes | None]:
        return self.settings.checkpoint_target, self.settings.checkpoint_key_bytes

    @cached_property
    def _dependencies(self) -> Dependencies:
        return make_dependencies(self.settings)

    @property
    def _locks(self) -> RunLocks:
        return RunLocks(self.settings.data_dir / "locks")

    @cached_property
    def _graph(self) -> IncidentGraph:
        return build_graph(self._dependencies)

    def _new_run(self, alert: Alert | Mapping[str, Any], thread_id: str | None) -> tuple[Run, dict[str, Any]]:
        parsed = Alert.parse(alert if isinstance(alert, Alert) else dict(alert))
        # A server only takes UUIDs, and a run may move there.
        run = Run(self, thread_id or str(uuid.uuid4()))
        # Raw logs stay out of every checkpoint, also out of the first one, which holds the input.
        kept = keep_inline_logs(parsed, self._dependencies.evidence_dir(run.thread_id))
        kept = kept.model_copy(update={"message": self.redact(kept.message)})
        return run, {"alert": kept.model_dump(mode="json")}

    def _drive(
        self, run: Run, given: Any, on_event: OnEvent | None, *, way: Command[str] | None = None
    ) -> StateSnapshot:
        with open_checkpointer(*self._checkpoints) as saver:
            graph = self._graph.compile(checkpointer=saver)
            with self._failure_noted(run):
                if way is not None:  # as if the step before had sent the thread there
                    graph.update_state(_config(run.thread_id), way, as_node="record_decision")
                for mode, data in graph.stream(
                    given, run.config, stream_mode=["updates", "custom"], durability="sync"
                ):
                    _emit(on_event, mode, data)
            snapshot = graph.get_state(_config(run.thread_id))
        self._take(run, snapshot)
        return snapshot

    async def _adrive(
        self, run: Run, given: Any, on_event: OnEvent | None, *, way: Command[str] | None = None
    ) -> StateSnapshot:
        async with open_async_checkpointer(*self._checkpoints) as saver:
            graph = self._graph.compile(checkpointer=saver)
            with self._failure_noted(run):
                if way is not None:
                    await graph.aupdate_state(_config(run.thread_id), way, as_node="record_decision")
                async for mode, data in graph.astream(
                    given, run.config, stream_mode=["updates", "custom"], durability="sync"
                ):
                    _emit(on_event, mode, data)
            snapshot = await graph.aget_state(_config(run.thread_id))
        self._take(run, snapshot)
        return snapshot

    @contextmanager
    def _failure_noted(self, run: Run) -> Iterator[None]:
        """Note that a run failed, and why, before the error goes on to the caller."""
        try:
            yield
        except (InputError, NothingToActOn):
            raise
        except Exception as error:
            with suppress(OpsError):  # a full disk takes no note of itself; its own error says more
                self._dependencies.store.set_status(
                    run.thread_id, "failed", f"{type(error).__name__}: {error}"[:2_000]
                )
            raise

    def _is_astray(self, run: Run, snapshot: StateSnapshot) -> bool:
        """Tell whether a client has moved the thread past the question of a plan that nobody has decided on."""
        waits = self._dependencies.store.run(run.thread_id)["status"] == "awaiting_approval"
        return waits and not snapshot.interrupts and not snapshot.next

    def _way_back(self, run: Run, snapshot: StateSnapshot) -> Command[str] | None:
        """Return what leads a thread back that ended although its run has not, or None."""
        stranded = not snapshot.next and not snapshot.interrupts
        if stranded and run.plan is not None and run.status in ("running", "awaiting_approval"):
            return way_back(self._dependencies.store, run.plan.hash)
        return None

    def _take(self, run: Run, snapshot: StateSnapshot, asked: StateSnapshot | None = None) -> None:
        """Take over the state at the head, or where the question was asked if the head was moved past it."""
        stands = asked or snapshot
        question = stands.interrupts[0] if stands.interrupts else None
        row = self._dependencies.store.run(run.thread_id)
        run.update(
            Incident.of(stands.values),
            "awaiting_approval" if question else row["status"],
            question,
            asked.config if asked else None,
        )


def _asked(history: Iterable[StateSnapshot]) -> StateSnapshot | None:
    """Return the latest state that waits for an answer; the history is newest first."""
    return next((snapshot for snapshot in history if snapshot.interrupts), None)


def _config(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}}


def _emit(on_event: OnEvent | None, mode: str, data: Any) -> None:
    if on_event is None:
        return
    if mode == "custom":
        on_event(Event("progress", "collect", data))
        return
    for node, update in data.items():
        on_event(Event("node", node, update if isinstance(update, dict) else {}))
