"""Customers' credit: spent on messages, and given back. Shared by all clients with `credit:write`.

Each request is one statement: it locks the balance's row, so that requests about one customer take
turns, and writes the movement, the balance and the statement's line together, or nothing. Behind
it the database refuses a debit that would leave less than nothing, and a second reversal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.errors import CurrencyUnknown
from domain.ledger import CUSTOMER_PREFIX, SMS_REVENUE
from domain.money import Money
from domain.payment import REFERENCE
from ingress.api import naming
from ingress.api.errors import (
    Decided,
    Problem,
    ReferenceInUse,
    ValidationFailed,
)
from ingress.api.models import Nothing
from ingress.api.models_credit import Debit, DebitBody, Reversal
from ingress.api.operation import Operation, Reply

if TYPE_CHECKING:
    from ingress.api.operation import Call, Connection, Outcome, Row


class InsufficientCredit(Decided):
    """The customer has less than this would take."""

    code = "insufficient_credit"
    http_status = 402
    title = "The customer's credit is too small"


class AlreadyReversed(Decided):
    """The debit has been given back before."""

    code = "already_reversed"
    http_status = 409
    title = "The debit has been reversed already"


class DebitUnknown(Decided):
    """There is no debit of this reference."""

    code = "payment_unknown"
    http_status = 404
    title = "There is no such debit"


_LINE_COLUMNS = """reference, client_id, idempotency_key, customer_id, currency, kind, amount_minor,
            balance_after_minor, customer_version, movement_id, reverses_id, service, description,
            created_at"""

_WRITTEN = f"""
    entry AS (
        INSERT INTO ledger_entries (movement_id, leg, effect, object_id, account, amount_minor,
                                    currency, at)
        SELECT line.movement_id, leg.number, line.kind, %(reference)s, leg.account,
               leg.sign * line.amount_minor, line.currency, line.created_at
        FROM line CROSS JOIN LATERAL (VALUES
            (1, '{CUSTOMER_PREFIX}' || line.customer_id, 1),
            (2, '{SMS_REVENUE}', -1)) AS leg(number, account, sign)
    ), moved AS (
        UPDATE customer_balances b
        SET balance_minor = line.balance_after_minor, version = line.customer_version,
            updated_at = line.created_at
        FROM line WHERE b.customer_id = line.customer_id AND b.currency = line.currency
    )"""
"""The movement behind a line of the statement, both legs at once, and the balance it leaves."""

_DEBIT = f"""
    WITH balance AS MATERIALIZED (
        SELECT balance_minor, version FROM customer_balances
        WHERE customer_id = %(customer_id)s AND currency = %(currency)s
        FOR NO KEY UPDATE
    ), line AS (
        INSERT INTO sms_transactions ({_LINE_COLUMNS})
        SELECT %(reference)s, %(client_id)s, NULL, %(customer_id)s, %(currency)s,
               'sms_debit', -%(amount_minor)s::bigint, balance_minor - %(amount_minor)s,
               version + 1, nextval('ledger_movement_ids'), NULL, %(service)s, %(description)s,
               clock_timestamp()
        FROM balance WHERE balance_minor >= %(amount_minor)s
        ON CONFLICT ON CONSTRAINT sms_transactions_reference_once DO NOTHING
        RETURNING *
    ), {_WRITTEN}
    SELECT reference, customer_id, -amount_minor AS amount_minor, currency, service, description,
           balance_after_minor, created_at
    FROM line
"""
"""Spend; returns no row where the credit is too small or the reference is in use."""

_SPENT = """
    SELECT reference, customer_id, -amount_minor AS amount_minor, currency, service, description,
           balance_after_minor, created_at, client_id, kind
    FROM sms_transactions WHERE reference = %(reference)s
"""

_REVERSE = f"""
    WITH spent AS MATERIALIZED (
        SELECT id, customer_id, currency, -amount_minor AS amount_minor FROM sms_transactions
        WHERE reference = %(reference)s AND kind = 'sms_debit'
    ), balance AS MATERIALIZED (
        SELECT b.balance_minor, b.version FROM customer_balances b
        JOIN spent USING (customer_id, currency)
        FOR NO KEY UPDATE OF b
    ), line AS (
        INSERT INTO sms_transactions ({_LINE_COLUMNS})
        SELECT %(reference)s || ':reversal', %(client_id)s, NULL, customer_id, currency,
               'sms_reversal', amount_minor, balance_minor + amount_minor, version + 1,
               nextval('ledger_movement_ids'), id, NULL, NULL, clock_timestamp()
        FROM spent CROSS JOIN balance
        ON CONFLICT (reverses_id) WHERE reverses_id IS NOT NULL DO NOTHING
        RETURNING *
    ), {_WRITTEN}
    SELECT spent.id AS debit_id, line.reference, %(reference)s AS reverses, line.customer_id,
           line.amount_minor, line.currency, line.balance_after_minor, line.created_at
    FROM spent LEFT JOIN line ON line.reverses_id = spent.id
"""
"""Give back; returns no row where there is no such debit, one of NULLs where it was given back."""


async def attempt_debit(connection: Connection, call: Call) -> Outcome:
    """Spend the credit, as if there were enough and the reference were new."""
    line = await connection.execute(_DEBIT, _values(call.body, call))

    async def outcome() -> Reply | None:
        row = await line.fetchone()
        return None if row is None else Reply(201, Debit(**row))

    return outcome


async def debit(connection: Connection, call: Call) -> Reply:
    """Spend the credit, or return what an equal request of this client has spent before."""
    asked: DebitBody = call.body
    values = _values(asked, call)
    row = await _one(connection, _DEBIT, values)
    if row is not None:
        return Reply(201, Debit(**row))
    found = await _one(connection, _SPENT, values) if asked.reference else None
    if found is None:
        raise InsufficientCredit(f"the customer has less than {asked.amount_minor} in minor units")
    if not _is_equal(found, values):
        raise ReferenceInUse("the reference is that of another movement of credit")
    return Reply(200, Debit.model_validate(found))


def _values(asked: DebitBody, call: Call) -> dict[str, Any]:
    try:
        Money(asked.currency, asked.amount_minor)
    except CurrencyUnknown as error:
        raise ValidationFailed([Problem("/currency", "not a currency we know")]) from error
    return {
        **asked.model_dump(),
        "reference": asked.reference or naming.fresh("sd"),
        "client_id": call.client.id,
    }


_COMPARED = (*("client_id", "customer_id", "amount_minor", "currency"), "service", "description")


def _is_equal(found: Row, values: dict[str, Any]) -> bool:
    """Say whether the movement is what is asked for now, by the same client."""
    return found["kind"] == "sms_debit" and all(found[name] == values[name] for name in _COMPARED)


async def reverse(connection: Connection, call: Call) -> Reply:
    """Give the debit back; whoever may spend may, and the statement says who did."""
    reference = call.path["reference"]
    if not REFERENCE.fullmatch(reference):
        raise DebitUnknown("no debit has this reference")
    row = await _one(connection, _REVERSE, {"reference": reference, "client_id": call.client.id})
    if row is None:
        raise DebitUnknown("no debit has this reference")
    if row.pop("debit_id") and row["reference"] is None:
        raise AlreadyReversed("the debit was given back before")
    return Reply(201, Reversal(**row))


async def _one(connection: Connection, query: str, values: dict[str, Any]) -> Row | None:
    return await (await connection.execute(query, values)).fetchone()


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="debitCredit",
        method="POST",
        path="/v1/sms-transactions",
        summary="Spend a customer's credit",
        scopes=("credit:write",),
        run=debit,
        attempt=attempt_debit,
        turn=lambda call: f"customer {call.body.customer_id}",
        body=DebitBody,
        answers={201: Debit, 200: Debit},
        refusals=(InsufficientCredit, ReferenceInUse),
    ),
    Operation(
        name="reverseDebit",
        method="POST",
        path="/v1/sms-transactions/{reference}/reversal",
        summary="Give a debit back, once",
        scopes=("credit:write",),
        run=reverse,
        turn=lambda call: f"debit {call.path['reference']}",
        body=Nothing,
        answers={201: Reversal},
        refusals=(DebitUnknown, AlreadyReversed),
    ),
)
"""What can be asked about credit."""
