"""`payratchet`: the operator's command line.

Exit codes: 0 done, 1 refused or not found, 2 usage, 3 a store is away.
"""

from __future__ import annotations

import sys
from logging import WARNING

import click
import psycopg
from pydantic import ValidationError

from domain.errors import PayratchetError
from workers import limiting, logging
from workers.operations import acting, surroundings
from workers.operations.approvals import approvals
from workers.operations.clients import clients
from workers.operations.completion import completion
from workers.operations.dead_letters import dead_letters
from workers.operations.doctor import doctor
from workers.operations.events import events
from workers.operations.operators import operators
from workers.operations.options import database, json_option
from workers.operations.output import REFUSED, STORE_AWAY, USAGE, as_json
from workers.operations.payments import payments
from workers.operations.providers import providers
from workers.operations.reconcile import reconcile
from workers.operations.refused import refused
from workers.operations.replays import replays
from workers.settings import MoneyLimitSettings, StoreSettings
from workers.store import money_limits
from workers.verify import verify

EXAMPLES = """\b
At three in the morning:
  payratchet payments explain REF            why, and what to do
  payratchet dead-letters replay ID --dry-run
  payratchet dead-letters replay ID --reason "mended in 1.2"
  payratchet dead-letters groups             is it only this one?
  payratchet doctor                          does the service work at all?
  payratchet providers list                  who is silent?
  payratchet refused list                    whose webhooks are turned away?

Every list takes --json. Exit codes: 0 done, 1 refused or not found, 2 usage, 3 a store is away.
"""


@click.group(epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="payratchet", prog_name="payratchet")
def cli() -> None:
    """Look at payments and dead letters, and act on them."""


cli.add_command(approvals)
cli.add_command(clients)
cli.add_command(operators)
cli.add_command(payments)
cli.add_command(dead_letters)
cli.add_command(events)
cli.add_command(replays)
cli.add_command(reconcile)
cli.add_command(providers)
cli.add_command(refused)
cli.add_command(doctor)
cli.add_command(completion)


@cli.command()
@json_option
def migrate(*, json_: bool) -> None:
    """Bring the database to the newest schema. Safe to run twice and from two hosts.

    With MONEY_LIMIT_MINOR set, that is from now on what one person may move, for everybody.
    """
    from migrations import run  # noqa: PLC0415 - Alembic takes half a second; others do without

    surroundings.adopt()
    wanted = MoneyLimitSettings().money_limit_minor
    run.upgrade(StoreSettings().database_url)
    limit = _settled(wanted)
    if json_:
        as_json({"migrated": True, "money_limit_minor": limit})
    else:
        click.echo(f"The schema is up to date.\nOne person may move {limit} (minor units).")


def _settled(wanted: str | None) -> str:
    """Write the limit of one person where one is wanted; return the one that holds."""
    if wanted is not None:
        limiting.settle(database(), wanted, actor=acting.host().actor)
    with database().transaction() as tx:
        return money_limits.read(tx).text


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
    """Run the command line in a process of its own."""
    logging.configure("cli", level=WARNING)
    run()


def run() -> None:
    """Run the command line; turn every foreseen error into a sentence and an exit code."""
    try:
        cli(prog_name="payratchet")
    except PayratchetError as error:
        _leave(f"{error.code}: {error}", REFUSED)
    except ValidationError as error:
        _leave(_of_settings(error), USAGE)
    except UnicodeError:
        _leave("validation_failed: what was given is not UTF-8 text", REFUSED)
    except psycopg.Error as error:
        _leave(*_of_postgres(error))


def _of_settings(error: ValidationError) -> str:
    """Say which settings are missing, or else which are wrong and why; never what they hold."""
    found = [(str(each["loc"][0]).upper(), each["type"], each["msg"]) for each in error.errors()]
    missing = ", ".join(name for name, kind, _ in found if kind == "missing")
    if missing:
        return f"settings_missing: set {missing}, or start `dev.py up` here"
    return f"settings_refused: {'; '.join(f'{name}: {why}' for name, _, why in found)}"


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
