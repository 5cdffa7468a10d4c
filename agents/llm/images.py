"""Dashboard images of an alert, as content parts of a prompt."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

MAX_IMAGES = 2
MAX_BYTES = 5_000_000

# The most a high-detail image costs with the default model: 85 and 8 tiles of 170 tokens.
TOKENS_PER_IMAGE = 1_445

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


class Images(NamedTuple):
    """The images that can be shown, and one note for each that cannot."""

    parts: list[dict[str, Any]]
    notes: list[str]


def read_images(paths: Sequence[str]) -> Images:
    """Return the images as `image_url` content parts; one that cannot be read becomes a note."""
    parts: list[dict[str, Any]] = []
    notes: list[str] = []
    for path in paths:
        if len(parts) == MAX_IMAGES:
            notes.append(not_read(path, f"only {MAX_IMAGES} images fit in one prompt"))
            continue
        try:
            with Path(path).open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except OSError as error:
            notes.append(not_read(path, error.strerror or "cannot be opened"))
            continue
        kind = next((kind for magic, kind in _MAGIC.items() if raw.startswith(magic)), None)
        if kind is None:
            notes.append(not_read(path, "not a PNG, JPEG, GIF or WebP image"))
        elif len(raw) > MAX_BYTES:
            notes.append(not_read(path, f"larger than {MAX_BYTES // 1_000_000} MB"))
        else:
            url = f"data:{kind};base64,{base64.b64encode(raw).decode('ascii')}"
            parts.append({"type": "image_url", "image_url": {"url": url, "detail": "high"}})
    return Images(parts, notes)


def not_read(path: str, reason: str) -> str:
    """Return the note that an image was not looked at, and why."""
    return f"Image {Path(path).name} was not read: {reason}."
