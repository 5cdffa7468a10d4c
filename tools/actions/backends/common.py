"""What the real backends share: finding the target, reading a URL from the environment, waiting for an effect."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel

from ...errors import InputError
from ...inventory import Service
from ..base import BackendUnavailable

T = TypeVar("T", bound=BaseModel)


def target_of(service: Service, model: type[T]) -> T:
    """Return the service's target; raises `InputError` if it is not one of this backend."""
    if not isinstance(service.target, model):
        raise InputError(f"{service.name}: the inventory gives it no target of its backend {service.backend}")
    return service.target


def cannot(backend: str, operation: str, service: str, why: str = "") -> InputError:
    """Return the error for an operation that a backend does not have."""
    return InputError(f"{service}: the {backend} backend cannot {operation}{why and f' ({why})'}")


def url_from(variable: str, service: str) -> str:
    """Return the URL that the environment variable holds; it may carry a password, so it is never shown."""
    url = os.environ.get(variable)
    if not url:
        raise BackendUnavailable(
            f"{service}: the environment variable {variable} is not set; it must hold the URL"
        )
    return url


def wait_until(done: Callable[[], bool], *, deadline: float, poll_s: float) -> bool:
    """Ask `done` until it says so or `deadline` (of `time.monotonic`) has passed; tell which it was."""
    while not done():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(poll_s, left))
    return True
