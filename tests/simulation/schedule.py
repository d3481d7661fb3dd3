"""What is to happen, in the order of virtual time."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.clock import Clock

    Act = Callable[[], object]


class Schedule:
    """Acts by their time; those of one time in the order in which they were planned."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._planned: list[tuple[float, int, Act]] = []
        self._number = 0

    def later(self, delay_s: float, act: Act) -> None:
        self._number += 1
        heapq.heappush(self._planned, (self.clock.now_s + delay_s, self._number, act))

    def next_s(self) -> float | None:
        """Return when something is to happen next."""
        return self._planned[0][0] if self._planned else None

    def step(self) -> None:
        """Let the next thing happen."""
        at_s, _, act = heapq.heappop(self._planned)
        self.clock.go_to(at_s)
        act()
