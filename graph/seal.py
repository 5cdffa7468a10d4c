"""The seal: proof that an answer came through the interrupt and was not written into the state.

State is data that any client with access to the server can change (`update_state`, `Command(goto=...)`).
So `await_approval`, which only goes on when LangGraph hands it a resume value, seals the answer with
a key that never enters state, and the next step records nothing without a valid seal.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Any

from .canonical import canonical_json


class Seal:
    """Seals answers with HMAC-SHA256 under a key kept in `key_file` (made on first use, mode 0600)."""

    def __init__(self, key_file: Path) -> None:
        self._key = _read_or_make(key_file)

    def sign(self, thread_id: str, plan_hash: str, answer: dict[str, Any]) -> str:
        """Return the seal over thread, plan and answer."""
        text = "opsanswer/v1\n" + canonical_json([thread_id, plan_hash, answer])
        return hmac.new(self._key, text.encode("ascii"), hashlib.sha256).hexdigest()

    def verify(self, thread_id: str, plan_hash: str, answer: dict[str, Any], seal: str) -> bool:
        """Tell whether the seal is of exactly this thread, plan and answer."""
        return hmac.compare_digest(
            self.sign(thread_id, plan_hash, answer).encode(), seal.encode("utf-8", "replace")
        )

    def sign_record(self, text: str) -> str:
        """Return the signature of a stored record: a row that was written without the key has none."""
        return hmac.new(self.derive("record"), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def derive(self, purpose: str) -> bytes:
        """Return a key of its own for another purpose of this installation."""
        return hmac.new(self._key, f"opskey/{purpose}".encode(), hashlib.sha256).digest()


def _read_or_make(key_file: Path) -> bytes:
    try:
        return key_file.read_bytes()
    except FileNotFoundError:
        key_file.parent.mkdir(parents=True, exist_ok=True)
    # Written whole under another name, then linked: two processes that start at once agree on one key.
    draft = key_file.with_name(f"{key_file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, key_file)
    except FileExistsError:
        pass  # the other process was first; its key counts
    finally:
        draft.unlink()
    return key_file.read_bytes()
