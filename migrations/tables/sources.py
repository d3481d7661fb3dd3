"""The accounts of providers: their keys, their worlds, and who was refused."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text

from migrations.tables.columns import METADATA, Time, optional, required

source_keys = Table(
    "source_keys",
    METADATA,
    required("source", Text),
    required("account", Text),
    required("key_id", Text),
    required("place", SmallInteger),
    optional("mode", Text),
    required("seen_at", Time),
    PrimaryKeyConstraint("source", "account", "key_id", name="source_keys_pkey"),
)

source_modes = Table(
    "source_modes",
    METADATA,
    required("source", Text),
    required("account", Text),
    required("mode", Text),
    required("event_id", BigInteger),
    required("pinned_at", Time),
    PrimaryKeyConstraint("source", "account", name="source_modes_pkey"),
)

refused_requests = Table(
    "refused_requests",
    METADATA,
    required("id", BigInteger),
    required("at", Time),
    required("source", Text),
    required("account", Text),
    required("address", Text),
    required("code", Text),
    required("diagnosis", Text),
    required("request_id", Text),
    required("body_bytes", Integer),
    PrimaryKeyConstraint("id", name="refused_requests_pkey"),
    Index("refused_requests_source_idx", "source", "id"),
)
