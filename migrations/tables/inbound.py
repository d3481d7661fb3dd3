"""What providers and services have said, and the work that it makes."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from migrations.tables.columns import METADATA, Time, optional, required

inbound_events = Table(
    "inbound_events",
    METADATA,
    required("id", BigInteger),
    required("received_at", Time),
    required("source", Text),
    required("account", Text),
    required("event_key", Text),
    optional("reference", Text),
    optional("mode", Text),
    required("body", LargeBinary),
    required("headers", JSONB),
    required("key_id", Text),
    required("request_id", Text),
    optional("traceparent", Text),
    PrimaryKeyConstraint("id", "received_at", name="inbound_events_pkey"),
    Index("inbound_events_reference_idx", "reference"),
)

inbound_dedup = Table(
    "inbound_dedup",
    METADATA,
    required("source", Text),
    required("account", Text),
    required("event_key", Text),
    required("body_sha256", LargeBinary),
    required("event_id", BigInteger),
    required("received_at", Time),
    PrimaryKeyConstraint("source", "account", "event_key", name="inbound_dedup_pkey"),
)

inbound_variants = Table(
    "inbound_variants",
    METADATA,
    required("event_id", BigInteger),
    required("body_sha256", LargeBinary),
    required("body", LargeBinary),
    required("received_at", Time),
    PrimaryKeyConstraint("event_id", "body_sha256", name="inbound_variants_pkey"),
)

inbound_work = Table(
    "inbound_work",
    METADATA,
    required("event_id", BigInteger),
    required("received_at", Time),
    required("lane", Text),
    required("since", Time),
    required("next_at", Time),
    required("enqueues", SmallInteger),
    required("attempts", SmallInteger),
    required("crashes", SmallInteger),
    optional("replay_id", BigInteger),
    PrimaryKeyConstraint("event_id", name="inbound_work_pkey"),
    Index("inbound_work_due_idx", "lane", "next_at"),
)

attempts = Table(
    "attempts",
    METADATA,
    required("id", BigInteger),
    required("event_id", BigInteger),
    required("number", SmallInteger),
    required("started_at", Time),
    required("ended_at", Time),
    required("worker", Text),
    required("outcome", Text),
    optional("error_class", Text),
    optional("fingerprint", Text),
    optional("message", Text),
    optional("replay_id", BigInteger),
    PrimaryKeyConstraint("id", name="attempts_pkey"),
    Index("attempts_event_idx", "event_id"),
)

claims = Table(
    "claims",
    METADATA,
    required("id", BigInteger),
    required("worker", Text),
    required("backend_pid", Integer),
    required("backend_start", Time),
    required("event_ids", ARRAY(BigInteger)),
    required("claimed_at", Time),
    PrimaryKeyConstraint("id", name="claims_pkey"),
)

worker_lives = Table(
    "worker_lives",
    METADATA,
    required("worker", Text),
    required("backend_pid", Integer),
    required("backend_start", Time),
    optional("gone_at", Time),
    optional("dead_at", Time),
    PrimaryKeyConstraint("worker", name="worker_lives_pkey"),
)
