"""How Alembic runs here: one transaction a migration, short waits, one host at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from sqlalchemy import Connection

LOCK_TIMEOUT_MS = 4_000
"""A migration that cannot get its lock gives up before the queue behind it is an outage."""

STATEMENT_TIMEOUT_MS = 60_000

MIGRATION_LOCK_KEY = 0x70617972  # "payr"
"""Advisory key that lets one host migrate while the others wait and then find nothing to do."""


def run_online() -> None:
    """Migrate the database whose URL the caller put into the configuration."""
    engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
    with engine.connect() as connection:
        _configure_session(connection)
        context.configure(connection=connection, transaction_per_migration=False)
        with context.begin_transaction():
            _wait_for_other_hosts(connection)
            context.run_migrations()


def _configure_session(connection: Connection) -> None:
    connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
    connection.execute(text(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}"))
    connection.commit()


def _wait_for_other_hosts(connection: Connection) -> None:
    """Take turns. The wait for a whole migration elsewhere may be longer than that for a lock."""
    connection.execute(text(f"SET LOCAL lock_timeout = {STATEMENT_TIMEOUT_MS}"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK_KEY})
    connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))


def run_offline() -> None:
    """Write the SQL instead of running it; see `migrations.generate`."""
    context.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},  # the driver's own would double every %
        literal_binds=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
