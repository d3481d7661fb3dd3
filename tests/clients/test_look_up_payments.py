"""What became of a payment is asked of every provider whose events prove nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.delivery import Mode
from domain.errors import NothingFound, OutcomeUnknown, ProviderRefused
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.providers.api import AnswerUnclear
from tests.clients.looking_up import (
    BY_REFERENCE,
    SLUGS,
    WITHOUT_REFERENCE,
    Asker,
    by_hint,
    by_name,
    kinds,
    of,
)
from tests.simulator.api.lookups.serving import LookUps, simulated_lookups

if TYPE_CHECKING:
    from collections.abc import Iterator

each_provider = pytest.mark.parametrize("slug", SLUGS)
OWN_NAMES = [each for each in SLUGS if each not in BY_REFERENCE + WITHOUT_REFERENCE]
FINDS = [
    "fawry-v2",
    "flutterwave-v3",
    "flutterwave-v4",
    "interswitch",
    "mercado-pago",
    "midtrans",
    "plaid",
]
"""Those that can be asked by our reference alone."""


@pytest.fixture
def there() -> Iterator[LookUps]:
    with simulated_lookups() as running:
        yield running


@pytest.fixture
def asker(there: LookUps) -> Iterator[Asker]:
    with Asker(there) as made:
        yield made


@each_provider
def test_a_payment_is_told_with_its_exact_money_and_whose_it_is(
    there: LookUps, asker: Asker, slug: str
) -> None:
    sale = there.pay(slug, "ORD-1", 9_007_199_254_740_993)

    told = asker.told(slug, by_hint(slug, sale))

    money = Money(sale.currency, 9_007_199_254_740_993)
    fact = Fact(FactKind.SUCCEEDED, sale.object_id, FactStatus.SUCCEEDED, money)
    assert told.facts == (fact,)
    assert told.reference == "ORD-1"
    assert told.provider_reference == sale.object_id
    assert told.is_final
    assert told.is_known
    assert told.mode is Mode.TEST
    assert (sale.object_id if slug in WITHOUT_REFERENCE else "ORD-1").encode() in told.answer


@each_provider
def test_asked_twice_it_tells_the_same_facts(there: LookUps, asker: Asker, slug: str) -> None:
    sale = there.pay(slug, "ORD-1", 125_000)
    client = asker.client(slug)

    first = client.look_up(by_hint(slug, sale))
    second = client.look_up(by_name(sale))

    assert first.facts == second.facts
    assert first.provider_reference == second.provider_reference


@each_provider
def test_a_payment_that_is_not_paid_moves_no_money(there: LookUps, asker: Asker, slug: str) -> None:
    sale = there.open(slug, "ORD-1", 125_000)
    if slug == "mpesa-daraja":
        with pytest.raises(OutcomeUnknown):
            asker.told(slug, by_hint(slug, sale))
        return

    told = asker.told(slug, by_hint(slug, sale))

    assert kinds(told) == [(FactKind.INITIALIZED, "known", None)]
    assert not told.is_final
    assert told.reference == "ORD-1"


@each_provider
def test_a_payment_that_has_failed_is_proven_to_have(
    there: LookUps, asker: Asker, slug: str
) -> None:
    sale = there.fail(slug, "ORD-1", 125_000)

    told = asker.told(slug, by_hint(slug, sale))

    assert told.facts == (Fact(FactKind.FAILED, sale.object_id, FactStatus.FAILED),)


@pytest.mark.parametrize("slug", OWN_NAMES)
def test_whose_it_is_says_the_provider_and_not_the_event(
    there: LookUps, asker: Asker, slug: str
) -> None:
    sale = there.pay(slug, "ORD-2", 125_000)
    claimed = by_hint(slug, sale, reference="ORD-1", amount=Money(sale.currency, 1))

    told = asker.told(slug, claimed)

    assert told.reference == "ORD-2"
    assert [fact.amount for fact in told.facts] == [Money(sale.currency, 125_000)]


@pytest.mark.parametrize("slug", OWN_NAMES)
def test_a_payment_without_our_reference_is_nobodys(
    there: LookUps, asker: Asker, slug: str
) -> None:
    sale = there.pay(slug, None, 125_000)

    assert asker.told(slug, by_hint(slug, sale, reference="ORD-1")).reference is None


@pytest.mark.parametrize("slug", OWN_NAMES)
def test_an_answer_about_another_payment_than_was_asked_about_is_none(
    there: LookUps, asker: Asker, slug: str
) -> None:
    sale = there.pay(slug, "ORD-2", 125_000)

    with pytest.raises(AnswerUnclear):
        asker.told(slug, by_name(sale, reference="ORD-1"))


@pytest.mark.parametrize("slug", OWN_NAMES)
def test_an_answer_about_another_object_than_was_asked_for_is_none(
    there: LookUps, asker: Asker, slug: str
) -> None:
    sale = there.pay(slug, "ORD-1", 125_000)
    other = there.pay(slug, "ORD-1", 125_000)
    asking = by_hint(slug, replace(other))
    sale.object_id, there.desks[slug].book.sales[other.object_id] = sale.object_id, sale

    with pytest.raises(AnswerUnclear):
        asker.told(slug, asking)


@pytest.mark.parametrize("slug", [*OWN_NAMES, "mpesa-daraja"])
def test_a_name_that_the_provider_does_not_know_is_refused_for_a_person_to_see(
    there: LookUps, asker: Asker, slug: str
) -> None:
    sale = there.pay(slug, "ORD-1", 125_000)
    there.desks[slug].book.sales.clear()

    with pytest.raises(ProviderRefused) as caught:
        asker.told(slug, by_hint(slug, sale))
    assert caught.value.provider_code == "not_found"

    with pytest.raises(NothingFound):
        asker.told(slug, by_name(sale))


@pytest.mark.parametrize("slug", [*OWN_NAMES, "mpesa-daraja"])
@pytest.mark.parametrize("hint", ["../../v2/payouts", "tr_1?embed=x", "a b", "x", "%2e%2e", "RF/1"])
def test_a_name_that_could_not_be_one_is_not_sent(
    there: LookUps, asker: Asker, slug: str, hint: str
) -> None:
    sale = there.pay(slug, "ORD-1", 125_000)

    with pytest.raises(ProviderRefused) as caught:
        asker.told(slug, by_hint(slug, sale, hint=hint))

    assert caught.value.provider_code == "hint_unusable"
    assert [each for each in there.asked(slug) if not each.path[-1].startswith("token")] == []


@pytest.mark.parametrize("slug", FINDS)
def test_a_payment_is_found_by_our_reference_alone(there: LookUps, asker: Asker, slug: str) -> None:
    there.pay(slug, "ORD-9", 1)
    sale = there.pay(slug, "ORD-1", 125_000)

    told = asker.told(slug, by_name(sale, names=()))

    assert kinds(told) == [(FactKind.SUCCEEDED, "succeeded", 125_000)]
    assert told.reference == "ORD-1"


@pytest.mark.parametrize("slug", SLUGS)
def test_what_is_not_there_yet_is_no_proof_of_anything(
    there: LookUps, asker: Asker, slug: str
) -> None:
    sale = there.pay(slug, "ORD-1", 125_000)
    there.desks[slug].book.sales.clear()

    with pytest.raises(NothingFound):
        asker.told(slug, by_name(sale, names=()))


def test_of_several_payments_the_one_that_was_paid_is_told(there: LookUps, asker: Asker) -> None:
    sale = there.pay("mercado-pago", "ORD-1", 125_000)
    there.fail("mercado-pago", "ORD-1", 125_000)

    told = asker.told("mercado-pago", by_name(sale, names=()))

    assert [fact.object_id for fact in of(told, FactKind.SUCCEEDED)] == [sale.object_id]


def test_an_order_of_paypal_that_is_another_than_was_asked_for_proves_nothing(
    there: LookUps, asker: Asker
) -> None:
    sale = there.pay("paypal", "ORD-1", 125_000)
    sale.more["told_order"] = "O0000000000099999"

    with pytest.raises(AnswerUnclear):
        asker.told("paypal", by_hint("paypal", sale))


def test_money_that_interswitch_has_no_name_for_yet_is_not_counted_under_ours(
    there: LookUps, asker: Asker
) -> None:
    """It would be counted once more as soon as theirs is known."""
    sale = there.pay("interswitch", "ORD-1", 125_000)
    sale.more["unnamed"] = "yes"
    with pytest.raises(AnswerUnclear):
        asker.told("interswitch", by_hint("interswitch", sale))

    del sale.more["unnamed"]
    told = asker.told("interswitch", by_hint("interswitch", sale))
    assert [fact.object_id for fact in of(told, FactKind.SUCCEEDED)] == [sale.object_id]


@pytest.mark.parametrize("slug", ["flutterwave-v3", "mercado-pago"])
def test_a_number_that_is_spelled_otherwise_is_no_name(
    there: LookUps, asker: Asker, slug: str
) -> None:
    """The provider would read the number, and its answer would be unclear for a whole day."""
    sale = there.pay(slug, "ORD-1", 125_000)

    with pytest.raises(ProviderRefused) as caught:
        asker.told(slug, by_hint(slug, sale, hint=f"0{sale.object_id}"))

    assert caught.value.provider_code == "hint_unusable"
    assert there.asked(slug) == []
