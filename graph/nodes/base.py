"""The type of a node: LangGraph calls it with `state` by name."""

from typing import Protocol, TypeVar

StateT_contra = TypeVar("StateT_contra", contravariant=True)
UpdateT_co = TypeVar("UpdateT_co", covariant=True)


class Node(Protocol[StateT_contra, UpdateT_co]):
    """A function of the state (or of the part of it that its parameter names) that returns an update or a command."""

    def __call__(self, state: StateT_contra) -> UpdateT_co: ...
