"""What a desk tells is what its books say, read by the receiver's own adapters."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from domain.facts import Fact, FactKind, FactStatus
from domain.fold import fold
from domain.money import Money
from domain.payment import Asked
from domain.transitions import State
from tests.conformance.senders import BY_NAME
from tests.simulator.books import Books, Sums
from tests.simulator.paystack import PaystackDesk
from tests.simulator.standard_webhooks import StandardWebhooksDesk
from tests.simulator.stripe import StripeDesk

if TYPE_CHECKING:
    from tests.simulator.books import Sale
    from tests.simulator.desk import Desk
    from tests.simulator.notice import Notice

DESKS = [PaystackDesk, StripeDesk, StandardWebhooksDesk]
CURRENCIES = {
    PaystackDesk: ["NGN", "XOF"],
    StripeDesk: ["USD", "JPY", "KWD", "UGX"],
    StandardWebhooksDesk: ["NGN", "BHD"],
}
MARKETS = [(desk, currency) for desk in DESKS for currency in CURRENCIES[desk]]


def opened(kind: type[Desk], currency: str) -> tuple[Desk, Sale]:
    desk = kind(Books(), random.Random(1))
    return desk, desk.sale("ORD-1", "cust_1", 10_000, currency)


def facts_of(notices: list[Notice]) -> list[Fact]:
    return [fact for notice in notices for fact in BY_NAME[notice.provider].told(notice.body).facts]


def state_of(sale: Sale, notices: list[Notice]) -> State:
    asked = Asked(Money(sale.currency, sale.amount_minor), sale.provider, sale.customer_id)
    return fold(asked, facts_of(notices)).state


@pytest.mark.parametrize(("kind", "currency"), MARKETS)
def test_a_capture_is_told_in_the_providers_own_units(kind: type[Desk], currency: str) -> None:
    desk, sale = opened(kind, currency)

    told = facts_of(desk.capture(sale))

    amounts = {fact.amount for fact in told if fact.kind is FactKind.SUCCEEDED}
    fees = {fact.amount for fact in told if fact.kind is FactKind.FEE}
    fee_minor = sale.captures[0].fee_minor
    assert amounts == {Money(currency, 10_000)}
    assert fees == ({Money(currency, fee_minor)} if fee_minor else set())


@pytest.mark.parametrize("kind", DESKS)
def test_one_capture_is_one_success_however_often_it_is_told(kind: type[Desk]) -> None:
    desk, sale = opened(kind, CURRENCIES[kind][0])

    told = facts_of(desk.capture(sale))

    assert len({fact.key for fact in told if fact.kind is FactKind.SUCCEEDED}) == 1


@pytest.mark.parametrize(("kind", "currency"), MARKETS)
def test_two_refunds_of_a_half_are_the_whole(kind: type[Desk], currency: str) -> None:
    desk, sale = opened(kind, currency)
    notices = desk.capture(sale)
    for _ in range(2):
        refund, begun = desk.refund(sale.captures[0], 5_000)
        notices += [*begun, *desk.settle_refund(refund)]

    assert state_of(sale, notices) is State.REFUNDED
    assert desk.books.by_payment()["ORD-1", currency].refunded == 10_000


@pytest.mark.parametrize("kind", DESKS)
def test_a_refund_that_failed_gave_nothing_back(kind: type[Desk]) -> None:
    desk, sale = opened(kind, CURRENCIES[kind][0])
    notices = desk.capture(sale)
    refund, begun = desk.refund(sale.captures[0], 5_000)
    notices += [*begun, *desk.settle_refund(refund, done=False)]

    assert state_of(sale, notices) is State.COMPLETED
    assert sale.captures[0].refunded_minor == 0


@pytest.mark.parametrize("kind", DESKS)
@pytest.mark.parametrize(("won", "state"), [(True, State.COMPLETED), (False, State.CHARGED_BACK)])
def test_only_a_lost_dispute_takes_money(kind: type[Desk], won: bool, state: State) -> None:  # noqa: FBT001
    desk, sale = opened(kind, CURRENCIES[kind][0])
    notices = desk.capture(sale)
    dispute, told = desk.dispute(sale.captures[0])
    notices += [*told, *desk.close_dispute(dispute, won=won)]

    assert state_of(sale, notices) is state
    assert sale.captures[0].charged_back_minor == (0 if won else 10_000)


@pytest.mark.parametrize("kind", [StripeDesk, StandardWebhooksDesk])
def test_a_failure_is_told_where_the_provider_tells_of_failures(kind: type[Desk]) -> None:
    desk, sale = opened(kind, CURRENCIES[kind][0])

    told = facts_of(desk.fail(sale))

    assert [(fact.kind, fact.status) for fact in told] == [(FactKind.FAILED, FactStatus.FAILED)]


@pytest.mark.parametrize("kind", DESKS)
def test_chatter_says_nothing_about_money(kind: type[Desk]) -> None:
    desk, sale = opened(kind, CURRENCIES[kind][0])

    assert facts_of(desk.chatter(sale)) == []


def test_the_books_add_up() -> None:
    desk, sale = opened(PaystackDesk, "NGN")
    desk.capture(sale)
    desk.capture(sale)
    refund, _ = desk.refund(sale.captures[0], 4_000)
    desk.settle_refund(refund)
    dispute, _ = desk.dispute(sale.captures[1])
    desk.close_dispute(dispute, won=False)

    sums = desk.books.by_payment()["ORD-1", "NGN"]

    assert sums == Sums(captured=20_000, refunded=4_000, charged_back=10_000, fees=300)
    assert sums.held == 5_700
    assert desk.books.by_provider(without_fees_of=frozenset())["paystack", "NGN"] == sums
    without = desk.books.by_provider(without_fees_of=frozenset({"ORD-1"}))
    assert without["paystack", "NGN"].fees == 0


def test_a_reference_is_sold_once() -> None:
    desk, sale = opened(PaystackDesk, "NGN")

    with pytest.raises(ValueError, match="in the books already"):
        desk.sale(sale.reference, "cust_2", 1, "NGN")
