"""Who decides: the server's authenticated user where there is one, else the account of the operating system."""

import getpass

from .dependencies import authenticated_user


def account() -> tuple[str, bool]:
    """Return the account that this step runs for, and whether a server has authenticated it."""
    user = authenticated_user()
    return (user, True) if user else (system_user(), False)


def person(given: str | None) -> tuple[str, str]:
    """Return the account and the name to record for an answer; an authenticated user has no other name."""
    name, authenticated = account()
    return name, name if authenticated else given or name


def system_user() -> str:
    """Return the name of the process's user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no user database entry, as in some containers
        return "unknown"
