"""The provider: it keeps books of its own, tells of what happens, and is called by workers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.delivery import ProviderEvent
from domain.errors import NothingFound, ProviderRefused, ReferenceTaken
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.simulation import telling
from tests.simulation.books import Deal, Disputed, Returned
from tests.simulation.words import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.asking import Asking, Page, RefundAsking
    from domain.delivery import Mode
    from tests.simulation.clock import Clock
    from tests.simulation.telling import Habits

    Tell = Callable[[ProviderEvent], None]

KEYS_LIVE_S = 86_400.0


class Provider:
    """One account of it. `tell` has an event posted; `begun` is told of each new deal of ours."""

    name = SOURCE
    mode: Mode | None = None

    def __init__(self, habits: Habits, clock: Clock) -> None:
        self.habits = habits
        self.clock = clock
        self.deals: dict[str, Deal] = {}
        self.effects: dict[str, int] = {}
        self.tell: Tell = _nobody
        self.begun: Callable[[Deal], None] = _nobody
        self.refunding: Callable[[Deal, Returned], None] = _nobody
        self._kept: dict[str, Told] = {}
        self._last = 0

    @property
    def keys_live_s(self) -> float:
        return KEYS_LIVE_S if self.habits.has_keys else 0.0

    @property
    def can_cancel(self) -> bool:
        return self.habits.can_cancel

    def fresh(self, kind: str) -> str:
        self._last += 1
        return f"{kind}{self._last}"

    def open(self, reference: str, amount: Money, *, age_s: int = 0) -> Deal:
        """Make a deal; one with an age was made by somebody else."""
        made_at_s = int(self.clock.unix_s) - age_s
        deal = Deal(self.fresh("D"), reference, amount, made_at_s, is_foreign=age_s > 0)
        self.deals[reference] = deal
        return deal

    # What people call.

    def initialize(self, asking: Asking, *, key: str) -> Told:
        if self.habits.has_keys and key in self._kept:
            return self._kept[key]
        if asking.reference in self.deals:
            raise ReferenceTaken("duplicate reference", http_status=400)
        deal = self.open(asking.reference, asking.amount)
        told = Told(
            (Fact(FactKind.INITIALIZED, deal.id, FactStatus.KNOWN),),
            provider_reference=deal.id,
            authorization_url=f"https://pay.example/{deal.id}",
            made_at_s=deal.made_at_s,
        )
        self._kept[key] = told
        self.begun(deal)
        return told

    def look_up(self, asking: Asking) -> Told:
        deal = self._found(asking)
        if deal is None and self.habits.proves_absence:
            return Told(is_known=False)
        if deal is None:
            raise NothingFound("no such payment is shown")
        return Told(
            tuple(self.facts(deal)),
            provider_reference=deal.id,
            refunds=tuple(telling.told_refund(self.habits, each) for each in self._listed(deal)),
            is_final=deal.is_ended or bool(deal.captures),
            made_at_s=deal.made_at_s,
            reference=deal.reference,
        )

    def _listed(self, deal: Deal) -> list[Returned]:
        """Return the refunds that are old enough to be shown, or have come to an end."""
        shown_s = self.clock.now_s - self.habits.lists_after_s
        return [
            each
            for each in deal.refunds.values()
            if each.made_s <= shown_s or each.status is not FactStatus.PENDING
        ]

    def _found(self, asking: Asking) -> Deal | None:
        names = {*asking.names, asking.hint}
        found = self.deals.get(asking.reference)
        return found or next((each for each in self.deals.values() if each.id in names), None)

    def refund(self, asking: RefundAsking, *, key: str) -> Told:
        if self.habits.has_keys and key in self._kept:
            return self._kept[key]
        deal = next((d for d in self.deals.values() if asking.capture_id in d.captures), None)
        if deal is None or deal.left_minor(asking.capture_id) < asking.amount.amount_minor:
            raise ProviderRefused("nothing is left to be refunded", http_status=400)
        refund = self.give_back(deal, asking.capture_id, asking.amount, asking.reference)
        made = replace(telling.told_refund(self.habits, refund), ours=asking.reference)
        told = Told(provider_reference=deal.id, refunds=(made,))
        self._kept[key] = told
        return told

    def cancel(self, asking: Asking, *, key: str) -> Told:
        del key
        deal = self.deals.get(asking.reference)
        if deal is None or deal.captures or deal.is_ended:
            raise ProviderRefused("it cannot be ended any more", http_status=400)
        deal.is_ended = True
        fact = Fact(FactKind.FAILED, deal.id, FactStatus.FAILED)
        return Told((fact,), provider_reference=deal.id, is_final=True)

    def page(self, *, since_s: int, until_s: int, cursor: str | None) -> Page:
        raise NotImplementedError

    # What happens there.

    def pay(self, deal: Deal, amount: Money, fee_minor: int) -> str:
        """Take a customer's money, and keep a fee of it."""
        transaction = self.fresh("T")
        deal.captures[transaction] = amount
        facts = [Fact(FactKind.SUCCEEDED, transaction, FactStatus.SUCCEEDED, amount)]
        if fee_minor:
            deal.fees[transaction] = Money(amount.currency, fee_minor)
            facts.append(telling.fee(deal, transaction))
        self._say(deal, "payment.succeeded", *facts)
        return transaction

    def fail(self, deal: Deal, *, for_good: bool) -> None:
        deal.has_failed = True
        deal.is_ended = for_good
        self._say(deal, "payment.failed", Fact(FactKind.FAILED, deal.id, FactStatus.FAILED))

    def give_back(
        self, deal: Deal, capture_id: str, amount: Money, asked_as: str | None
    ) -> Returned:
        """Make a refund, for us (`asked_as`) or for somebody at the dashboard."""
        made_s = self.clock.now_s
        refund = Returned(self.fresh("R"), amount, capture_id, asked_as, made_s)
        deal.refunds[refund.id] = refund
        if asked_as is not None:
            self.effects[asked_as] = self.effects.get(asked_as, 0) + 1
        self._tell_refund(deal, refund)
        self.refunding(deal, refund)
        return refund

    def end_refund(self, deal: Deal, refund: Returned, status: FactStatus) -> None:
        refund.status = status
        self._tell_refund(deal, refund)

    def dispute(self, deal: Deal, capture_id: str, amount: Money) -> Disputed:
        case = Disputed(self.fresh("C"), amount, capture_id)
        deal.disputes[case.id] = case
        self._say(deal, "dispute.opened", telling.case(case))
        return case

    def end_dispute(self, deal: Deal, case: Disputed, status: FactStatus) -> None:
        case.status = status
        self._say(deal, f"dispute.{status}", telling.case(case))

    # How it says so.

    def facts(self, deal: Deal) -> list[Fact]:
        """Return all that is so of a deal, as look-ups tell it."""
        return telling.facts(self.habits, deal, self._listed(deal))

    def _say(self, deal: Deal, kind: str, *facts: Fact, by_name: bool = False) -> None:
        reference = None if by_name and self.habits.names_only else deal.reference
        self.tell(ProviderEvent(kind, reference, facts, provider_reference=deal.id))

    def _tell_refund(self, deal: Deal, refund: Returned) -> None:
        facts = telling.refund_facts(self.habits, deal, refund)
        if facts:
            self._say(deal, f"refund.{refund.status}", *facts, by_name=True)


def _nobody(*_told: object) -> None:
    """Tell nobody."""
