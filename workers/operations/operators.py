"""`payratchet operators`: who may look, act and decide."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

import click

from domain import operators as people
from domain.operators import NAME, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, Role
from workers.operations import acting
from workers.operations.options import database, json_option, reason_option
from workers.operations.output import Failed, as_json, as_lines, as_table
from workers.store import operators as rows
from workers.store.operators import Keys, Operator

if TYPE_CHECKING:
    from workers.database import Transaction
    from workers.operations.acting import Acting
    from workers.store.views import Shown

COLUMNS = ("operator", "role", "created_by", "created_at", "revoked_at")

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the console's password from the first line."
)


@click.group()
def operators() -> None:
    """Say who may look, act and decide. Needs the database's owner."""


@operators.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@password_option
@reason_option
@json_option
def create(name: str, *, role: str, password_stdin: bool, reason: str, json_: bool) -> None:
    """Name an operator, and print their token and their password for the console this once.

    A viewer looks, an operator acts, an approver also agrees to what others asked for.
    """
    if not NAME.fullmatch(name):
        raise Failed("validation_failed", f"name: must match {NAME.pattern}")
    who = acting.administrator()
    password = _password(from_stdin=password_stdin)
    token, keys = _keys(password)
    with database().transaction() as tx:
        if not rows.create(tx, Operator(name, Role(role)), keys, created_by=who.actor):
            raise Failed("name_in_use", f"there is, or was, an operator {name}")
        _note(tx, who, "operator_created", name, reason, role=role)
    _show(name, token, password, {"role": role}, json_=json_)


@operators.command("list")
@json_option
def list_(*, json_: bool) -> None:
    """List the operators, and who made them."""
    with database().transaction() as tx:
        found = rows.listed(tx)
    if json_:
        as_json({"items": found})
        return
    as_table(found, COLUMNS, "There is no operator. `payratchet operators create` makes one.")


@operators.command("renew")
@click.argument("name")
@password_option
@reason_option
@json_option
def renew(name: str, *, password_stdin: bool, reason: str, json_: bool) -> None:
    """Give an operator another token and password; the old ones and all sessions end at once."""
    who = acting.administrator()
    password = _password(from_stdin=password_stdin)
    token, keys = _keys(password)
    with database().transaction() as tx:
        if not rows.renew(tx, name, keys):
            raise Failed("operator_unknown", f"there is no live operator {name}")
        ended = rows.end_sessions(tx, name)
        _note(tx, who, "operator_renewed", name, reason, sessions_ended=ended)
    _show(name, token, password, {"sessions_ended": ended}, json_=json_)


@operators.command("revoke")
@click.argument("name")
@reason_option
@json_option
def revoke(name: str, *, reason: str, json_: bool) -> None:
    """End an operator's token, password and sessions, at once and for good."""
    who = acting.administrator()
    with database().transaction() as tx:
        if not rows.revoke(tx, name):
            raise Failed("operator_unknown", f"there is no live operator {name}")
        ended = rows.end_sessions(tx, name)
        _note(tx, who, "operator_revoked", name, reason, sessions_ended=ended)
    report: Shown = {"operator": name, "revoked": True, "sessions_ended": ended}
    as_json(report) if json_ else as_lines(report)


def _password(*, from_stdin: bool) -> str:
    from workers.operations import passwords  # noqa: PLC0415 - no other command needs argon2

    if not from_stdin:
        return passwords.make()
    password = sys.stdin.readline().rstrip("\r\n")
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        said = f"{PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters"
        raise Failed("validation_failed", f"password: {said}")
    return password


def _keys(password: str) -> tuple[str, Keys]:
    """Return a new token, and what is kept of it and of the password."""
    from workers.operations import passwords  # noqa: PLC0415 - as above

    token = people.written(secrets.token_bytes(people.TOKEN_BYTES))
    token_hash = people.token_hash(token)
    assert token_hash is not None  # noqa: S101 - it was just written
    return token, Keys(token_hash, passwords.hashed(password))


def _note(
    tx: Transaction, who: Acting, action: str, name: str, reason: str, **details: object
) -> None:
    rows.note(tx, who.actor, action, people.actor_of(name), reason=reason, details=details)


def _show(name: str, token: str, password: str, more: Shown, *, json_: bool) -> None:
    shown = {"operator": name, **more, "token": token, "password": password}
    if json_:
        as_json(shown)
        return
    as_lines(shown)
    click.echo(f"Both are shown this once. Commands read the token from {acting.TOKEN}.")
