"""What people do at the provider: they pay, or something else, fail, give back and dispute."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from domain.facts import FactStatus
from domain.money import Money

if TYPE_CHECKING:
    from random import Random

    from tests.simulation.books import Deal, Disputed, Returned
    from tests.simulation.provider import Provider
    from tests.simulation.schedule import Schedule

HOUR_S = 3600.0


class Customers:
    """Chosen by the seed: what becomes of each deal, and when."""

    def __init__(self, chance: Random, schedule: Schedule, provider: Provider) -> None:
        self._chance = chance
        self._schedule = schedule
        self._provider = provider
        provider.begun = self.live
        provider.refunding = self.follow

    def live(self, deal: Deal) -> None:
        """Have a deal be paid as asked, mostly."""
        chance, asked = self._chance, deal.amount
        fate = chance.random()
        if fate < 0.12:
            self._later(HOUR_S, self._abandon, deal)
        elif fate < 0.2:
            self._later(60, self._fail, deal)
            self._later(600, self._pay, deal, asked)
        elif fate < 0.26:
            self._later(300, self._pay, deal, Money(asked.currency, asked.amount_minor - 100))
        elif fate < 0.3:
            self._later(300, self._pay, deal, Money("USD", asked.amount_minor))
        elif fate < 0.36:
            self._later(120, self._pay, deal, asked)
            self._later(300, self._pay, deal, asked)
        elif fate < 0.96:
            self._later(120, self._pay, deal, asked)

    def _fail(self, deal: Deal) -> None:
        if not deal.captures and not deal.is_ended:
            self._provider.fail(deal, for_good=False)

    def _abandon(self, deal: Deal) -> None:
        if not deal.captures and not deal.is_ended:
            self._provider.fail(deal, for_good=True)

    def _pay(self, deal: Deal, amount: Money) -> None:
        if deal.is_ended:
            return
        fee_minor = 15 if self._chance.random() < 0.3 else 0
        capture_id = self._provider.pay(deal, amount, fee_minor)
        fate = self._chance.random()
        if fate < 0.22:
            self._later(2 * HOUR_S, self._give_back, deal, capture_id)
        if 0.12 < fate < 0.32:
            self._later(2 * HOUR_S, self._dispute, deal, capture_id)

    def _some_of(self, deal: Deal, capture_id: str) -> Money | None:
        left_minor = deal.left_minor(capture_id)
        if left_minor <= 0:
            return None
        part_minor = self._chance.choice((left_minor, left_minor, max(1, left_minor // 3)))
        return Money(deal.captures[capture_id].currency, part_minor)

    def _give_back(self, deal: Deal, capture_id: str) -> None:
        amount = self._some_of(deal, capture_id)
        if amount is not None:
            self._provider.give_back(deal, capture_id, amount, None)

    def follow(self, deal: Deal, refund: Returned) -> None:
        """Have a refund come to an end, and perhaps to another one after that."""
        fate = self._chance.random()
        good = fate >= 0.15
        status = FactStatus.SUCCEEDED if good else FactStatus.FAILED
        delay_s = self._chance.random() * HOUR_S
        self._schedule.later(delay_s, partial(self._provider.end_refund, deal, refund, status))
        if fate > 0.93 and self._provider.habits.refunds != "totals":
            bounce = partial(self._provider.end_refund, deal, refund, FactStatus.FAILED)
            self._schedule.later(delay_s + self._chance.random() * HOUR_S, bounce)

    def _dispute(self, deal: Deal, capture_id: str) -> None:
        amount = self._some_of(deal, capture_id)
        if amount is None:
            return
        case = self._provider.dispute(deal, capture_id, amount)
        if self._chance.random() < 0.8:
            self._later(4 * HOUR_S, self._end_dispute, deal, case)

    def _end_dispute(self, deal: Deal, case: Disputed) -> None:
        status = self._chance.choice((FactStatus.WON, FactStatus.LOST))
        self._provider.end_dispute(deal, case, status)

    def _later(self, within_s: float, act: object, *values: object) -> None:
        assert callable(act)
        self._schedule.later(self._chance.random() * within_s, partial(act, *values))
