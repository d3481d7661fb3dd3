"""What customers have: their balances, and the statement of every movement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.payment import CUSTOMER_ID
from ingress.api.errors import CustomerUnknown
from ingress.api.models import Document, Moment, PageQuery
from ingress.api.operation import Operation, Reply

if TYPE_CHECKING:
    from ingress.api.operation import Call, Connection, Row


class Balance(Document):
    """Credit in one currency; below zero where a provider took back what was spent."""

    currency: str
    balance_minor: int
    updated_at: Moment


class Balances(Document):
    """A customer's credit, a balance for each currency there ever was a movement in."""

    customer_id: str
    balances: list[Balance]


class Transaction(Document):
    """One movement of a customer's credit; positive `amount_minor` raises it.

    `client_id` is who asked for it, `payratchet` where it follows from what a provider told.
    `payment_reference` is there where it belongs to a payment, `reverses` where it gives a debit
    back.
    """

    reference: str
    kind: str
    amount_minor: int
    currency: str
    balance_after_minor: int
    client_id: str
    payment_reference: str | None
    reverses: str | None
    service: str | None
    description: str | None
    created_at: Moment


class Statement(Document):
    """A page of a customer's statement, newest first. `next_cursor` is null on the last."""

    customer_id: str
    items: list[Transaction]
    next_cursor: str | None


_BALANCES = """
    SELECT currency, balance_minor, updated_at FROM customer_balances
    WHERE customer_id = %(customer_id)s ORDER BY currency
"""

_IS_KNOWN = """
    SELECT EXISTS (SELECT 1 FROM customer_balances WHERE customer_id = %(customer_id)s)
        OR EXISTS (SELECT 1 FROM payment_logs WHERE customer_id = %(customer_id)s) AS is_known
"""

_STATEMENT = """
    SELECT s.id, s.reference, s.kind, s.amount_minor, s.currency, s.balance_after_minor,
           s.client_id, p.reference AS payment_reference, d.reference AS reverses, s.service,
           s.description, s.created_at
    FROM sms_transactions s
    LEFT JOIN payment_logs p ON p.id = s.payment_log_id
    LEFT JOIN sms_transactions d ON d.id = s.reverses_id
    WHERE s.customer_id = %(customer_id)s
      AND (%(before)s::bigint IS NULL OR s.id < %(before)s::bigint)
    ORDER BY s.id DESC LIMIT %(rows)s
"""


async def balance(connection: Connection, call: Call) -> Reply:
    """Return all balances of the customer."""
    customer_id = _customer(call)
    cursor = await connection.execute(_BALANCES, {"customer_id": customer_id})
    balances = [Balance(**row) for row in await cursor.fetchall()]
    if not balances:
        await _require_known(connection, customer_id)
    return Reply(200, Balances(customer_id=customer_id, balances=balances))


async def transactions(connection: Connection, call: Call) -> Reply:
    """Return a page of the customer's statement."""
    customer_id, query = _customer(call), call.query
    cursors = call.cursors.within("transactions", customer_id)
    before = None if query.cursor is None else cursors.read(query.cursor)
    values = {"customer_id": customer_id, "before": before, "rows": query.limit + 1}
    rows: list[Row] = await (await connection.execute(_STATEMENT, values)).fetchall()
    if not rows:
        await _require_known(connection, customer_id)
    page, has_more = rows[: query.limit], len(rows) > query.limit
    body = Statement(
        customer_id=customer_id,
        items=[Transaction.model_validate(row) for row in page],
        next_cursor=cursors.written(page[-1]["id"]) if has_more else None,
    )
    return Reply(200, body)


def _customer(call: Call) -> str:
    """Return whom the path names. Raises CustomerUnknown for what nobody can be called."""
    customer_id = call.path["customer_id"]
    if not CUSTOMER_ID.fullmatch(customer_id):
        raise CustomerUnknown("no customer has this id")
    return customer_id


async def _require_known(connection: Connection, customer_id: str) -> None:
    row = await (await connection.execute(_IS_KNOWN, {"customer_id": customer_id})).fetchone()
    if row is None or not row["is_known"]:
        raise CustomerUnknown("no customer has this id")


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="getBalance",
        method="GET",
        path="/v1/customers/{customer_id}/balance",
        summary="Read a customer's credit",
        scopes=("credit:read",),
        run=balance,
        answers={200: Balances},
        refusals=(CustomerUnknown,),
    ),
    Operation(
        name="listTransactions",
        method="GET",
        path="/v1/customers/{customer_id}/transactions",
        summary="List the movements of a customer's credit, newest first",
        scopes=("credit:read",),
        run=transactions,
        query=PageQuery,
        answers={200: Statement},
        refusals=(CustomerUnknown,),
    ),
)
"""What can be asked about customers."""
