"""Forgers: copy what was delivered and get something about it wrong, a few times a second."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.chaos.traffic.events import Delivery
from tests.simulator.forgery import possible
from tests.simulator.signing import SIGNERS

if TYPE_CHECKING:
    from collections.abc import Sequence

FORGERIES_PER_S = 4.0
"""Fewer than what makes the service stop listening to an address, which all of the lab share."""


class Forgers:
    """Make forgeries of what was acknowledged lately."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"forgers/{seed}")
        self._next_s = 0.0

    def due(self, now_s: float, acked: Sequence[Delivery]) -> Delivery | None:
        """Return a forgery that is due at this time of the traffic, if one is."""
        if now_s < self._next_s:
            return None
        self._next_s = now_s + self._rng.expovariate(FORGERIES_PER_S)
        copied = self._rng.choice(acked).event if acked else None
        if copied is None or copied.notice.provider not in SIGNERS:
            return None
        kind = self._rng.choice(possible(copied.notice.provider))
        return Delivery(copied, now_s, forgery=kind)
