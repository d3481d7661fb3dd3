"""Paystack is asked to give money back, and what of it its answers tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.asking import ToldRefund
from domain.errors import OutcomeUnknown, ProviderRefused
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.providers.api import PAGE_ITEMS, REFUND_PAGES_MAX
from tests.clients import objects
from tests.clients.paystack_heard import sent, webhook_facts
from tests.clients.scripted import ScriptedProvider, answer

if TYPE_CHECKING:
    from workers.clients.paystack import PaystackClient


def test_a_refund_carries_our_reference_and_is_told_as_the_one_made(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    made = objects.refund(status="pending", transaction={"id": 302961, "reference": "ORD-1"})
    provider.plays(answer(200, {"status": True, "message": "Queued", "data": made}))

    told = paystack_client.refund(objects.REFUND, key="k")

    assert (provider.heard[0].method, provider.heard[0].target) == ("POST", "/refund")
    assert sent(provider) == {
        "transaction": "302961",
        "amount": 5_000,
        "currency": "NGN",
        "merchant_note": "RF-1",
        "customer_note": "not delivered",
    }
    assert told.refunds == (
        ToldRefund("77", FactStatus.PENDING, Money("NGN", 5_000), None, "RF-1"),
    )
    assert told.facts == ()


def test_a_refund_that_is_done_at_once_waits_for_the_sum_it_is_counted_in(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(200, {"status": True, "message": "Done", "data": objects.refund()}))

    told = paystack_client.refund(objects.REFUND, key="k")

    assert told.refunds[0].status is FactStatus.PENDING


def test_a_refund_that_is_refused_is_not_sent_twice(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(400, objects.refused("Refund amount cannot be more", "invalid_amount")))

    with pytest.raises(ProviderRefused):
        paystack_client.refund(objects.REFUND, key="k")

    assert len(provider.heard) == 1


def looked_up_with(
    provider: ScriptedProvider, client: PaystackClient, *refunds: dict[str, Any]
) -> tuple[tuple[Fact, ...], tuple[ToldRefund, ...]]:
    provider.plays(answer(200, objects.verified()), answer(200, objects.refunds(*refunds)))
    told = client.look_up(objects.ASKING)
    return told.facts[2:], told.refunds


def test_a_refund_with_its_webhooks_name_tells_the_fact_of_its_webhook(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    named = objects.refund(refund_reference="132013318360")

    facts, told = looked_up_with(provider, paystack_client, named)

    assert facts == webhook_facts("refund.processed", named | {"amount": "5000"})
    assert told == (
        ToldRefund("77", FactStatus.SUCCEEDED, Money("NGN", 5_000), "132013318360", "RF-1"),
    )


def test_refunds_without_a_name_are_told_as_one_sum_of_all_that_are_processed(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    facts, told = looked_up_with(
        provider,
        paystack_client,
        objects.refund(id=1, refund_reference="R-1", amount=100),
        objects.refund(id=2, amount=20, merchant_note="by hand, in the dashboard"),
        objects.refund(id=3, amount=3, status="pending"),
        objects.refund(id=4, amount=4, status="failed"),
        objects.refund(id=5, amount=5, status="needs-attention"),
        objects.refund(id=6, amount=6, transaction=999),
    )

    assert facts == (
        Fact(FactKind.REFUND, "R-1", FactStatus.SUCCEEDED, Money("NGN", 100)),
        Fact(
            FactKind.REFUND_TOTAL,
            "302961",
            FactStatus.SUCCEEDED,
            Money("NGN", 120),
            capture_id="302961",
        ),
    )
    assert [refund.status for refund in told] == [
        FactStatus.SUCCEEDED,
        FactStatus.SUCCEEDED,
        FactStatus.PENDING,
        FactStatus.FAILED,
        FactStatus.PENDING,
    ]
    assert told[1].ours is None


def test_refunds_in_a_currency_of_their_own_are_not_understood(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    with pytest.raises(OutcomeUnknown):
        looked_up_with(
            provider, paystack_client, objects.refund(), objects.refund(id=2, currency="GHS")
        )


def test_refunds_are_read_to_the_last_page_or_not_at_all(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    full = answer(200, objects.refunds(*[objects.refund(amount=1)] * PAGE_ITEMS))
    rest = answer(200, objects.refunds(objects.refund(amount=1)))
    provider.plays(answer(200, objects.verified()), full, rest)
    assert len(paystack_client.look_up(objects.ASKING).refunds) == PAGE_ITEMS + 1

    provider.heard.clear()
    provider.plays(answer(200, objects.verified()), full)
    with pytest.raises(OutcomeUnknown):
        paystack_client.look_up(objects.ASKING)
    assert len(provider.heard) == REFUND_PAGES_MAX + 1
