"""Payments: asked for, looked at, verified and cancelled. A worker does what providers must do."""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from psycopg.types.json import Jsonb
from pydantic import Field

from domain import audit
from domain.announcement import Announcement, genesis_fields
from domain.commands import INTERNAL, Command, CommandKind
from domain.money import Money
from domain.sql import ANNOUNCE, KEEP_COMMANDS
from domain.transitions import State
from ingress import gate
from ingress.api import naming
from ingress.api.errors import PaymentUnknown, ReferenceInUse, TransitionIllegal
from ingress.api.intent import Intent
from ingress.api.models import Body, CustomerId, Document, Moment, PageQuery, Query
from ingress.api.operation import Awaiting, Operation, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingress.api.operation import Call, Connection, Row

ACCOUNT = "default"
"""The account of a provider that payments of the API are made with."""

WAIT_S_MAX = 30
"""Seconds that a reader may ask to wait for a change."""

CANCELLABLE = frozenset({State.PENDING, State.PROCESSING})


class Payment(Document):
    """A payment. Amounts are integers, minor units of `currency`."""

    reference: str
    provider: str
    provider_reference: str | None
    state: State
    amount_minor: int
    currency: str
    customer_id: str
    authorization_url: str | None
    captured_minor: int
    refunded_minor: int
    version: int
    created_at: Moment
    updated_at: Moment
    metadata: dict[str, Any]


class PaymentPage(Document):
    """A part of a client's payments, newest first. `next_cursor` is null on the last one."""

    items: tuple[Payment, ...]
    next_cursor: str | None


class Reading(Query):
    """How a payment is looked at.

    `wait`     seconds to wait until it changes or has an authorization URL.
    `version`  the version the reader knows: then only a change from that one ends the wait.
    """

    wait: Annotated[float, Field(ge=0, le=WAIT_S_MAX, allow_inf_nan=False)] = 0.0
    version: Annotated[int, Field(ge=0)] | None = None


class Choice(PageQuery):
    """Which payments are listed."""

    customer_id: CustomerId | None = None
    state: State | None = None
    provider: Literal["paystack", "stripe"] | None = None


class Nothing(Body):
    """The body of a request that has nothing to say: empty, or an empty object."""


_COLUMNS = """
    id, reference, provider, account, provider_reference, state, amount_minor, currency,
    customer_id, authorization_url, captured_minor, refunded_minor, lock_version AS version,
    created_at, updated_at, metadata
"""

_ONE = f"""
    SELECT {_COLUMNS} FROM payment_logs
    WHERE reference = %(reference)s AND client_id = %(client_id)s
"""

_PAGE = f"""
    SELECT {_COLUMNS} FROM payment_logs
    WHERE client_id = %(client_id)s AND id < %(before)s
      AND (%(customer_id)s::text IS NULL OR customer_id = %(customer_id)s)
      AND (%(state)s::text IS NULL OR state = %(state)s)
      AND (%(provider)s::text IS NULL OR provider = %(provider)s)
    ORDER BY id DESC LIMIT %(rows)s
"""

_EQUAL = f"""
    SELECT {_COLUMNS} FROM payment_logs
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

_NEWEST = 2**63 - 1


async def _create(connection: Connection, call: Call) -> Reply:
    """Announce the payment and command its initialization; an equal one is only shown."""
    intent: Intent = call.body
    reference = intent.reference or _reference()
    announcement = _announcement(call, intent, reference)
    asked = {
        "reference": reference,
        "client_id": call.client.id,
        "customer_id": intent.customer_id,
        "provider": intent.provider,
        "account": ACCOUNT,
        "amount_minor": intent.amount_minor,
        "currency": intent.currency,
        "metadata": Jsonb(intent.metadata),
    }
    command = _command(
        CommandKind.INITIALIZE, call, asked, email=intent.email, callback_url=intent.callback_url
    )
    head_hash = audit.genesis(genesis_fields(announcement, call.client.actor))
    row = await _row(
        connection,
        ANNOUNCE,
        asked | {"idempotency_key": None, "actor": call.client.actor, "head_hash": head_hash},
    )
    if row is None:
        return _reply(200, await _equal(connection, asked, command))
    ids = await _keep(connection, call, command)
    return _reply(202, {**_BLANK, **asked, **row, "metadata": intent.metadata}, ring=ids)


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


async def _show(connection: Connection, call: Call) -> Reply:
    return _reply(200, await _found(connection, call), location=False)


async def _list(connection: Connection, call: Call) -> Reply:
    choice: Choice = call.query
    filters = {
        "customer_id": choice.customer_id,
        "state": choice.state,
        "provider": choice.provider,
    }
    cursors = call.cursors.within("payments", *(str(value) for value in filters.values()))
    before = _NEWEST if choice.cursor is None else cursors.read(choice.cursor)
    cursor = await connection.execute(
        _PAGE,
        {**filters, "client_id": call.client.id, "before": before, "rows": choice.limit + 1},
    )
    rows = await cursor.fetchall()
    page = rows[: choice.limit]
    return Reply(
        200,
        PaymentPage(
            items=tuple(_payment(row) for row in page),
            next_cursor=cursors.written(page[-1]["id"]) if len(rows) > len(page) else None,
        ),
    )


async def _verify(connection: Connection, call: Call) -> Reply:
    row = await _found(connection, call)
    command = _command(CommandKind.VERIFY, call, row, number=gate.new_request_id())
    return _reply(202, row, ring=await _keep(connection, call, command))


async def _cancel(connection: Connection, call: Call) -> Reply:
    """Command the cancel; asked for twice in the same version of the payment it is one command."""
    row = await _found(connection, call)
    if row["state"] not in CANCELLABLE:
        raise TransitionIllegal(f"a payment that is {row['state']} cannot be cancelled")
    command = _command(CommandKind.CANCEL, call, row, number=f"v{row['version']}")
    return _reply(202, row, ring=await _keep(connection, call, command))


def _awaits(call: Call, reply: Reply) -> Awaiting | None:
    """Wait for a change of what was read, unless there is already what is waited for."""
    reading: Reading = call.query
    payment = reply.body
    if not reading.wait or not isinstance(payment, Payment):
        return None
    if reading.version is None and payment.authorization_url is not None:
        return None
    if reading.version not in (None, payment.version):
        return None
    return Awaiting(payment.reference, (payment.version, payment.authorization_url), reading.wait)


async def _found(connection: Connection, call: Call) -> Row:
    asked = {"reference": call.path["reference"], "client_id": call.client.id}
    row = await _row(connection, _ONE, asked)
    if row is None:
        raise PaymentUnknown
    return row


async def _equal(connection: Connection, asked: Row, command: Command) -> Row:
    """Return the payment that an equal request made. Raises ReferenceInUse for any other."""
    body_sha256 = hashlib.sha256(command.body()).digest()
    row = await _row(
        connection, _EQUAL, asked | {"event_key": command.key, "body_sha256": body_sha256}
    )
    if row is None:
        raise ReferenceInUse("the reference belongs to another request")
    return row


async def _keep(connection: Connection, call: Call, command: Command) -> tuple[int, ...]:
    """Keep the command and its work; return its event's id, or nothing if it was there already."""
    cursor = await connection.execute(
        KEEP_COMMANDS,
        {
            "keys": [command.key],
            "references": [command.reference],
            "bodies": [command.body()],
            "request_id": call.request_id,
            "traceparent": call.traceparent,
        },
    )
    return tuple([row["event_id"] for row in await cursor.fetchall()])


async def _row(connection: Connection, statement: str, parameters: Row) -> Row | None:
    return await (await connection.execute(statement, parameters)).fetchone()


def _announcement(call: Call, intent: Intent, reference: str) -> Announcement:
    return Announcement(
        reference=reference,
        provider=intent.provider,
        amount=Money(intent.currency, intent.amount_minor),
        customer_id=intent.customer_id,
        account=ACCOUNT,
        client_id=call.client.id,
    )


def _command(kind: CommandKind, call: Call, payment: Row, **more: Any) -> Command:
    return Command(
        kind=kind,
        provider=payment["provider"],
        account=payment["account"],
        reference=payment["reference"],
        actor=call.client.actor,
        **more,
    )


def _reply(status: int, row: Row, *, ring: tuple[int, ...] = (), location: bool = True) -> Reply:
    where = f"/v1/payments/{row['reference']}" if location else None
    return Reply(status, _payment(row), location=where, ring=ring)


def _payment(row: Row) -> Payment:
    return Payment(**{name: row[name] for name in Payment.model_fields})


def _reference() -> str:
    """Return a reference of our own. Not every provider takes an underscore in one."""
    return naming.fresh("pay").replace("_", "-")


_REFERENCE_PATH = "/v1/payments/{reference}"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="createPayment",
        method="POST",
        path="/v1/payments",
        summary="Ask for a payment; a worker initializes it at the provider",
        scopes=("payments:write",),
        body=Intent,
        run=_create,
        answers={202: Payment, 200: Payment},
        refusals=(ReferenceInUse,),
        limit="initialize",
    ),
    Operation(
        name="listPayments",
        method="GET",
        path="/v1/payments",
        summary="List the client's payments, newest first",
        scopes=("payments:read",),
        query=Choice,
        run=_list,
        answers={200: PaymentPage},
    ),
    Operation(
        name="getPayment",
        method="GET",
        path=_REFERENCE_PATH,
        summary="Look at a payment, or wait until it changes",
        scopes=("payments:read",),
        query=Reading,
        run=_show,
        answers={200: Payment},
        refusals=(PaymentUnknown,),
        awaits=_awaits,
    ),
    Operation(
        name="verifyPayment",
        method="POST",
        path=f"{_REFERENCE_PATH}/verify",
        summary="Have the provider asked now what became of the payment",
        scopes=("payments:write",),
        body=Nothing,
        run=_verify,
        answers={202: Payment},
        refusals=(PaymentUnknown,),
        limit="verify",
    ),
    Operation(
        name="cancelPayment",
        method="POST",
        path=f"{_REFERENCE_PATH}/cancel",
        summary="Cancel a payment that has no money yet",
        scopes=("payments:write",),
        body=Nothing,
        run=_cancel,
        answers={202: Payment},
        refusals=(PaymentUnknown, TransitionIllegal),
    ),
)
