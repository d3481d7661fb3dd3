"""Stripe is asked to start a payment: a session under our reference and our key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.delivery import Mode
from domain.errors import OutcomeUnknown, ProviderRefused
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.providers import stripe_api
from tests.clients import objects
from tests.clients.scripted import ScriptedProvider, answer, resets
from tests.clients.stripe_heard import form

if TYPE_CHECKING:
    from workers.clients.stripe import StripeClient


def test_a_payment_is_started_as_a_session_that_carries_our_reference(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(answer(200, objects.session()))

    told = stripe_client.initialize(
        replace(objects.STRIPE_ASKING, names=(), email="ada@example.com"), key="a-key"
    )

    heard = provider.heard[0]
    assert (heard.method, heard.target) == ("POST", "/v1/checkout/sessions")
    assert heard.headers["idempotency-key"] == "a-key"
    assert heard.headers["stripe-version"] == stripe_api.VERSION
    assert heard.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form(provider) == {
        "mode": "payment",
        "client_reference_id": "ORD-1",
        "metadata[reference]": "ORD-1",
        "payment_intent_data[metadata][reference]": "ORD-1",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "1250",
        "line_items[0][price_data][product_data][name]": "Payment ORD-1",
        "success_url": stripe_api.RETURN_URL,
        "cancel_url": stripe_api.RETURN_URL,
        "customer_email": "ada@example.com",
    }
    assert told.authorization_url == "https://checkout.stripe.com/c/pay/cs_test_1"
    assert told.facts == (Fact(FactKind.INITIALIZED, "cs_test_1", FactStatus.KNOWN),)
    assert (told.provider_reference, told.mode) == ("cs_test_1", Mode.TEST)


def test_a_start_that_is_repeated_carries_the_same_key(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(resets(), answer(200, objects.session()))

    stripe_client.initialize(objects.STRIPE_ASKING, key="a-key")

    assert [heard.headers["idempotency-key"] for heard in provider.heard] == ["a-key", "a-key"]


@pytest.mark.parametrize(
    ("money", "wire"),
    [(Money("JPY", 500), "500"), (Money("UGX", 5), "500"), (Money("KWD", 5), "5")],
)
def test_amounts_are_sent_in_stripes_own_units(
    provider: ScriptedProvider, stripe_client: StripeClient, money: Money, wire: str
) -> None:
    provider.plays(answer(200, objects.session()))

    stripe_client.initialize(replace(objects.STRIPE_ASKING, amount=money), key="k")

    assert form(provider)["line_items[0][price_data][unit_amount]"] == wire


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (409, objects.stripe_error("invalid_request_error", "idempotency_key_in_use")),
        (400, objects.stripe_error("idempotency_error")),
    ],
)
def test_a_key_in_use_proves_nothing_about_the_first_request(
    provider: ScriptedProvider, stripe_client: StripeClient, status: int, error: dict[str, Any]
) -> None:
    provider.plays(answer(status, error))

    with pytest.raises(OutcomeUnknown):
        stripe_client.initialize(objects.STRIPE_ASKING, key="k")


def test_an_invalid_request_is_refused_by_its_code(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(answer(400, objects.stripe_error("invalid_request_error", "amount_too_small")))

    with pytest.raises(ProviderRefused) as caught:
        stripe_client.initialize(objects.STRIPE_ASKING, key="k")

    assert caught.value.provider_code == "amount_too_small"
    assert "ada@example.com" not in repr(caught.value)
    assert len(provider.heard) == 1
