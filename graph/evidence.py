"""Stored evidence: logs that came inline with an alert, kept as a file and referred to."""

from pathlib import Path

from ..tools.alert import Alert
from ..tools.errors import InputError

INLINE_NAME = "inline.log"


def keep_inline_logs(alert: Alert, folder: Path) -> Alert:
    """Write the alert's inline logs to `folder` and return the alert with that file first among its sources.

    Raises `InputError` if `logs` is there but blank.
    """
    if alert.logs is None:
        return alert
    if not alert.logs.strip():
        raise InputError("field `logs` is empty; expected log lines, or leave it out and give `log_sources`")
    folder.mkdir(parents=True, exist_ok=True)
    inline = folder / INLINE_NAME
    # Readable by the owner only, from the first byte on: raw logs are not redacted.
    inline.touch(mode=0o600)
    inline.write_text(alert.logs, encoding="utf-8", errors="backslashreplace")
    return alert.model_copy(update={"logs": None, "log_sources": [str(inline), *alert.log_sources]})
