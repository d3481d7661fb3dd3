"""Payments: asked for, looked at, verified and cancelled. A worker does what providers must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands import CommandKind
from domain.transitions import State
from ingress import gate
from ingress.api import commanding, creation
from ingress.api.errors import PaymentUnknown, ReferenceInUse, TransitionIllegal
from ingress.api.intent import Intent
from ingress.api.models import Nothing
from ingress.api.models_payments import Choice, Payment, PaymentPage, Reading
from ingress.api.operation import Awaiting, Operation, Reply
from ingress.api.payments_shown import COLUMNS, payment, reply

if TYPE_CHECKING:
    from ingress.api.operation import Call, Connection, Row

CANCELLABLE = frozenset({State.PENDING, State.PROCESSING})

_ONE = f"""
    SELECT {COLUMNS} FROM payment_logs
    WHERE reference = %(reference)s AND client_id = %(client_id)s
"""

_PAGE = f"""
    SELECT {COLUMNS} FROM payment_logs
    WHERE client_id = %(client_id)s AND id < %(before)s
      AND (%(customer_id)s::text IS NULL OR customer_id = %(customer_id)s)
      AND (%(state)s::text IS NULL OR state = %(state)s)
      AND (%(provider)s::text IS NULL OR provider = %(provider)s)
    ORDER BY id DESC LIMIT %(rows)s
"""

_NEWEST = 2**63 - 1


async def _show(connection: Connection, call: Call) -> Reply:
    return reply(200, await _found(connection, call), location=False)


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
            items=tuple(payment(row) for row in page),
            next_cursor=cursors.written(page[-1]["id"]) if len(rows) > len(page) else None,
        ),
    )


async def _verify(connection: Connection, call: Call) -> Reply:
    row = await _found(connection, call)
    command = commanding.command(CommandKind.VERIFY, call, row, number=gate.new_request_id())
    return reply(202, row, ring=await commanding.keep(connection, call, command))


async def _cancel(connection: Connection, call: Call) -> Reply:
    """Command the cancel; asked for twice in the same version of the payment it is one command."""
    row = await _found(connection, call)
    if row["state"] not in CANCELLABLE:
        raise TransitionIllegal(f"a payment that is {row['state']} cannot be cancelled")
    command = commanding.command(CommandKind.CANCEL, call, row, number=f"v{row['version']}")
    return reply(202, row, ring=await commanding.keep(connection, call, command))


def _awaits(call: Call, given: Reply) -> Awaiting | None:
    """Wait for a change of what was read, unless there is already what is waited for."""
    reading: Reading = call.query
    shown = given.body
    if not reading.wait or not isinstance(shown, Payment):
        return None
    if reading.version is None and shown.authorization_url is not None:
        return None
    if reading.version not in (None, shown.version):
        return None
    return Awaiting(shown.reference, (shown.version, shown.authorization_url), reading.wait)


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
        scopes=("payments:write",),
        body=Intent,
        run=creation.create,
        attempt=creation.attempt,
        turn=creation.turn,
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
