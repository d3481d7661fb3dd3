"""The aftermath: workers read what was kept. Nothing of it may have moved money."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.api.books import opened
from workers.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BATCH = 100
ROUNDS_MAX = 30
"""Times that what is left to do is tried again."""

CREDIT: Mapping[tuple[str, str], int] = MappingProxyType({("ada", "NGN"): 13_999})
"""What all customers have together when everything was read: the money of the payments below, less
the refund that was asked for and the one unit that was spent and not given back."""

COMPLETED = frozenset({"paid-1", "victim-41"})
"""Payments that are what was asked for. The second was told with fees beyond its amount, as small
payments have them: that is no reason to keep its money from its owner."""

_WAITING = "SELECT event_id FROM inbound_work WHERE lane = 'events' ORDER BY event_id LIMIT %s"


def faults(database_url: str) -> Iterator[str]:
    """Have a worker read everything; say what is wrong with the books then."""
    with opened(database_url) as books:
        for _ in range(ROUNDS_MAX):
            waiting = [row[0] for row in books.rows(_WAITING, [BATCH])]
            if not waiting:
                break
            books.apply(*waiting)
        else:
            yield "workers are not done with what was kept"
        credit = {
            (row[0], row[1]): row[2]
            for row in books.rows(
                "SELECT customer_id, currency, balance_minor FROM customer_balances"
                " WHERE balance_minor <> 0"
            )
        }
        if credit != CREDIT:
            yield f"customers have {credit}"
        completed = {
            row[0]
            for row in books.rows("SELECT reference FROM payment_logs WHERE state = 'completed'")
        }
        if completed != COMPLETED:
            yield f"completed are {sorted(completed)}"
        if problems := verify(books.database).problems:
            yield f"the books are wrong: {problems}"
