"""The audit: append-only, each entry chained by hash to the one before it, globally and within its incident.

Entries are written in the transaction of the change they tell of. The head of each chain is kept signed, so
that a tail that was cut off is missed; and each new global head is noted in a file outside the database.
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, func, select

from . import tables
from .canonical import canonical_json, sha256_hex
from .database import Database

Sign = Callable[[str], str]
FIRST = "0" * 64
"""What the first entry of a chain names as its predecessor."""


class AuditEntry(BaseModel):
    """One entry. `seq` counts all entries from 1, `thread_seq` those of one incident."""

    seq: int
    thread_id: str
    thread_seq: int
    at: str
    kind: str
    subject: str
    body: dict[str, Any]
    prev: str
    thread_prev: str
    hash: str

    def computed_hash(self) -> str:
        """Return the hash that this entry must have."""
        return sha256_hex("opsaudit/v1\n" + canonical_json(self.model_dump(exclude={"hash"})))


class Head(BaseModel):
    """The last entry of a chain, with the signature over both."""

    chain: str
    seq: int
    hash: str
    mac: str


class Audit:
    """The chains of one store."""

    def __init__(self, database: Database, sign: Sign, anchors: Path | None) -> None:
        self._database = database
        self._sign = sign
        self._anchors = anchors

    def append(
        self,
        connection: Connection,
        at: datetime,
        thread_id: str,
        kind: str,
        body: dict[str, Any],
        *,
        subject: str = "",
    ) -> AuditEntry:
        """Write an entry in the caller's transaction."""
        last, last_of_thread = self._ends(connection, "", thread_id)
        entry = AuditEntry(
            seq=last.seq + 1, thread_id=thread_id, thread_seq=last_of_thread.seq + 1, at=at.isoformat(), kind=kind,
            subject=subject, body=body, prev=last.hash, thread_prev=last_of_thread.hash, hash="",
        )  # fmt: skip
        entry.hash = entry.computed_hash()
        row = {**entry.model_dump(exclude={"body"}), "body": canonical_json(body)}
        connection.execute(tables.audit.insert().values(row))
        heads = [
            {"chain": chain, "seq": seq, "hash": entry.hash, "mac": self._head_mac(chain, seq, entry.hash)}
            for chain, seq in {"": entry.seq, thread_id: entry.thread_seq}.items()
        ]
        statement = self._database.insert(tables.audit_heads).values(heads)
        now = {name: statement.excluded[name] for name in ("seq", "hash", "mac")}
        connection.execute(statement.on_conflict_do_update(index_elements=["chain"], set_=now))
        self._note_outside(entry)
        return entry

    def latest_time(self, connection: Connection, thread_id: str | None = None) -> str | None:
        """Return the time of the last entry, of all or of one incident; None if there is none yet."""
        last = select(tables.audit.c.at).order_by(tables.audit.c.seq.desc()).limit(1)
        if thread_id is not None:
            last = last.where(tables.audit.c.thread_id == thread_id)
        return connection.execute(last).scalar()

    def count(self, connection: Connection, kind: str, subject: str) -> int:
        """Return how many entries of a kind there are about a subject."""
        mine = (tables.audit.c.subject == subject) & (tables.audit.c.kind == kind)
        return int(
            connection.execute(select(func.count()).select_from(tables.audit).where(mine)).scalar_one()
        )

    def first(self, connection: Connection, kind: str, subject: str) -> dict[str, Any] | None:
        """Return the body of the first entry of a kind about a subject, or None."""
        mine = (tables.audit.c.subject == subject) & (tables.audit.c.kind == kind)
        query = select(tables.audit.c.body).where(mine).order_by(tables.audit.c.seq).limit(1)
        body = connection.execute(query).scalar()
        return None if body is None else dict(json.loads(body))

    def entries(self, thread_id: str | None = None) -> list[AuditEntry]:
        """Return all entries, or those of one incident, in the order in which they were written."""
        query = select(tables.audit).order_by(tables.audit.c.seq)
        if thread_id is not None:
            query = query.where(tables.audit.c.thread_id == thread_id)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [AuditEntry(**{**row, "body": json.loads(row["body"])}) for row in rows]

    def heads(self) -> list[Head]:
        """Return the head of every chain."""
        with self._database.read() as connection:
            return [Head(**row) for row in connection.execute(select(tables.audit_heads)).mappings()]

    def end_mac(self, thread_id: str, entries: Sequence[AuditEntry]) -> str:
        """Return the signature that ends an incident's exported record."""
        return self._head_mac(thread_id, len(entries), entries[-1].hash if entries else FIRST)

    def verify(self) -> list[str]:
        """Return what is wrong with the stored chains, naming each entry; empty if nothing is."""
        entries, heads = self.entries(), self.heads()
        problems = chain_problems(entries)
        ends = {"": (len(entries), entries[-1].hash if entries else FIRST)}
        for entry in entries:
            ends[entry.thread_id] = (entry.thread_seq, entry.hash)
        for head in heads:
            if head.mac != self._head_mac(head.chain, head.seq, head.hash):
                problems.append(f"the head of {_named(head.chain)} was not signed by this installation")
            seq, hash_ = ends.pop(head.chain, (0, FIRST))
            if (seq, hash_) != (head.seq, head.hash):
                problems.append(
                    f"{_named(head.chain)} ends with entry {seq}, but its head is entry {head.seq}: "
                    "its tail was cut off or replaced"
                )
        problems += [f"{_named(chain)} has entries but no head" for chain, (seq, _) in ends.items() if seq]
        return [*problems, *self._anchor_problems(entries)]

    def _ends(self, connection: Connection, *chains: str) -> list[Head]:
        """Return the head of each chain, in one query; one that has no entry yet begins with `FIRST`."""
        query = select(tables.audit_heads).where(tables.audit_heads.c.chain.in_(chains))
        found = {row["chain"]: Head(**row) for row in connection.execute(query).mappings()}
        return [found.get(chain) or Head(chain=chain, seq=0, hash=FIRST, mac="") for chain in chains]

    def _head_mac(self, chain: str, seq: int, hash_: str) -> str:
        return self._sign(canonical_json(["audit-head", chain, seq, hash_]))

    def _note_outside(self, entry: AuditEntry) -> None:
        """Note the head in the anchor file. It may note an entry whose transaction then fails; see below."""
        if self._anchors is None:
            return
        try:
            descriptor = os.open(self._anchors, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError:
            return  # the chain in the database is what counts; this is a second witness
        try:
            os.write(descriptor, f"{entry.seq} {entry.hash}\n".encode("ascii"))
        except OSError:
            return
        finally:
            os.close(descriptor)

    def _anchor_problems(self, entries: Sequence[AuditEntry]) -> list[str]:
        """Compare with the anchor file. Only its last note of each number counts: an earlier one was rolled back.

        The very last note may be of a transaction that failed after it; one entry may be missing there.
        """
        if self._anchors is None or not self._anchors.exists():
            return []
        noted: dict[int, str] = {}
        for line in self._anchors.read_text(encoding="ascii", errors="replace").splitlines():
            seq, _, hash_ = line.partition(" ")
            if seq.isdigit() and len(hash_) == len(FIRST):
                noted[int(seq)] = hash_
        stored = {entry.seq: entry.hash for entry in entries}
        problems = [
            f"entry {seq} is not the one that was noted outside the database when it was written"
            for seq, hash_ in noted.items()
            if seq in stored and stored[seq] != hash_
        ]
        missing = [seq for seq in noted if seq > len(entries) + 1]
        if missing:
            problems.append(
                f"entries up to {max(missing)} were noted outside the database, but the last one is {len(entries)}: "
                "its tail was cut off"
            )
        return problems


def chain_problems(entries: Iterable[AuditEntry], *, whole: bool = True) -> list[str]:
    """Return what is wrong with a sequence of entries; `whole` says that it is the global chain from its start."""
    problems: list[str] = []
    expected, previous = 1, FIRST
    ends: dict[str, tuple[int, str]] = {}
    for entry in entries:
        where = f"entry {entry.seq} ({entry.kind}, {_named(entry.thread_id)})"
        if entry.computed_hash() != entry.hash:
            problems.append(f"{where} was changed: its content does not have its hash")
        if whole and entry.seq != expected:
            problems.append(_gap("entry", expected, entry.seq))
        elif whole and entry.prev != previous:
            problems.append(f"{where} does not follow the entry before it")
        thread_seq, thread_hash = ends.get(entry.thread_id, (0, FIRST))
        if entry.thread_seq != thread_seq + 1:
            gap = _gap("entry", thread_seq + 1, entry.thread_seq)
            problems.append(f"{_named(entry.thread_id)}: {gap}")
        elif entry.thread_prev != thread_hash:
            problems.append(f"{where} does not follow its incident's entry before it")
        expected, previous = entry.seq + 1, entry.hash
        ends[entry.thread_id] = (entry.thread_seq, entry.hash)
    return problems


def _gap(what: str, expected: int, found: int) -> str:
    if found < expected:
        return f"{what} {found} stands after entry {expected - 1}: reordered or repeated"
    missing = f"{expected}" if found == expected + 1 else f"{expected} to {found - 1}"
    return f"{what} {missing} is missing before entry {found}: removed or reordered"


def _named(chain: str) -> str:
    return f"incident {chain}" if chain else "the audit"
