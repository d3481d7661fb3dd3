"""Stripe is asked to give money back, or to let a payment go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.asking import ToldRefund
from domain.errors import ProviderRefused
from domain.facts import FactStatus
from domain.money import Money
from tests.clients import objects
from tests.clients.scripted import ScriptedProvider, answer
from tests.clients.stripe_heard import form, query, webhook_facts

if TYPE_CHECKING:
    from workers.clients.stripe import StripeClient

NAMELESS = replace(objects.STRIPE_ASKING, names=("ORD-1",))


@pytest.mark.parametrize(
    ("status", "told_as"),
    [
        ("succeeded", FactStatus.SUCCEEDED),
        ("pending", FactStatus.PENDING),
        ("requires_action", FactStatus.PENDING),
        ("failed", FactStatus.FAILED),
        ("canceled", FactStatus.FAILED),
    ],
)
def test_refunds_tell_the_facts_of_their_webhooks(
    provider: ScriptedProvider, stripe_client: StripeClient, status: str, told_as: FactStatus
) -> None:
    refund = objects.stripe_refund(status=status)
    others = objects.stripe_refund(id="re_9", payment_intent="pi_9")
    provider.plays(
        answer(200, objects.paid_session()),
        answer(200, objects.listed(refund, has_more=True)),
        answer(200, objects.listed(objects.stripe_refund(id="re_2", metadata={}), others)),
    )

    told = stripe_client.look_up(objects.STRIPE_ASKING)

    assert webhook_facts("refund.updated", refund)[0] in told.facts
    assert told.refunds == (
        ToldRefund("re_1", told_as, Money("USD", 500), "re_1", "RF-1"),
        ToldRefund("re_2", FactStatus.SUCCEEDED, Money("USD", 500), "re_2", None),
    )
    assert query(provider, 2)["starting_after"] == "re_1"


def test_a_refund_is_made_under_its_key_and_told_as_the_one_made(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    made = objects.stripe_refund(status="pending")
    provider.plays(answer(500, b""), answer(200, made))

    told = stripe_client.refund(objects.STRIPE_REFUND, key="a-key")

    assert [heard.headers["idempotency-key"] for heard in provider.heard] == ["a-key", "a-key"]
    assert provider.heard[1].target == "/v1/refunds"
    assert form(provider) == {
        "payment_intent": "pi_1",
        "amount": "500",
        "metadata[refund]": "RF-1",
        "metadata[reference]": "ORD-1",
        "metadata[reason]": "returned",
    }
    assert told.facts == webhook_facts("refund.created", made)
    assert told.refunds == (
        ToldRefund("re_1", FactStatus.PENDING, Money("USD", 500), "re_1", "RF-1"),
    )


def test_a_session_is_cancelled_by_letting_it_expire(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    expired = objects.session(status="expired", url=None, payment_intent="pi_1")
    provider.plays(answer(200, expired))

    told = stripe_client.cancel(objects.STRIPE_ASKING, key="a-key")

    assert provider.heard[0].target == "/v1/checkout/sessions/cs_test_1/expire"
    assert provider.heard[0].headers["idempotency-key"] == "a-key"
    assert told.is_final
    assert told.facts == webhook_facts("checkout.session.expired", expired)


def test_an_intent_is_cancelled_where_there_is_no_session(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(answer(200, objects.intent(status="canceled")))

    stripe_client.cancel(replace(objects.STRIPE_ASKING, names=("pi_1",)), key="k")

    assert provider.heard[0].target == "/v1/payment_intents/pi_1/cancel"


def test_a_payment_without_names_cannot_be_cancelled(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    with pytest.raises(ProviderRefused):
        stripe_client.cancel(NAMELESS, key="k")
    assert provider.heard == []
