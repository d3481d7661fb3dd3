"""Options that several commands share."""

from __future__ import annotations

import click

from workers.database import Database
from workers.operations import surroundings
from workers.settings import StoreSettings
from workers.store.views import PAGE_MAX

_DATABASE = "workers.operations.database"
"""Under which a command's database is kept with it."""

json_option = click.option("--json", "json_", is_flag=True, help="Print JSON for scripts.")

reason_option = click.option(
    "--reason", default="none given", show_default=True, help="Why; kept in the history for ever."
)

yes_option = click.option("--yes", is_flag=True, help="Do not ask before acting on several.")


limit_option = click.option(
    "--limit", type=click.IntRange(1, PAGE_MAX), default=50, show_default=True, help="Rows."
)

cursor_option = click.option(
    "--cursor", type=int, help="The next_cursor of the page before; none begins at the newest."
)


def database() -> Database:
    """Return the database of the environment, or of the local service that is running.

    It is one for the whole command; its connection is closed when the command ends.
    """
    context = click.get_current_context()
    opened: Database | None = context.meta.get(_DATABASE)
    if opened is None:
        surroundings.adopt()
        opened = Database(StoreSettings().database_url, name="payratchet cli")
        context.meta[_DATABASE] = opened
        context.call_on_close(opened.close)
    return opened


def confirm(count: int, what: str, *, yes: bool) -> None:
    """Ask before acting on more than one. Without a terminal and without --yes: refuse."""
    if count > 1 and not yes:
        click.confirm(f"{what} {count}?", abort=True, err=True)
