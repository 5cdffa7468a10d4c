"""Who runs an action: a process that can be told from every other one, also after a reboot or a reused pid."""

import os
import secrets
import socket
from datetime import datetime
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def this_worker() -> str:
    """Return a name for one claim by this process: `host/boot/pid namespace/pid/start time/nonce`."""
    parts = [socket.gethostname(), _boot(), _namespace(), str(os.getpid()), _start_time(os.getpid()) or "?"]
    return "/".join([*parts, secrets.token_hex(4)])


def is_gone(owner: str) -> bool:
    """Tell whether the owner is certainly dead: it ran on this host and its process is no more. Else False."""
    try:
        host, boot, namespace, pid, start, _ = owner.split("/")
    except ValueError:
        return False
    if host != socket.gethostname() or not _boot():
        return False
    if boot != _boot():
        return True  # the host was started anew since
    return namespace == _namespace() and pid.isdigit() and _start_time(int(pid)) != start


def is_held(owner: str, lease_until: datetime | None, now: datetime) -> bool:
    """Tell whether a claim still counts: its lease has not run out and its owner is not known to be dead."""
    lapsed = lease_until is not None and now >= lease_until
    return not lapsed and not is_gone(owner)


def described(owner: str) -> str:
    """Return the owner of a claim for a person: process and host."""
    try:
        host, _boot_id, _namespace_id, pid, _start, _nonce = owner.split("/")
    except ValueError:
        return owner or "nobody"
    return f"process {pid} on {host}"


def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _start_time(pid: int) -> str | None:
    """Return when a process was started, in clock ticks since boot; None if there is no such process, or a zombie."""
    try:
        stat = Path("/proc", str(pid), "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the command's name before it may hold anything
    return None if fields[0] in ("Z", "X") else fields[19]
