"""The errors a person can meet, by what they should do next.

OpsError                    base of all
├── InputError              the input is at fault; the message names the field or file (exit code 2)
├── NothingToActOn          unknown thread, decision already taken, nothing waits (exit code 3)
├── KnowledgeBaseError      the knowledge base cannot be read or written as it stands
├── ModelError              the model failed, was too slow, or answered unusably; a fallback exists
└── ExecutionRefused        an action has no valid approval; nothing was executed
"""


class OpsError(Exception):
    """Base of every error this package raises on purpose; its text is written for a person."""


class InputError(OpsError):
    """Bad input: the message names the field or file and what is expected."""


class NothingToActOn(OpsError):
    """There is nothing to act on: unknown thread, or the decision was already taken."""


class KnowledgeBaseError(OpsError):
    """The knowledge base cannot be used as it stands; the message says how to mend it."""


class ModelError(OpsError):
    """The model failed, was too slow, over budget, or answered unusably."""


class ExecutionRefused(OpsError):
    """An action was not executed because the store holds no valid approval for it."""
