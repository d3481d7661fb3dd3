"""Payments: asked for, looked at, verified and cancelled. A worker does what providers must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands import CommandKind
from domain.transitions import State
from ingress import gate
from ingress.api import cancelling, commanding, creation, creation_batch, listing
from ingress.api.errors import PaymentUnknown, ReferenceInUse, TransitionIllegal
from ingress.api.intent import Intent
from ingress.api.models import Nothing
from ingress.api.models_payments import Choice, Payment, PaymentPage, Reading
from ingress.api.operation import Awaiting, Operation, Reply
from ingress.api.payments_shown import COLUMNS, reply

if TYPE_CHECKING:
    from ingress.api.operation import Call, Connection, Row

UNDECIDED = frozenset({State.PENDING, State.PROCESSING})
"""States in which a URL may still come."""

_ONE = f"""
    SELECT {COLUMNS} FROM payment_logs
    WHERE reference = %(reference)s AND client_id = %(client_id)s
"""


async def _show(connection: Connection, call: Call) -> Reply:
    return reply(200, await _found(connection, call), location=False)


async def _verify(connection: Connection, call: Call) -> Reply:
    row = await _found(connection, call)
    command = commanding.command(CommandKind.VERIFY, call, row, number=gate.new_request_id())
    return reply(202, row, ring=await commanding.keep(connection, call, command))


async def _cancel(connection: Connection, call: Call) -> Reply:
    row = await _found(connection, call)
    return reply(202, row, ring=await cancelling.cancel(connection, call, row))


def _awaits(call: Call, given: Reply) -> Awaiting | None:
    """Wait for a change of what was read, unless there is already what is waited for.

    Who knows no version and has no URL wants the URL: that a worker takes the payment up is no
    news then, only that there is none to come.
    """
    reading: Reading = call.query
    shown = given.body
    if not reading.wait or not isinstance(shown, Payment):
        return None
    if reading.version is None and shown.authorization_url is not None:
        return None
    if reading.version not in (None, shown.version):
        return None
    seen = (shown.version, shown.authorization_url)
    wants_url = reading.version is None and shown.state in UNDECIDED
    return Awaiting(shown.reference, seen, (None, None) if wants_url else seen, reading.wait)


async def _found(connection: Connection, call: Call) -> Row:
    asked = {"reference": call.path["reference"], "client_id": call.client.id}
    row = await (await connection.execute(_ONE, asked)).fetchone()
    if row is None:
        raise PaymentUnknown
    return row


_REFERENCE_PATH = "/v1/payments/{reference}"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="createPayment",
        method="POST",
        path="/v1/payments",
        summary="Ask for a payment; a worker initializes it at the provider",
        scopes=(creation_batch.SCOPE,),
        body=Intent,
        run=creation.create,
        batch=creation_batch.BATCH,
        turn=creation.turn,
        answers={202: Payment, 200: Payment},
        tells_location=True,
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
        run=listing.list_payments,
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
        tells_location=True,
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
        tells_location=True,
        refusals=(PaymentUnknown, TransitionIllegal),
    ),
)
