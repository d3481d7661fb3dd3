"""The evidence: what the shop was told, what the provider has, and one snapshot of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection

    from tests.simulator.api.journal import Call
    from tests.simulator.books import Books, Capture, Sale
    from tests.soak.shop import Journal

    Row = dict[str, Any]


class Charge(NamedTuple):
    """Money that arrived, named by our reference and by the provider's transaction."""

    reference: str
    transaction: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one run. The connection is in one read-only snapshot.

    `calls` are all calls that the provider heard, oldest first.
    """

    provider: str
    connection: Connection
    books: Books
    calls: list[Call]
    shop: Journal

    def rows(self, query: str) -> list[Row]:
        """Return the rows of a query of ours."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode()).fetchall()

    def sales(self) -> Iterator[Sale]:
        """Return what was opened at the provider."""
        return (sale for sale in self.books.sales.values() if sale.provider == self.provider)

    def captures(self) -> Iterator[Capture]:
        """Return the money that arrived there."""
        return (capture for sale in self.sales() for capture in sale.captures)

    def charges_there(self) -> list[Charge]:
        """Return the same, as it is told to us."""
        return [
            Charge(
                capture.sale.reference,
                self._transaction(capture.capture_id),
                capture.amount_minor,
                capture.currency,
            )
            for capture in self.captures()
        ]

    def _transaction(self, capture_id: str) -> str:
        """Return what the provider calls it on the wire: Paystack's are numbers."""
        if self.provider == "paystack":
            return str(int(capture_id.rpartition("_")[2], 16))
        return capture_id
