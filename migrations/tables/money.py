"""The ledger, and what customers have and spend."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from migrations.tables.columns import METADATA, Time, optional, required

ledger_entries = Table(
    "ledger_entries",
    METADATA,
    required("movement_id", BigInteger),
    required("leg", SmallInteger),
    optional("payment_id", BigInteger),
    required("effect", Text),
    required("object_id", Text),
    required("account", Text),
    required("amount_minor", BigInteger),
    required("currency", Text),
    optional("event_id", BigInteger),
    required("at", Time),
    PrimaryKeyConstraint("movement_id", "leg", name="ledger_entries_pkey"),
    UniqueConstraint(
        "payment_id",
        "effect",
        "object_id",
        "leg",
        name="ledger_entries_effect_once",
        postgresql_nulls_not_distinct=True,
    ),
)

customer_balances = Table(
    "customer_balances",
    METADATA,
    required("customer_id", Text),
    required("currency", Text),
    required("balance_minor", BigInteger),
    required("version", BigInteger),
    required("updated_at", Time),
    PrimaryKeyConstraint("customer_id", "currency", name="customer_balances_pkey"),
)

sms_transactions = Table(
    "sms_transactions",
    METADATA,
    required("id", BigInteger),
    required("reference", Text),
    required("client_id", Text),
    optional("idempotency_key", Uuid),
    required("customer_id", Text),
    required("currency", Text),
    required("kind", Text),
    required("amount_minor", BigInteger),
    required("balance_after_minor", BigInteger),
    required("customer_version", BigInteger),
    optional("payment_log_id", BigInteger),
    required("movement_id", BigInteger),
    optional("reverses_id", BigInteger),
    optional("service", Text),
    optional("description", Text),
    required("created_at", Time),
    PrimaryKeyConstraint("id", name="sms_transactions_pkey"),
    UniqueConstraint(
        "customer_id", "currency", "customer_version", name="sms_transactions_in_sequence"
    ),
    UniqueConstraint("reference", name="sms_transactions_reference_once"),
    Index("sms_transactions_customer_idx", "customer_id", "id"),
    ForeignKeyConstraint(
        ["reverses_id"], ["sms_transactions.id"], name="sms_transactions_reverses_fkey"
    ),
    Index(
        "sms_transactions_idempotency_key_once",
        "client_id",
        "idempotency_key",
        unique=True,
        postgresql_where=text("idempotency_key IS NOT NULL"),
    ),
    Index(
        "sms_transactions_reversed_once",
        "reverses_id",
        unique=True,
        postgresql_where=text("reverses_id IS NOT NULL"),
    ),
    Index(
        "sms_transactions_one_top_up_per_payment",
        "payment_log_id",
        unique=True,
        postgresql_where=text("kind = 'top_up'"),
    ),
)
