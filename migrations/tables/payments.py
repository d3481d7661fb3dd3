"""Payments, the facts about them, and every step they made."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from migrations.tables.columns import METADATA, Time, optional, required

payment_logs = Table(
    "payment_logs",
    METADATA,
    required("id", BigInteger),
    required("reference", Text),
    required("client_id", Text),
    required("customer_id", Text),
    required("provider", Text),
    required("account", Text),
    optional("provider_reference", Text),
    required("amount_minor", BigInteger),
    required("currency", Text),
    required("state", Text),
    required("captured_minor", BigInteger),
    required("refunded_minor", BigInteger),
    required("disputed_minor", BigInteger),
    required("cancelled", Boolean),
    required("lock_version", Integer),
    required("head_hash", LargeBinary),
    optional("idempotency_key", Uuid),
    optional("authorization_url", Text),
    required("metadata", JSONB),
    required("announced_by", Text),
    required("created_at", Time),
    required("updated_at", Time),
    required("corrected", Boolean),
    PrimaryKeyConstraint("id", name="payment_logs_pkey"),
    UniqueConstraint("client_id", "idempotency_key", name="payment_logs_idempotency_key_once"),
    UniqueConstraint("reference", name="payment_logs_reference_once"),
    Index("payment_logs_client_idx", "client_id", "id"),
    Index("payment_logs_customer_idx", "customer_id", "client_id", "id"),
)

payment_facts = Table(
    "payment_facts",
    METADATA,
    required("id", BigInteger),
    required("payment_id", BigInteger),
    required("kind", Text),
    required("object_id", Text),
    required("status", Text),
    optional("amount_minor", BigInteger),
    optional("currency", Text),
    optional("capture_id", Text),
    optional("provider_at", Time),
    required("event_id", BigInteger),
    required("created_at", Time),
    PrimaryKeyConstraint("id", name="payment_facts_pkey"),
    UniqueConstraint(
        "payment_id",
        "kind",
        "object_id",
        "status",
        "amount_minor",
        "currency",
        "capture_id",
        name="payment_facts_once",
        postgresql_nulls_not_distinct=True,
    ),
    Index("payment_facts_created_idx", "created_at", postgresql_using="brin"),
)

legal_transitions = Table(
    "legal_transitions",
    METADATA,
    required("from_state", Text),
    required("event", Text),
    required("to_state", Text),
    PrimaryKeyConstraint("from_state", "event", "to_state", name="legal_transitions_pkey"),
)

payment_transitions = Table(
    "payment_transitions",
    METADATA,
    required("payment_id", BigInteger),
    required("version", Integer),
    required("from_state", Text),
    required("event", Text),
    required("to_state", Text),
    optional("event_id", BigInteger),
    required("actor", Text),
    required("reason", Text),
    required("captured_minor", BigInteger),
    required("refunded_minor", BigInteger),
    required("disputed_minor", BigInteger),
    required("at", Time),
    required("prev_hash", LargeBinary),
    required("hash", LargeBinary),
    PrimaryKeyConstraint("payment_id", "version", name="payment_transitions_pkey"),
    ForeignKeyConstraint(
        ["from_state", "event", "to_state"],
        ["legal_transitions.from_state", "legal_transitions.event", "legal_transitions.to_state"],
        name="payment_transitions_legal_fkey",
    ),
    Index(
        "payment_transitions_review_idx",
        "at",
        "payment_id",
        postgresql_where=text("to_state = 'review'"),
    ),
)

provider_references = Table(
    "provider_references",
    METADATA,
    required("provider", Text),
    required("account", Text),
    required("provider_reference", Text),
    required("payment_id", BigInteger),
    PrimaryKeyConstraint(
        "provider", "account", "provider_reference", name="provider_references_pkey"
    ),
)

waiting_captures = Table(
    "waiting_captures",
    METADATA,
    required("payment_id", BigInteger),
    required("object_id", Text),
    required("event_id", BigInteger),
    required("received_at", Time),
    required("since", Time),
    PrimaryKeyConstraint("payment_id", "object_id", "event_id", name="waiting_captures_pkey"),
)

payment_corrections = Table(
    "payment_corrections",
    METADATA,
    required("payment_id", BigInteger),
    required("version", Integer),
    required("to_state", Text),
    required("accepted", JSONB),
    required("given_back", JSONB),
    required("facts_known", Integer),
    required("actor", Text),
    optional("approved_by", Text),
    required("reason", Text),
    required("at", Time),
    PrimaryKeyConstraint("payment_id", "version", name="payment_corrections_pkey"),
    ForeignKeyConstraint(
        ["payment_id", "version"],
        ["payment_transitions.payment_id", "payment_transitions.version"],
        name="payment_corrections_step_fkey",
        deferrable=True,
        initially="DEFERRED",
    ),
)
