"""Customers and banks: what they do by themselves, decided by seed and name, not by order."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulator.api.checkout import NotPossible

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.api.checkout import Checkout, Returned
    from tests.simulator.api.counter import Counter


@dataclass(frozen=True, slots=True)
class Habits:
    """How customers and banks are.

    `decide` False: checkouts wait for a page or the control API. `settle` False: so do refunds.
    Shares are of 1; who neither pays nor is declined goes away. Times are seconds from and to.
    """

    decide: bool = True
    settle: bool = True
    pay_share: float = 0.92
    decline_share: float = 0.04
    refund_fail_share: float = 0.0
    decide_after_s: tuple[float, float] = (0.05, 0.5)
    settle_after_s: tuple[float, float] = (0.05, 0.5)


class Customers:
    """Act for all customers and their banks."""

    def __init__(self, seed: int, habits: Habits) -> None:
        self._seed = seed
        self._habits = habits

    def arrive(self, counter: Counter, checkout: Checkout) -> None:
        """Have a customer see a page and decide, after some time."""
        if not self._habits.decide:
            return
        rng = random.Random(f"{self._seed}/{checkout.sale.reference}")
        act = self._decision(rng, counter)
        _later(rng.uniform(*self._habits.decide_after_s), lambda: act(checkout))

    def settle(self, counter: Counter, returned: Returned) -> None:
        """Have a bank take a refund, or not, after some time."""
        if not self._habits.settle:
            return
        reference = returned.checkout.sale.reference
        rng = random.Random(f"{self._seed}/{reference}/{len(returned.refund.capture.refunds)}")
        done = rng.random() >= self._habits.refund_fail_share
        after_s = rng.uniform(*self._habits.settle_after_s)
        _later(after_s, lambda: counter.settle(returned, done=done))

    def _decision(self, rng: random.Random, counter: Counter) -> Callable[[Checkout], object]:
        chosen = rng.random()
        if chosen < self._habits.pay_share:
            return counter.pay
        if chosen < self._habits.pay_share + self._habits.decline_share:
            return counter.decline
        return counter.abandon


def _later(after_s: float, act: Callable[[], object]) -> None:
    def do() -> None:
        # Somebody may have been quicker at the page or over the control API.
        with contextlib.suppress(NotPossible):
            act()

    asyncio.get_running_loop().call_later(after_s, do)
