"""Listing: a client's payments, newest first, page by page.

Each combination of filters is a statement of its own, so that each is planned for what it asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingress.api.models_payments import Choice, PaymentPage
from ingress.api.operation import Reply
from ingress.api.payments_shown import COLUMNS, payment

if TYPE_CHECKING:
    from ingress.api.operation import Call, Connection

SCANNED_MAX = 5_000
"""Payments that one page is picked from by what no index knows. Where they are used up the page is
short, and its cursor leads on."""

_NEWEST = 2**63 - 1

_SEEK = ("client_id", "customer_id")
"""Filters that an index leads to."""

_PICK = ("state", "provider")
"""Filters that each payment has to be looked at for."""


async def list_payments(
    connection: Connection, call: Call, *, scanned_max: int = SCANNED_MAX
) -> Reply:
    """Return the page that the cursor leads to."""
    choice: Choice = call.query
    given = choice.model_dump(include={"customer_id", "state", "provider"})
    cursors = call.cursors.within("payments", *(str(value) for value in given.values()))
    filters = {name: value for name, value in given.items() if value is not None}
    values = {
        **filters,
        "client_id": call.client.id,
        "before": _NEWEST if choice.cursor is None else cursors.read(choice.cursor),
        "rows": choice.limit + 1,
    }
    found = await connection.execute(_page(frozenset(values), scanned_max), values)
    rows = await found.fetchall()
    page = rows[: choice.limit]
    if len(rows) > len(page):
        last = page[-1]["id"]
    else:
        last = await _scanned_to(connection, values, scanned_max)
    return Reply(
        200,
        PaymentPage(
            items=tuple(payment(row) for row in page),
            next_cursor=None if last is None else cursors.written(last),
        ),
    )


async def _scanned_to(
    connection: Connection, values: dict[str, object], scanned_max: int
) -> int | None:
    """Return the last payment that was looked at, None where there are no more."""
    if not any(name in values for name in _PICK):
        return None
    found = await connection.execute(_last(frozenset(values), scanned_max), values)
    row = await found.fetchone()
    return None if row is None else row["id"]


def _page(names: frozenset[str], scanned_max: int) -> str:
    picked = " AND ".join(f"{name} = %({name})s" for name in _PICK if name in names)
    if not picked:
        return f"SELECT {COLUMNS} FROM {_sought(names)} ORDER BY id DESC LIMIT %(rows)s"
    return f"""
        SELECT {COLUMNS}
        FROM (SELECT * FROM {_sought(names)} ORDER BY id DESC LIMIT {scanned_max}) AS newest
        WHERE {picked} ORDER BY id DESC LIMIT %(rows)s
    """


def _last(names: frozenset[str], scanned_max: int) -> str:
    return f"SELECT id FROM {_sought(names)} ORDER BY id DESC LIMIT 1 OFFSET {scanned_max - 1}"


def _sought(names: frozenset[str]) -> str:
    sought = " AND ".join(f"{name} = %({name})s" for name in _SEEK if name in names)
    return f"payment_logs WHERE {sought} AND id < %(before)s"
