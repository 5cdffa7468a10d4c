"""The state of an incident's run: plain JSON only, one owner for each key.

Nodes see pydantic models; what is written here is `model_dump(mode="json")`. Raw logs, clients and
secrets never enter it: they are written to every checkpoint.
"""

from typing import Annotated, Any, NotRequired

from langchain_core.messages import AnyMessage
from typing_extensions import TypedDict  # pydantic makes no JSON schema of typing's before Python 3.12

from .messages import merge_messages


def merge_by_source(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the partial digests of parallel branches; a source read again replaces its earlier digest."""
    read_again = {item["key"] for item in right}
    return [item for item in left if item["key"] not in read_again] + right


def append_new(left: list[str], right: list[str]) -> list[str]:
    """Append what is not there yet."""
    return list(dict.fromkeys([*left, *right]))


class IncidentInput(TypedDict):
    """What starts a run: an alert, or a person's words and pasted logs."""

    alert: NotRequired[dict[str, Any]]
    messages: NotRequired[Annotated[list[AnyMessage], merge_messages]]


class IncidentOutput(TypedDict):
    """What a run answers."""

    messages: NotRequired[Annotated[list[AnyMessage], merge_messages]]
    report: NotRequired[dict[str, Any]]


class IncidentState(TypedDict):
    """Every channel of the graph."""

    messages: Annotated[list[AnyMessage], merge_messages]
    """Chat in and out, as plain message dictionaries."""
    alert: NotRequired[dict[str, Any]]
    """`Alert`, without its inline logs: those are kept as a file of the evidence folder."""
    taken: NotRequired[dict[str, str]]
    """Fingerprint of the alert this thread has taken in, to tell a new one from it."""
    sources: NotRequired[list[dict[str, Any]]]
    """`LogSource`s to read, in order; their ids prefix the evidence ids."""
    metrics: NotRequired[list[dict[str, Any]]]
    """`MetricRef`s to read, in order; their ids prefix the evidence ids."""
    window: NotRequired[dict[str, Any]]
    """`Window` of the digest."""
    collected: Annotated[list[dict[str, Any]], merge_by_source]
    """`{key, digest}` of each source read; emptied when the diagnosis stands."""
    rounds: NotRequired[int]
    """How often more evidence was fetched."""
    fetched: NotRequired[list[str]]
    """What was fetched after the first diagnosis, in words."""
    coverage: NotRequired[dict[str, Any]]
    """`Coverage`: what was checked and found healthy, and what was not checked."""
    digest: NotRequired[dict[str, Any]]
    """`LogDigest` of all sources."""
    log_analysis: NotRequired[dict[str, Any]]
    diagnosis: NotRequired[dict[str, Any]]
    recommendation: NotRequired[dict[str, Any]]
    usage: NotRequired[dict[str, Any]]
    """Tokens, cost and seconds of the models, if any."""
    plan: NotRequired[dict[str, Any] | None]
    """`Plan`, to look at; what runs is the store's copy under its hash."""
    plan_notes: NotRequired[list[str]]
    """Why proposed actions were left out of the plan."""
    rejected_because: NotRequired[str | None]
    """The reason of the last rejection; a plan is made anew once."""
    approval_error: NotRequired[str | None]
    """Why the last answer was not understood; shown with the next request."""
    approval_notice: NotRequired[str | None]
    """Why a plan is put to a person although an earlier one was approved."""
    answer: NotRequired[dict[str, Any] | None]
    """The sealed answer, on its way from the interrupt to the store."""
    resolution: NotRequired[dict[str, Any] | None]
    """The sealed answer about an action that stopped the plan, on its way to the store."""
    resolution_error: NotRequired[str | None]
    """Why the last such answer was not understood."""
    decision: NotRequired[dict[str, Any] | None]
    """`Decision` as recorded, to look at; execution reads the store's copy."""
    outcomes: NotRequired[list[dict[str, Any]]]
    """`Outcome`s of the plan, to look at; the ledger's copy counts."""
    verification: NotRequired[dict[str, Any] | None]
    report: NotRequired[dict[str, Any]]
    proposed_case: NotRequired[dict[str, Any] | None]
    """A case for the knowledge base; stored only when a person confirms it."""
    errors: Annotated[list[str], append_new]
    """What could not be done on the way, for the report. Nodes add to it; several may in one step."""


class CollectInput(TypedDict):
    """What one branch of `collect` is sent: a log source or a metric source."""

    source: NotRequired[dict[str, Any]]
    metric: NotRequired[dict[str, Any]]
    window: dict[str, Any]
    alert: dict[str, Any]
