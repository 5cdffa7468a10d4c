"""What to fetch next: the logs and figures that would settle the question."""

from ...tools.alert import Alert
from ...tools.digest.models import LogDigest
from .causality import SURFACE
from .objects import named_objects
from .ranking import Cause

_OWN_SIDE = frozenset({*SURFACE, "network-failure", "db-connection-pool-exhausted", "queue-backlog"})
_FIGURES = {
    "oom-killed": "The kernel log of the host (dmesg -T) and the memory figures of the instance.",
    "native-crash": "The core dump or crash report, and the kernel log of the host.",
    "slow-query": "The plan of the statement (EXPLAIN) and the database's own log.",
    "cpu-saturation": "A profile or thread dump from a hot instance, and its CPU figures.",
    "heap-out-of-memory": "A heap dump and the memory figures of the last hours.",
}


def missing_evidence(alert: Alert, digest: LogDigest, cause: Cause | None) -> list[str]:
    """Return what to fetch next, most useful first; `cause` is None if none fits."""
    objects = named_objects(line.text for line in digest.evidence)
    wanted = []
    if cause is None:
        wanted.append(
            f"The logs of {alert.service} from half an hour before the alert, with errors and warnings."
        )
        if digest.lines_outside_window:
            wanted.append(f"The {digest.lines_outside_window} lines that lie outside the time window.")
        wanted.append("The system log of the host (journalctl -k, dmesg -T) for the same time.")
        wanted.append(f"CPU, memory, disk and connection figures of {alert.service} for the same time.")
        wanted.append("What was deployed or changed in the hours before.")
    elif cause.mode in _OWN_SIDE:
        target = objects.get("ENDPOINT") or objects.get("HOST")
        if target:
            wanted.append(f"The log of what runs at {target}: it says why it does not answer.")
        else:
            wanted.append("The log of the dependency itself: it says why it does not answer.")
    elif cause.mode in _FIGURES:
        wanted.append(_FIGURES[cause.mode])
    return wanted
