"""Creation: a payment is announced and its initialization commanded."""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb

from domain import audit
from domain.announcement import Announcement, genesis_fields
from domain.commands import INTERNAL, Command, CommandKind
from domain.money import Money
from domain.sql import ANNOUNCE
from domain.transitions import State
from ingress.api import commanding, naming
from ingress.api.errors import ReferenceInUse
from ingress.api.payments_shown import COLUMNS, reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import AsyncCursor

    from ingress.api.intent import Intent
    from ingress.api.operation import Call, Connection, Reply, Row

ACCOUNT = "default"
"""The account of a provider that payments of the API are made with."""

_EQUAL = f"""
    SELECT {COLUMNS} FROM payment_logs
    WHERE reference = %(reference)s AND client_id = %(client_id)s
      AND (customer_id, provider, account, amount_minor, currency, metadata)
        = (%(customer_id)s, %(provider)s, %(account)s, %(amount_minor)s, %(currency)s,
           %(metadata)s::jsonb)
      AND NOT EXISTS (
          SELECT FROM inbound_dedup
          WHERE (source, account, event_key) = ('{INTERNAL}', 'default', %(event_key)s)
            AND body_sha256 <> %(body_sha256)s)
"""
"""The payment, if all that was asked of it is asked again; the command has what else there was."""


_ANNOUNCE = f"""
    WITH made AS ({ANNOUNCE})
    SELECT made.*, %(metadata)s::jsonb AS metadata FROM made
"""
"""The metadata comes back as it is kept, which is how it will be shown ever after."""

_BLANK: Mapping[str, Any] = MappingProxyType(
    {
        "provider_reference": None,
        "state": State.PENDING,
        "authorization_url": None,
        "captured_minor": 0,
        "refunded_minor": 0,
        "version": 0,
    }
)
"""What a payment that has just been asked for has."""


class Asked(NamedTuple):
    """The columns of a payment that is asked for, and the command to initialize it."""

    columns: Row
    head_hash: bytes
    command: Command


def turn(call: Call) -> str | None:
    """Name what requests for one reference wait for; a reference of our own is nobody else's."""
    intent: Intent = call.body
    return None if intent.reference is None else f"payment {intent.reference}"


async def create(connection: Connection, call: Call) -> Reply:
    """Announce the payment and command its initialization; an equal one is only shown."""
    asked = of(call)
    row = await (await _announce(connection, call, asked)).fetchone()
    if row is None:
        return reply(200, await _equal(connection, asked))
    return made(asked, row, await commanding.keep(connection, call, asked.command))


def of(call: Call) -> Asked:
    """Return what the request asks for, with a reference of our own where it names none."""
    intent: Intent = call.body
    reference = intent.reference or _reference()
    columns = {
        "reference": reference,
        "client_id": call.client.id,
        "customer_id": intent.customer_id,
        "provider": intent.provider,
        "account": ACCOUNT,
        "amount_minor": intent.amount_minor,
        "currency": intent.currency,
        "metadata": intent.metadata or {},
    }
    announcement = Announcement(
        reference=reference,
        provider=intent.provider,
        amount=Money(intent.currency, intent.amount_minor),
        customer_id=intent.customer_id,
        account=ACCOUNT,
        client_id=call.client.id,
    )
    told = {"email": intent.email, "callback_url": intent.callback_url}
    return Asked(
        columns,
        audit.genesis(genesis_fields(announcement, call.client.actor)),
        commanding.command(CommandKind.INITIALIZE, call, columns, **told),
    )


async def _announce(connection: Connection, call: Call, asked: Asked) -> AsyncCursor[Row]:
    more = {
        "metadata": Jsonb(asked.columns["metadata"]),
        "idempotency_key": None,
        "actor": call.client.actor,
        "head_hash": asked.head_hash,
    }
    return await connection.execute(_ANNOUNCE, asked.columns | more)


async def _equal(connection: Connection, asked: Asked) -> Row:
    """Return the payment that an equal request made. Raises ReferenceInUse for any other."""
    more = {
        "metadata": Jsonb(asked.columns["metadata"]),
        "event_key": asked.command.key,
        "body_sha256": hashlib.sha256(asked.command.body()).digest(),
    }
    row = await (await connection.execute(_EQUAL, asked.columns | more)).fetchone()
    if row is None:
        raise ReferenceInUse("the reference belongs to another request")
    return row


def made(asked: Asked, row: Row, event_ids: tuple[int, ...]) -> Reply:
    """Return the payment that was announced; `row` has what the store added to it."""
    return reply(202, {**_BLANK, **asked.columns, **row}, ring=event_ids)


def _reference() -> str:
    """Return a reference of our own. Not every provider takes an underscore in one."""
    return naming.fresh("pay").replace("_", "-")
