"""A hot payment: some fifty events that all want the same row at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.stories import STEP

if TYPE_CHECKING:
    import random

    from tests.simulator.books import Sale
    from tests.simulator.desk import Desk
    from tests.simulator.notice import Notice
    from tests.simulator.stories import Story

FAILED_TRIES = 22
REFUNDS = 8
REFUND_TENTHS = 1


def of_many_events(desk: Desk, sale: Sale, rng: random.Random) -> Story:
    """Tell of many failed tries, a capture, and its return in small parts, all within a step."""
    told: list[Notice] = desk.begin(sale)
    for _ in range(FAILED_TRIES):
        told += desk.fail(sale)
    told += desk.capture(sale)
    amount_minor = max(1, sale.amount_minor * REFUND_TENTHS // 100 * 10)
    for _ in range(REFUNDS):
        refund, begun = desk.refund(sale.captures[-1], amount_minor)
        told += [*begun, *desk.settle_refund(refund)]
    return [(rng.random() * STEP, notice) for notice in told]
