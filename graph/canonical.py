"""Canonical JSON and hashes: one text for one value, whoever writes it."""

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a plain JSON value: sorted keys, ASCII, no blanks, no NaN."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def sha256_hex(text: str) -> str:
    """Return the SHA-256 of the text as 64 hex digits."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()
