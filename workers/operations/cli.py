"""`payratchet`: the operator's command line.

Exit codes: 0 done, 1 refused or not found, 2 usage, 3 a store is away.
"""

from __future__ import annotations

import sys
from logging import WARNING

import click
import psycopg
import redis
from pydantic import ValidationError

from domain.errors import PayratchetError
from workers import logging
from workers.operations import surroundings
from workers.operations.clients import clients
from workers.operations.dead_letters import dead_letters
from workers.operations.options import database, json_option
from workers.operations.output import REFUSED, STORE_AWAY, USAGE, as_json
from workers.operations.payments import payments
from workers.operations.reconcile import reconcile
from workers.settings import StoreSettings
from workers.verify import verify


@click.group()
@click.version_option(package_name="payratchet", prog_name="payratchet")
def cli() -> None:
    """Look at payments and dead letters, and act on them."""


cli.add_command(clients)
cli.add_command(payments)
cli.add_command(dead_letters)
cli.add_command(reconcile)


@cli.command()
@json_option
def migrate(*, json_: bool) -> None:
    """Bring the database to the newest schema. Safe to run twice and from two hosts."""
    from migrations import run  # noqa: PLC0415 - Alembic takes half a second; others do without

    surroundings.adopt()
    run.upgrade(StoreSettings().database_url)
    as_json({"migrated": True}) if json_ else click.echo("The schema is up to date.")


@cli.group()
def audit() -> None:
    """Check the record."""


@audit.command("verify")
@json_option
def audit_verify(*, json_: bool) -> None:
    """Recompute every hash chain and every sum; name what does not hold."""
    found = verify(database())
    if json_:
        as_json({"ok": found.ok, "checked": found.checked, "problems": found.problems})
    else:
        click.echo("\n".join(found.problems) or f"{found.checked} rows checked: all holds.")
    if not found.ok:
        click.get_current_context().exit(REFUSED)


def main() -> None:
    """Run the command line; turn every foreseen error into a sentence and an exit code."""
    logging.configure("cli", level=WARNING)
    try:
        cli()
    except PayratchetError as error:
        _leave(f"{error.code}: {error}", REFUSED)
    except ValidationError as error:
        names = ", ".join(str(detail["loc"][0]).upper() for detail in error.errors())
        _leave(f"settings_missing: set {names}, or start `dev.py up` here", USAGE)
    except UnicodeError:
        _leave("validation_failed: what was given is not UTF-8 text", REFUSED)
    except redis.RedisError as error:
        _leave(f"store_unavailable: {type(error).__name__}; is Redis running?", STORE_AWAY)
    except psycopg.Error as error:
        _leave(*_of_postgres(error))


def _of_postgres(error: psycopg.Error) -> tuple[str, int]:
    """Say what Postgres refused, what to do about it, and the exit code."""
    name = type(error).__name__
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return "schema_missing: run `payratchet migrate` first", REFUSED
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return "not_permitted: this database role may not do that; see docs/deploy.md", REFUSED
    if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled):
        return f"store_busy: {name}; nothing was changed, try again", STORE_AWAY
    if isinstance(error, psycopg.OperationalError):
        return f"store_unavailable: {name}; is Postgres running?", STORE_AWAY
    return f"store_refused: {name}; nothing was changed", REFUSED


def _leave(message: str, code: int) -> None:
    click.echo(message, err=True)
    sys.exit(code)
