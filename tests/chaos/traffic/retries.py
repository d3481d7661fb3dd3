"""Retries: deliveries that had no answer, or the wrong one, and when each is tried again.

While the receiver says no, few are tried a second, whatever waits: a million events that all try
again would be the fault. As soon as it says yes, they go as quickly as it answers.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from tests.chaos.traffic.events import Delivery

PAUSE_S_FIRST = 0.2
PAUSE_S_MAX = 4.0
"""Between two tries of one delivery; a provider's are minutes."""

IN_FLIGHT_MAX = 16
"""Retries under way at the same time."""

FAILING_PER_S_MAX = 100.0
"""Retries a second that may fail; those that are answered 200 cost nothing."""

FAILING_SAVED_MAX = 50.0
"""Failures that may come at once, after none for a while."""


class Retries:
    """What is to be tried again, by time. Times are seconds of the traffic."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._heap: list[Delivery] = []
        self._under_way: set[Delivery] = set()
        self._allowed = FAILING_SAVED_MAX
        self._seen_s = 0.0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._heap)

    def add(self, delivery: Delivery, now_s: float) -> None:
        """Keep a delivery that has failed `tries` times."""
        longest_s = min(PAUSE_S_MAX, PAUSE_S_FIRST * 2.0 ** min(delivery.tries, 10))
        delivery.due_s = now_s + longest_s * self._rng.uniform(0.5, 1.0)
        heapq.heappush(self._heap, delivery)

    def next(self, now_s: float) -> Delivery | None:
        """Take out the next that may be tried now; `ended` or `keep` must follow."""
        self._allowed = min(
            FAILING_SAVED_MAX, self._allowed + (now_s - self._seen_s) * FAILING_PER_S_MAX
        )
        self._seen_s = now_s
        if not self._heap or self._heap[0].due_s > now_s:
            return None
        if len(self._under_way) >= IN_FLIGHT_MAX or self._allowed < 1.0:
            return None
        self._allowed -= 1.0
        delivery = heapq.heappop(self._heap)
        self._under_way.add(delivery)
        return delivery

    def keep(self, delivery: Delivery) -> None:
        """Put back what could not be sent."""
        self._under_way.discard(delivery)
        self._allowed += 1.0
        heapq.heappush(self._heap, delivery)

    def ended(self, delivery: Delivery, *, is_ok: bool) -> None:
        """Note that a try ended, if it was a retry."""
        if delivery in self._under_way:
            self._under_way.discard(delivery)
            self._allowed += is_ok
