"""The evidence: the courier's answers, the provider's books, and one snapshot of our database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from tests.demo.shop.journal import Journal
from tests.simulator.books import Books

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection

    from tests.simulator.courier import Answer
    from tests.simulator.morning import Morning

    Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one run. The connection is in one read-only snapshot.

    `shop` is what the shop was told, `taken` the books of the provider whose API we call.
    """

    connection: Connection
    answers: Sequence[Answer]
    morning: Morning
    shop: Journal = field(default_factory=Journal)
    taken: Books = field(default_factory=Books)

    def rows(self, query: str) -> list[Row]:
        """Return the rows of a query of ours."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode()).fetchall()

    @property
    def kept(self) -> list[Answer]:
        """Deliveries that were answered 200."""
        return [answer for answer in self.answers if answer.is_kept]

    @property
    def refused(self) -> list[Answer]:
        """Deliveries that were sent away."""
        return [answer for answer in self.answers if not answer.is_kept]

    @property
    def event_ids(self) -> set[int]:
        """The events that we were told are kept."""
        return {answer.event_id for answer in self.kept if answer.event_id is not None}

    @property
    def books(self) -> Books:
        """All that providers have booked, in the recorded morning and over their API."""
        merged = Books()
        merged.sales = {**self.morning.books.sales, **self.taken.sales}
        return merged

    @property
    def announced(self) -> frozenset[str]:
        """References that are payments of ours by now."""
        recorded = (*self.morning.announced, *self.morning.late)
        return frozenset(sale.reference for sale in recorded).union(self.shop.payments)

    @property
    def never_announced(self) -> frozenset[str]:
        """References whose money nobody claims."""
        return frozenset(sale.reference for sale in self.morning.never)
