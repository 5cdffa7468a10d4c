"""What a caller can watch while a run goes on."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Event:
    """`node`: a node has finished, `data` is its update. `progress`: `data` has source, bytes and lines read."""

    kind: Literal["node", "progress"]
    node: str = ""
    data: dict[str, Any] = field(default_factory=dict)
