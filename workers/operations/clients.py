"""`payratchet clients`: who may use the API, with which keys, and how often."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import click
from pydantic import ValidationError

from domain import api_keys
from workers.operations import acting, surroundings
from workers.operations.options import confirm, database, json_option, reason_option, yes_option
from workers.operations.output import Failed, as_json, as_lines, as_table
from workers.operations.words import Rate, Span
from workers.settings import KeySettings
from workers.store import api_clients
from workers.store.api_clients import Act, Client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Transaction

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
"""What a client may be called."""

ID_BYTES = 8
"""Random bytes of a client's id."""

LIVE_KEYS_MAX = 2
"""Live keys of a client: the one in use, and the one that takes over."""

KEEP_OLD_DEFAULT = "24h"

COLUMNS = ("name", "client_id", "scopes", "keys", "initialize", "verify", "last_used", "state")


@click.group()
def clients() -> None:
    """Say which services may use the API."""


@clients.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(api_keys.SCOPES),
    help="What the client may do; several times for several.",
)
@click.option("--initialize", type=Rate(), help="Payments it may start, e.g. 1000/second.")
@click.option("--verify", type=Rate(), help="Payments it may have asked about, e.g. 10/minute.")
@reason_option
@json_option
def create(
    name: str,
    scopes: Sequence[str],
    *,
    initialize: str | None,
    verify: str | None,
    reason: str,
    json_: bool,
) -> None:
    """Create a client, and print its key this once."""
    if not NAME.fullmatch(name):
        raise Failed("validation_failed", f"name: must match {NAME.pattern}")
    pepper, act = _pepper(), Act(acting.operator().actor, reason)
    client_id = f"cl_{secrets.token_hex(ID_BYTES)}"
    client = Client(client_id, name, sorted(set(scopes)), initialize, verify, None)
    with database().transaction() as tx:
        if not api_clients.create(tx, client, act):
            raise Failed("name_in_use", f"there is a client {name} already")
        key = _new_key(tx, client_id, pepper, act)
    _show_key(client, key, {}, json_=json_)


@clients.command("list")
@json_option
def list_(*, json_: bool) -> None:
    """List the clients, their live keys (never the keys themselves), and who made them."""
    with database().transaction() as tx:
        found = api_clients.listed(tx)
    if json_:
        as_json({"items": found})
        return
    rows = [
        {
            **client,
            "scopes": " ".join(client["scopes"]),
            "keys": " ".join(key["prefix"] for key in client["keys"]),
            "initialize": client["initialize_limit"] or "default",
            "verify": client["verify_limit"] or "default",
            "last_used": max((key["last_used_at"] or "" for key in client["keys"]), default=""),
            "state": "revoked" if client["revoked_at"] else "live",
        }
        for client in found
    ]
    as_table(rows, COLUMNS, "No client may use the API. `payratchet clients create` makes one.")


@clients.command("rotate")
@click.argument("client")
@click.option(
    "--keep-old-for",
    "keep_s",
    type=Span(),
    default=KEEP_OLD_DEFAULT,
    show_default=True,
    help="How long the old key still lives.",
)
@click.option("--end-old", is_flag=True, help="If two keys live, end the older one at once.")
@reason_option
@json_option
def rotate(client: str, *, keep_s: int, end_old: bool, reason: str, json_: bool) -> None:
    """Give a client another key, and print it this once. At most two live at a time."""
    pepper, act = _pepper(), Act(acting.operator().actor, reason)
    with database().transaction() as tx:
        found = _live(tx, client)
        live = api_clients.live_keys(tx, found.id)
        if len(live) >= LIVE_KEYS_MAX:
            if not end_old:
                named = ", ".join(live)
                raise Failed("two_keys_live", f"{named}: wait until one ends, or use --end-old")
            api_clients.end_key(tx, found.id, live.pop(0), act)
        key = _new_key(tx, found.id, pepper, act)
        api_clients.expire_keys(tx, live, after_s=keep_s)
    _show_key(found, key, {"old_keys": live, "old_keys_live_s": keep_s}, json_=json_)


@clients.command("revoke")
@click.argument("client")
@click.option("--key", "prefix", help="End only the key of this prefix.")
@reason_option
@yes_option
@json_option
def revoke(client: str, *, prefix: str | None, reason: str, yes: bool, json_: bool) -> None:
    """End a client and all its keys for good, or only one key. Both end at once."""
    act = Act(acting.operator().actor, reason)
    store = database()
    if prefix is None:
        with store.transaction() as tx:
            count = len(api_clients.live_keys(tx, _live(tx, client).id))
        confirm(count, f"Revoke {client} and its live keys:", yes=yes)
    with store.transaction() as tx:
        found = _live(tx, client)
        ended = [prefix] if prefix is not None else api_clients.live_keys(tx, found.id)
        if prefix is None:
            api_clients.revoke(tx, found.id, act)
        elif not api_clients.end_key(tx, found.id, prefix, act):
            raise Failed("key_unknown", f"{found.name} has no live key {prefix}")
    report = {"client_id": found.id, "revoked": prefix is None, "keys_ended": ended}
    as_json(report) if json_ else as_lines({**report, "keys_ended": " ".join(ended)})


@clients.command("limits")
@click.argument("client")
@click.option("--initialize", type=Rate(), help="Payments it may start, e.g. 10/minute.")
@click.option("--verify", type=Rate(), help="Payments it may have asked about.")
@click.option("--default", "to_default", is_flag=True, help="Both as for everybody.")
@reason_option
@json_option
def limits(
    client: str,
    *,
    initialize: str | None,
    verify: str | None,
    to_default: bool,
    reason: str,
    json_: bool,
) -> None:
    """Set how often a client may ask; without an option, show it. What is not named stays."""
    if to_default and (initialize or verify):
        raise click.UsageError("--default sets both: name no other limit with it")
    is_asked = not (to_default or initialize or verify)
    who = None if is_asked else acting.operator()
    with database().transaction() as tx:
        found = _live(tx, client)
        if not to_default:
            initialize = initialize or found.initialize_limit
            verify = verify or found.verify_limit
        if who and (initialize, verify) != (found.initialize_limit, found.verify_limit):
            act = Act(who.actor, reason)
            api_clients.limit(tx, found.id, initialize, verify, act)
    report = {"client_id": found.id, "initialize_limit": initialize, "verify_limit": verify}
    shown = {name: value or "default" for name, value in report.items()}
    as_json(report) if json_ else as_lines(shown)


def _pepper() -> bytes:
    """Return what keys are hashed with: the same as the ingress has, or no key would fit."""
    surroundings.adopt("API_KEY_PEPPER")
    try:
        pepper = KeySettings().api_key_pepper
    except ValidationError:
        least = api_keys.PEPPER_LENGTH_MIN
        msg = f"API_KEY_PEPPER is too short: it must have at least {least} characters"
        raise click.UsageError(msg) from None
    if pepper is None:
        raise click.UsageError("set API_KEY_PEPPER, or start `dev.py up` here")
    return pepper.get_secret_value().encode()


def _live(tx: Transaction, name_or_id: str) -> Client:
    found = api_clients.lock(tx, name_or_id)
    if found is None:
        raise Failed("client_unknown", f"there is no client {name_or_id}")
    if found.revoked_at is not None:
        raise Failed("client_revoked", f"{found.name} was revoked {found.revoked_at:%Y-%m-%d}")
    return found


def _new_key(tx: Transaction, client_id: str, pepper: bytes, act: Act) -> str:
    key = api_keys.written(
        secrets.token_bytes(api_keys.PREFIX_BYTES), secrets.token_bytes(api_keys.SECRET_BYTES)
    )
    prefix = api_keys.prefix_of(key)
    assert prefix is not None  # noqa: S101 - it was just written
    api_clients.add_key(tx, client_id, prefix, api_keys.key_hash(pepper, key), act)
    return key


def _show_key(client: Client, key: str, more: dict[str, object], *, json_: bool) -> None:
    shown = {
        "client_id": client.id,
        "name": client.name,
        "key": key,
        "prefix": api_keys.prefix_of(key),
        "scopes": client.scopes,
        "initialize_limit": client.initialize_limit,
        "verify_limit": client.verify_limit,
        **more,
    }
    if json_:
        as_json(shown)
        return
    as_lines({**shown, "scopes": " ".join(client.scopes)})
    click.echo("The key is shown this once: only its hash is kept.")
