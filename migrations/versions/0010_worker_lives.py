"""Which workers are alive, so that the calls of one that died need not wait until they are old."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Keep a row for each worker: the session that it keeps open, and since when that is gone."""
    op.execute("""
        CREATE TABLE worker_lives (
            worker        text        NOT NULL,
            backend_pid   integer     NOT NULL,
            backend_start timestamptz NOT NULL,
            gone_at       timestamptz,
            dead_at       timestamptz,
            CONSTRAINT worker_lives_pkey PRIMARY KEY (worker),
            CONSTRAINT worker_lives_gone_check CHECK (dead_at IS NULL OR gone_at IS NOT NULL)
        )
    """)


def downgrade() -> None:
    """Let every call wait until it is old."""
    op.execute("DROP TABLE worker_lives")
