"""What the API says of an object is what the webhooks say of it, by the simulated providers."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.asking import Asking
from domain.facts import Fact, FactKind
from domain.money import Money
from tests.clients import objects
from tests.clients.heard import facts_of
from tests.clients.scripted import ScriptedProvider, answer
from tests.simulator.books import Books
from tests.simulator.paystack import PaystackDesk
from tests.simulator.stripe import StripeDesk

if TYPE_CHECKING:
    from tests.simulator.notice import Notice
    from workers.clients.paystack import PaystackClient
    from workers.clients.stripe import StripeClient


def told_by_webhook(notice: Notice) -> set[Fact]:
    return set(facts_of(notice.provider, notice.body))


def untimed(facts: set[Fact]) -> set[Fact]:
    return {replace(fact, at_s=None) for fact in facts}


@pytest.mark.parametrize("currency", ["NGN", "XOF"])
def test_paystacks_transaction_and_refund_are_told_alike(
    provider: ScriptedProvider, paystack_client: PaystackClient, currency: str
) -> None:
    desk = PaystackDesk(Books(), random.Random(1))
    sale = desk.sale("ORD-1", "cust_1", 10_000, currency)
    (captured,) = desk.capture(sale)
    refund, _ = desk.refund(sale.captures[0], 2_000)
    (refunded,) = desk.settle_refund(refund)
    transaction, processed = _data(captured), _data(refunded)
    provider.plays(
        answer(200, {"status": True, "message": "", "data": transaction}),
        answer(200, objects.refunds(processed | {"id": 9, "transaction": transaction["id"]})),
    )

    told = paystack_client.look_up(Asking("ORD-1", Money(currency, 10_000), "cust_1"))

    assert set(told.facts) == told_by_webhook(captured) | told_by_webhook(refunded)


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD", "UGX"])
def test_stripes_intent_and_refund_are_told_alike(
    provider: ScriptedProvider, stripe_client: StripeClient, currency: str
) -> None:
    desk = StripeDesk(Books(), random.Random(1))
    sale = desk.sale("ORD-1", "cust_1", 10_000, currency)
    by_charge, by_intent = desk.capture(sale)
    refund, _ = desk.refund(sale.captures[0], 2_000)
    refunded, _ = desk.settle_refund(refund)
    intent = _data(by_intent)["object"]
    provider.plays(answer(200, intent), answer(200, objects.listed(_data(refunded)["object"])))

    told = stripe_client.look_up(
        Asking("ORD-1", Money(currency, 10_000), "cust_1", names=(intent["id"],))
    )

    assert untimed(set(told.facts)) == untimed(
        told_by_webhook(by_charge) | told_by_webhook(by_intent) | told_by_webhook(refunded)
    )
    assert {fact.kind for fact in told.facts} == {FactKind.SUCCEEDED, FactKind.REFUND}


def _data(notice: Notice) -> dict[str, Any]:
    data = json.loads(notice.body)["data"]
    assert isinstance(data, dict)
    return data
