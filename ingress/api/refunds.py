"""Refunds that services ask for: never more than was captured, never of credit that is spent.

The payment's row is locked first, then the customer's balance, as everywhere: requests about one
payment take turns, and the trigger `refunds_within_capture` has the last word on how much is left.
What is to be refunded is held at once, so that it cannot be spent while the provider is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from domain.commands import CommandKind
from domain.ledger import CUSTOMER_PREFIX, REFUNDS_HELD
from domain.payment import REFERENCE
from domain.transitions import State
from ingress.api import commanding, naming
from ingress.api.credit import InsufficientCredit
from ingress.api.errors import Decided, PaymentUnknown, TransitionIllegal
from ingress.api.models_refunds import Refund, RefundBody, Refunds
from ingress.api.operation import Operation, Reply

if TYPE_CHECKING:
    from ingress.api.operation import Call, Connection, Row

REFUNDS_MAX = 500
"""Refunds of one payment in one list, newest first."""

NOT_OURS_TO_REFUND = frozenset(
    {State.DISPUTED, State.CHARGED_BACK, State.REVIEW, State.CANCELLED},
)
"""States in which money may have been captured, and others decide what becomes of it."""

GUARD = "refunds_within_capture"
"""The trigger that refuses what exceeds the capture, by its constraint's name."""


class RefundExceedsCapture(Decided):
    """More than what was captured and is not yet refunded, or being refunded."""

    code = "refund_exceeds_capture"
    http_status = 409
    title = "The refund exceeds what was captured"


_LOCK_PAYMENT = """
    SELECT id, reference, provider, account, customer_id, currency, state, captured_minor
    FROM payment_logs WHERE reference = %(reference)s AND client_id = %(client_id)s
    FOR NO KEY UPDATE
"""

_LOCK_BALANCE = """
    SELECT balance_minor, version FROM customer_balances
    WHERE customer_id = %(customer_id)s AND currency = %(currency)s
    FOR NO KEY UPDATE
"""

_LEFT = """
    SELECT p.captured_minor - greatest(0, p.refunded_minor - coalesce(r.done_minor, 0))
           - coalesce(r.live_minor, 0) AS left_minor
    FROM payment_logs p
    CROSS JOIN (SELECT (sum(amount_minor) FILTER (WHERE status <> 'failed'))::bigint AS live_minor,
                       (sum(amount_minor) FILTER (WHERE status = 'succeeded'))::bigint AS done_minor
                FROM refunds WHERE payment_id = %(payment_id)s) AS r
    WHERE p.id = %(payment_id)s
"""

_ASK = """
    INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency, reason)
    VALUES (%(refund)s, %(payment_id)s, %(client_id)s, %(amount_minor)s, %(currency)s, %(reason)s)
    RETURNING reference, amount_minor, currency, status, reason, created_at, settled_at
"""

_HOLD = f"""
    WITH movement AS MATERIALIZED (
        SELECT nextval('ledger_movement_ids') AS id
    ), entry AS (
        INSERT INTO ledger_entries (movement_id, leg, effect, object_id, account, amount_minor,
                                    currency, event_id, at)
        SELECT movement.id, leg.number, 'refund_hold', %(refund)s, leg.account, leg.amount_minor,
               %(currency)s, %(event_id)s::bigint, now()
        FROM movement CROSS JOIN (VALUES
            (1, '{CUSTOMER_PREFIX}' || %(customer_id)s, -%(amount_minor)s::bigint),
            (2, '{REFUNDS_HELD}', %(amount_minor)s::bigint)) AS leg(number, account, amount_minor)
    ), balance AS (
        UPDATE customer_balances
        SET balance_minor = balance_minor - %(amount_minor)s, version = version + 1,
            updated_at = now()
        WHERE customer_id = %(customer_id)s AND currency = %(currency)s
        RETURNING balance_minor, version
    )
    INSERT INTO sms_transactions (reference, client_id, customer_id, currency, kind, amount_minor,
        balance_after_minor, customer_version, payment_log_id, movement_id, created_at)
    SELECT %(refund)s || ':hold', %(client_id)s, %(customer_id)s, %(currency)s, 'refund_hold',
           -%(amount_minor)s::bigint, balance_minor, version, %(payment_id)s::bigint, movement.id,
           now()
    FROM balance CROSS JOIN movement
"""

_OWN = "SELECT id FROM payment_logs WHERE reference = %(reference)s AND client_id = %(client_id)s"

_LIST = """
    SELECT r.reference, p.reference AS payment_reference, r.amount_minor, r.currency, r.status,
           r.reason, r.created_at, r.settled_at
    FROM refunds r JOIN payment_logs p ON p.id = r.payment_id
    WHERE r.payment_id = %(payment_id)s ORDER BY r.id DESC LIMIT %(limit)s
"""


async def refund(connection: Connection, call: Call) -> Reply:
    """Take up a refund, hold the credit it takes, and have the provider asked."""
    asked: RefundBody = call.body
    payment = await _own(connection, _LOCK_PAYMENT, call)
    if payment["state"] in NOT_OURS_TO_REFUND:
        raise TransitionIllegal(f"a payment that is {payment['state']} is not refunded")
    values = {
        "payment_id": payment["id"],
        "client_id": call.client.id,
        "customer_id": payment["customer_id"],
        "currency": payment["currency"],
        "refund": naming.fresh("rf"),
        "reason": asked.reason,
    }
    values["amount_minor"] = asked.amount_minor or await _left(connection, values)
    row = await _ask(connection, values)
    await _require_credit(connection, values)
    command = commanding.command(CommandKind.REFUND, call, payment, refund=values["refund"])
    [event_id] = await commanding.keep(connection, call, command)
    await connection.execute(_HOLD, {**values, "event_id": event_id})
    body = Refund(payment_reference=payment["reference"], **row)
    return Reply(202, body, location=f"/v1/payments/{payment['reference']}", ring=(event_id,))


async def list_refunds(connection: Connection, call: Call) -> Reply:
    """Return what was asked for, newest first."""
    payment = await _own(connection, _OWN, call)
    values = {"payment_id": payment["id"], "limit": REFUNDS_MAX}
    rows = await (await connection.execute(_LIST, values)).fetchall()
    return Reply(200, Refunds(items=[Refund.model_validate(row) for row in rows]))


async def _own(connection: Connection, query: str, call: Call) -> Row:
    """Return the client's own payment. Raises PaymentUnknown for another's, too."""
    values = {"reference": call.path["reference"], "client_id": call.client.id}
    is_possible = REFERENCE.fullmatch(values["reference"]) is not None
    row = await (await connection.execute(query, values)).fetchone() if is_possible else None
    if row is None:
        raise PaymentUnknown("this client has no payment of this reference")
    return row


async def _left(connection: Connection, values: dict[str, Any]) -> int:
    row = await (await connection.execute(_LEFT, values)).fetchone()
    if row is None or row["left_minor"] <= 0:
        raise RefundExceedsCapture("nothing is left to be refunded")
    left_minor: int = row["left_minor"]
    return left_minor


async def _ask(connection: Connection, values: dict[str, Any]) -> Row:
    """Keep what is asked. Raises RefundExceedsCapture on the word of the database."""
    try:
        row = await (await connection.execute(_ASK, values)).fetchone()
    except psycopg.errors.CheckViolation as error:
        if error.diag.constraint_name != GUARD:
            raise
        raise RefundExceedsCapture("less than this is left to be refunded") from error
    assert row is not None  # noqa: S101 - the statement returns what it inserts
    return row


async def _require_credit(connection: Connection, values: dict[str, Any]) -> None:
    """Lock the balance. Raises InsufficientCredit when it has less than the refund takes."""
    row = await (await connection.execute(_LOCK_BALANCE, values)).fetchone()
    if row is None or row["balance_minor"] < values["amount_minor"]:
        raise InsufficientCredit("the customer has spent what would be refunded")


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="refundPayment",
        method="POST",
        path="/v1/payments/{reference}/refunds",
        summary="Refund a payment, in whole or in part",
        scopes=("payments:write",),
        run=refund,
        turn=lambda call: f"payment {call.path['reference']}",
        body=RefundBody,
        answers={202: Refund},
        tells_location=True,
        refusals=(PaymentUnknown, RefundExceedsCapture, TransitionIllegal, InsufficientCredit),
    ),
    Operation(
        name="listRefunds",
        method="GET",
        path="/v1/payments/{reference}/refunds",
        summary="List what was asked to be refunded of a payment",
        scopes=("payments:read",),
        run=list_refunds,
        answers={200: Refunds},
        refusals=(PaymentUnknown,),
    ),
)
"""What can be asked about refunds."""
