"""What the console draws."""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, PrimaryKeyConstraint, Table
from sqlalchemy.dialects.postgresql import JSONB

from migrations.tables.columns import METADATA, Time, optional, required

overview_samples = Table(
    "overview_samples",
    METADATA,
    required("minute", Time),
    required("accepted", BigInteger),
    required("applied", BigInteger),
    required("refused", BigInteger),
    optional("p50_ms", Double),
    optional("p99_ms", Double),
    required("unfinished", BigInteger),
    optional("oldest_s", Double),
    required("open_letters", BigInteger),
    required("owed_minor", JSONB),
    PrimaryKeyConstraint("minute", name="overview_samples_pkey"),
)
