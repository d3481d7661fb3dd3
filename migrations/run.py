"""Bring a database to the newest schema, or back. Safe to run twice and from two hosts at once."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

HERE = Path(__file__).parent


def config(database_url: str = "", output: TextIO | None = None) -> Config:
    """Return Alembic's configuration for one database, without any file of settings."""
    made = Config(output_buffer=output) if output else Config()
    made.set_main_option("script_location", str(HERE))
    made.set_main_option("path_separator", "os")
    made.attributes["url"] = sqlalchemy_url(database_url)
    return made


def sqlalchemy_url(database_url: str) -> str:
    """Return the URL with the driver that we use; libpq forms of it stay valid elsewhere."""
    for scheme in ("postgresql://", "postgres://"):
        if database_url.startswith(scheme):
            return "postgresql+psycopg://" + database_url.removeprefix(scheme)
    return database_url


def upgrade(database_url: str, revision: str = "head") -> None:
    """Migrate forward. When another host is at it, wait for it and find nothing left to do.

    Raises psycopg.Error, as the driver said it, when the store is away, a lock is not to be had
    within 4 seconds, or the role may not do it; nothing is then changed.
    """
    with _plain_errors():
        command.upgrade(config(database_url), revision)


class DowngradeRefused(Exception):
    """The older schema has no place for what people have decided; nothing is changed."""


def downgrade(database_url: str, revision: str) -> None:
    """Migrate back. For development only. Raises as `upgrade` does, and DowngradeRefused."""
    with _plain_errors():
        settings = config(database_url)
        _require_no_corrections(settings, revision)
        command.downgrade(settings, revision)


CORRECTIONS_SINCE = "0007"
"""The schema that first has corrections. Before it, the state of a payment that a person corrected
does not follow from its facts, and nothing would say why."""


def _require_no_corrections(settings: Config, revision: str) -> None:
    script = ScriptDirectory.from_config(settings)
    lost = {each.revision for each in script.iterate_revisions("head", revision)}
    if CORRECTIONS_SINCE not in lost:
        return
    engine = create_engine(settings.attributes["url"], poolclass=NullPool)
    with engine.connect() as connection:
        if not inspect(connection).has_table("payment_corrections"):
            return
        count = connection.execute(text("SELECT count(*) FROM payment_corrections")).scalar_one()
    if count:
        raise DowngradeRefused(
            f"people have made {count} corrections, which the schema before {CORRECTIONS_SINCE}"
            " cannot keep: those payments could not be read any more. Restore a backup instead"
        )


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    """Let the driver's own error through, so that callers need not know what is between."""
    try:
        yield
    except DBAPIError as error:
        raise error.orig or error from error
