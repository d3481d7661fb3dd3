"""Replays of dead letters."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from migrations.tables.columns import METADATA, Time, optional, required

replay_jobs = Table(
    "replay_jobs",
    METADATA,
    required("id", BigInteger),
    required("actor", Text),
    required("reason", Text),
    required("operation_key", Text),
    required("filters", JSONB),
    required("matched", Integer),
    required("amounts_minor", JSONB),
    required("rate_per_s", Integer),
    required("canary", Integer),
    required("max_failures", Integer),
    required("status", Text),
    optional("why", Text),
    optional("approval_id", BigInteger),
    required("succeeded", Integer),
    required("failed", Integer),
    required("skipped", Integer),
    required("ledger_diff", JSONB),
    required("created_at", Time),
    optional("started_at", Time),
    optional("ended_at", Time),
    optional("heartbeat_at", Time),
    optional("worker", Text),
    PrimaryKeyConstraint("id", name="replay_jobs_pkey"),
    UniqueConstraint("operation_key", name="replay_jobs_operation_once"),
    ForeignKeyConstraint(["approval_id"], ["approvals.id"], name="replay_jobs_approval_fkey"),
    Index("replay_jobs_unended_idx", "id", postgresql_where=text("ended_at IS NULL")),
)

replay_items = Table(
    "replay_items",
    METADATA,
    required("replay_id", BigInteger),
    required("place", Integer),
    required("dead_letter_id", BigInteger),
    required("event_id", BigInteger),
    optional("amount_minor", BigInteger),
    optional("currency", Text),
    required("outcome", Text),
    optional("message", Text),
    optional("begun_at", Time),
    optional("ended_at", Time),
    PrimaryKeyConstraint("replay_id", "place", name="replay_items_pkey"),
    UniqueConstraint("dead_letter_id", "replay_id", name="replay_items_letter_once"),
    ForeignKeyConstraint(["replay_id"], ["replay_jobs.id"], name="replay_items_replay_fkey"),
    ForeignKeyConstraint(["dead_letter_id"], ["dead_letters.id"], name="replay_items_letter_fkey"),
    Index(
        "replay_items_unended_idx",
        "replay_id",
        "place",
        postgresql_where=text("outcome IN ('waiting', 'begun')"),
    ),
    Index(
        "replay_items_begun_idx",
        "replay_id",
        "place",
        postgresql_where=text("outcome = 'begun'"),
    ),
)

replay_actions = Table(
    "replay_actions",
    METADATA,
    required("id", BigInteger),
    required("replay_id", BigInteger),
    required("action", Text),
    required("actor", Text),
    required("reason", Text),
    required("at", Time),
    PrimaryKeyConstraint("id", name="replay_actions_pkey"),
    ForeignKeyConstraint(["replay_id"], ["replay_jobs.id"], name="replay_actions_replay_fkey"),
    Index("replay_actions_replay_idx", "replay_id"),
)
