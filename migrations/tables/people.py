"""Operators, what they did, and what needs two of them."""

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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from migrations.tables.columns import METADATA, Time, optional, required

operators = Table(
    "operators",
    METADATA,
    required("name", Text),
    required("role", Text),
    required("token_hash", LargeBinary),
    required("password_hash", Text),
    required("created_by", Text),
    required("created_at", Time),
    optional("revoked_at", Time),
    PrimaryKeyConstraint("name", name="operators_pkey"),
    UniqueConstraint("token_hash", name="operators_token_once"),
)

operator_actions = Table(
    "operator_actions",
    METADATA,
    required("id", BigInteger),
    required("actor", Text),
    required("action", Text),
    required("subject", Text),
    required("reason", Text),
    required("details", JSONB),
    required("at", Time),
    PrimaryKeyConstraint("id", name="operator_actions_pkey"),
    Index("operator_actions_subject_idx", "subject", "id"),
    Index("operator_actions_actor_idx", "actor", "id"),
)

operator_sessions = Table(
    "operator_sessions",
    METADATA,
    required("token_hash", LargeBinary),
    required("operator", Text),
    required("address", Text),
    required("created_at", Time),
    required("last_seen_at", Time),
    required("expires_at", Time),
    optional("ended_at", Time),
    PrimaryKeyConstraint("token_hash", name="operator_sessions_pkey"),
    ForeignKeyConstraint(["operator"], ["operators.name"], name="operator_sessions_operator_fkey"),
    Index("operator_sessions_expires_idx", "expires_at"),
    Index("operator_sessions_operator_idx", "operator"),
)

sign_in_failures = Table(
    "sign_in_failures",
    METADATA,
    required("whose", Text),
    required("count", Integer),
    required("since", Time),
    required("last_at", Time),
    PrimaryKeyConstraint("whose", name="sign_in_failures_pkey"),
)

approvals = Table(
    "approvals",
    METADATA,
    required("id", BigInteger),
    required("kind", Text),
    required("subject", Text),
    required("request", JSONB),
    required("shown", JSONB),
    optional("amount_minor", BigInteger),
    optional("currency", Text),
    required("status", Text),
    required("asked_by", Text),
    required("asked_reason", Text),
    required("asked_at", Time),
    required("expires_at", Time),
    optional("decided_by", Text),
    optional("decided_reason", Text),
    optional("decided_at", Time),
    optional("result", JSONB),
    optional("why", Text),
    PrimaryKeyConstraint("id", name="approvals_pkey"),
    Index("approvals_waiting_idx", "id", postgresql_where=text("status = 'waiting'")),
    Index("approvals_subject_idx", "subject", "id"),
)

money_limit = Table(
    "money_limit",
    METADATA,
    required("only_one", Boolean),
    required("written", Text),
    required("set_by", Text),
    required("set_at", Time),
    PrimaryKeyConstraint("only_one", name="money_limit_pkey"),
)

operator_moves = Table(
    "operator_moves",
    METADATA,
    required("id", BigInteger),
    required("actor", Text),
    required("kind", Text),
    required("subject", Text),
    required("currency", Text),
    required("amount_minor", BigInteger),
    required("at", Time),
    PrimaryKeyConstraint("id", name="operator_moves_pkey"),
    Index("operator_moves_actor_idx", "actor", "at"),
)
