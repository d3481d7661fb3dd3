"""Requests for refunds, and what is held and written for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.api.books import Books
    from tests.api.serving import Service
    from tests.ingress.serving import Answer


def ask(
    by: Service,
    reference: str,
    amount_minor: int | None = None,
    *,
    key: str | None = None,
    **more: Any,
) -> Answer:
    asked = more if amount_minor is None else {"amount_minor": amount_minor, **more}
    return by.ask("POST", f"/v1/payments/{reference}/refunds", asked, key=key)


def held(books: Books) -> int:
    return books.account("refunds_held")


def written(books: Books) -> dict[str, int]:
    """Count the rows of all tables that a refund writes to."""
    tables = ("refunds", "ledger_entries", "sms_transactions", "inbound_events", "inbound_work")
    return {table: books.value(f"SELECT count(*) FROM {table}") for table in tables}
