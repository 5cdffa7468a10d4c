"""What may become one argument of a program or one value of an API call."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def safe_argument(text: str) -> str:
    """Return `text` if it can stand as one argument: not empty, no option, nothing that hides.

    Raises `ValueError` for a leading dash (it would be read as an option) and for control, format (bidi,
    zero-width), surrogate and private-use characters, which a person who approves would not see.
    """
    if not text:
        raise ValueError("must not be empty")
    if text.startswith("-"):
        raise ValueError("must not begin with a dash")
    return visible(text)


def visible(text: str) -> str:
    """Return `text` if every character of it can be seen; raises `ValueError` else."""
    hidden = next(
        (char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}),
        None,
    )
    if hidden is not None:
        raise ValueError(f"must not hold the control character U+{ord(hidden):04X}")
    return text


Argument = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(safe_argument)]
"""One argument; never an option, nothing hidden in it."""

AbsolutePath = Annotated[Argument, StringConstraints(pattern=r"^/", max_length=1_000)]
"""A path from the root, as one argument."""

EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")]
"""The name of an environment variable that holds what must not stand in a file."""
