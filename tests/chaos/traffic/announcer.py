"""The announcer: makes payments known in bulk, most of them before anything is told of them."""

from __future__ import annotations

import heapq
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg

from domain.announcement import Announcement
from domain.money import Money
from workers import announce
from workers.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.traffic.town import Payment

LOOK_S = 1.0
"""Between two batches, and before a batch is tried again that failed."""

BATCH_MAX = 500
ACTOR = "lab:announcer"
STOP_S_MAX = 15.0
"""Longest that the thread takes to end: a statement has its own limit."""


class Announcer:
    """A thread with a connection past all faults but those of Postgres itself.

    What cannot be made known is tried again until it can: the same announcement twice is harmless.
    `clock` says the traffic's time.
    """

    def __init__(self, database_url: str, clock: Callable[[], float]) -> None:
        self.announced = 0
        self._database = Database(database_url, name="lab-announcer")
        self._clock = clock
        self._given: queue.SimpleQueue[tuple[float, Announcement]] = queue.SimpleQueue()
        self._waiting: list[tuple[float, str, Announcement]] = []
        self._is_hurried = threading.Event()
        self._is_over = threading.Event()
        self._is_idle = True
        self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)

    @property
    def is_idle(self) -> bool:
        """Whether everything is known that is to be."""
        return self._is_idle and self._given.empty()

    def take(self, payment: Payment) -> None:
        """Make a payment known at its time, if ever."""
        if payment.announced_s is not None:
            self._given.put((payment.announced_s, _announcement(payment)))

    def announce_now(self) -> None:
        """Make known all that is due, in the caller's thread. Raises psycopg.Error."""
        self._collect()
        while batch := self._due():
            self._announce(batch)
        self._database.close()

    def start(self) -> None:
        """Go on in a thread."""
        self._thread.start()

    def hurry(self) -> None:
        """Make everything known at once that would wait."""
        self._is_hurried.set()

    def close(self) -> None:
        """End the thread."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S_MAX)

    def _run(self) -> None:
        while not self._is_over.wait(LOOK_S):
            self._is_idle = False
            self._collect()
            with suppress(psycopg.Error):
                while batch := self._due():
                    self._announce(batch)
            self._is_idle = not self._waiting
        self._database.close()

    def _collect(self) -> None:
        while not self._given.empty():
            at_s, announcement = self._given.get()
            heapq.heappush(self._waiting, (at_s, announcement.reference, announcement))

    def _due(self) -> list[tuple[float, str, Announcement]]:
        until_s = float("inf") if self._is_hurried.is_set() else self._clock()
        batch: list[tuple[float, str, Announcement]] = []
        while self._waiting and self._waiting[0][0] <= until_s and len(batch) < BATCH_MAX:
            batch.append(heapq.heappop(self._waiting))
        return batch

    def _announce(self, batch: list[tuple[float, str, Announcement]]) -> None:
        try:
            announce.announce(self._database, [each for _, _, each in batch], actor=ACTOR)
        except psycopg.Error:
            for each in batch:
                heapq.heappush(self._waiting, each)
            raise
        self.announced += len(batch)


def _announcement(payment: Payment) -> Announcement:
    sale = payment.sale
    amount = Money(sale.currency, sale.amount_minor)
    return Announcement(sale.reference, sale.provider, amount, sale.customer_id)
