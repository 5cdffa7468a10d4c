"""The store's tables, and the triggers that keep what was written from being changed."""

from collections.abc import Iterator

from sqlalchemy import Column, Integer, MetaData, String, Table, Text

metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("thread_id", String, primary_key=True),
    Column("alert_id", String, nullable=False),
    Column("service", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("requester", String, nullable=False, default=""),
    Column("status", String, nullable=False, index=True),
    Column("detail", Text, nullable=False, default=""),
    Column("created_at", String, nullable=False),
    Column("updated_at", String, nullable=False),
)
plans = Table(
    "plans",
    metadata,
    Column("hash", String, primary_key=True),
    Column("thread_id", String, nullable=False, index=True),
    Column("body", Text, nullable=False),
)
# Every approval a person gave. A plan that needs two people has two rows before it has a decision.
approvals = Table(
    "approvals",
    metadata,
    Column("plan_hash", String, primary_key=True),
    Column("identity", String, primary_key=True),
    Column("seal", String, nullable=False),
    Column("mac", String, nullable=False),
    Column("body", Text, nullable=False),
)
decisions = Table(
    "decisions",
    metadata,
    Column("plan_hash", String, primary_key=True),
    Column("thread_id", String, nullable=False, index=True),
    Column("seal", String, nullable=False),
    Column("mac", String, nullable=False),
    Column("body", Text, nullable=False),
)
ledger = Table(
    "ledger",
    metadata,
    Column("key", String, primary_key=True),
    Column("plan_hash", String, nullable=False, index=True),
    Column("thread_id", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("fence", Integer, nullable=False, default=0),
    Column("owner", String, nullable=False, default=""),
    Column("started_at", String, index=True),
    Column("lease_until", String),
    Column("outcome", Text),
    Column("resolution", Text),
)
audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("thread_id", String, nullable=False, index=True),
    Column("thread_seq", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("prev", String, nullable=False),
    Column("thread_prev", String, nullable=False),
    Column("hash", String, nullable=False, unique=True),
)
# The last entry of each chain, signed, so that a tail that was cut off is missed. "" is the global chain.
audit_heads = Table(
    "audit_heads",
    metadata,
    Column("chain", String, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", String, nullable=False),
    Column("mac", String, nullable=False),
)

# An action that is settled stays so. (`failed` and `unknown` may still get a person's resolution.)
SETTLED = (
    "succeeded", "resolved_done", "resolved_not_done", "rejected", "expired", "stale", "cancelled",
)  # fmt: skip
_GUARDED = (
    *((table, verb, "") for table in ("plans", "decisions", "approvals", "audit") for verb in ("UPDATE", "DELETE")),
    ("ledger", "DELETE", ""),
    ("ledger", "UPDATE", f"OLD.state IN ({', '.join(repr(state) for state in SETTLED)})"),
)  # fmt: skip


def triggers(dialect: str) -> Iterator[str]:
    """Return the statements that make the triggers, for `sqlite` or `postgresql`; making them again is harmless."""
    if dialect == "postgresql":
        yield (
            "CREATE OR REPLACE FUNCTION ops_insert_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is insert-only'; END $$"
        )
    for table, verb, condition in _GUARDED:
        name = f"{table}_no_{verb.lower()}"
        when = f"WHEN ({condition})" if condition else ""
        if dialect == "postgresql":
            yield (
                f"CREATE OR REPLACE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW {when} "
                "EXECUTE FUNCTION ops_insert_only()"
            )
        else:
            yield (
                f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {verb} ON {table} {when} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
            )
