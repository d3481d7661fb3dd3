"""Internal services, their keys, and the answers they were given."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from migrations.tables.columns import METADATA, Time, optional, required

api_clients = Table(
    "api_clients",
    METADATA,
    required("id", Text),
    required("name", Text),
    required("scopes", ARRAY(Text)),
    optional("initialize_limit", Text),
    optional("verify_limit", Text),
    required("created_by", Text),
    required("created_at", Time),
    optional("revoked_at", Time),
    PrimaryKeyConstraint("id", name="api_clients_pkey"),
    UniqueConstraint("name", name="api_clients_name_once"),
)

api_keys = Table(
    "api_keys",
    METADATA,
    required("prefix", Text),
    required("client_id", Text),
    required("key_hash", LargeBinary),
    required("created_by", Text),
    required("created_at", Time),
    optional("expires_at", Time),
    optional("revoked_at", Time),
    optional("last_used_at", Time),
    PrimaryKeyConstraint("prefix", name="api_keys_pkey"),
    ForeignKeyConstraint(["client_id"], ["api_clients.id"], name="api_keys_client_fkey"),
    Index("api_keys_client_idx", "client_id"),
)

api_client_actions = Table(
    "api_client_actions",
    METADATA,
    required("id", BigInteger),
    required("client_id", Text),
    required("action", Text),
    optional("key_prefix", Text),
    required("actor", Text),
    required("reason", Text),
    required("at", Time),
    PrimaryKeyConstraint("id", name="api_client_actions_pkey"),
    ForeignKeyConstraint(["client_id"], ["api_clients.id"], name="api_client_actions_client_fkey"),
    Index("api_client_actions_client_idx", "client_id"),
)

idempotency_keys = Table(
    "idempotency_keys",
    METADATA,
    required("client_id", Text),
    required("method", Text),
    required("route", Text),
    required("key", Uuid),
    required("fingerprint", LargeBinary),
    optional("status", SmallInteger),
    optional("headers", JSONB),
    optional("body", LargeBinary),
    required("created_at", Time),
    required("expires_at", Time),
    PrimaryKeyConstraint("client_id", "method", "route", "key", name="idempotency_keys_pkey"),
    Index("idempotency_keys_expires_idx", "expires_at"),
)
