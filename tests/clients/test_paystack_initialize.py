"""Paystack is asked to start a payment, in its units and under our reference."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.delivery import Mode
from domain.errors import ProviderRefused, ReferenceTaken
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.clients import objects
from tests.clients.paystack_heard import sent
from tests.clients.scripted import ScriptedProvider, answer
from workers.clients import paystack

if TYPE_CHECKING:
    from tests.clients.conftest import MakeTransport
    from workers.clients.paystack import PaystackClient


def test_a_payment_is_started_with_our_reference_and_paystacks_units(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(200, objects.initialized()))

    told = paystack_client.initialize(
        replace(objects.ASKING, callback_url="https://shop.example/back"), key="k"
    )

    heard = provider.heard[0]
    assert (heard.method, heard.target) == ("POST", "/transaction/initialize")
    assert heard.headers["content-type"] == "application/json"
    assert "idempotency-key" not in heard.headers
    assert sent(provider) == {
        "email": "ada@example.com",
        "amount": 125_000,
        "currency": "NGN",
        "reference": "ORD-1",
        "metadata": {"customer_id": "cust_1"},
        "callback_url": "https://shop.example/back",
    }
    assert told.authorization_url == "https://checkout.paystack.com/0peioxfhpn"
    assert told.facts == (Fact(FactKind.INITIALIZED, "ORD-1", FactStatus.KNOWN),)
    assert json.loads(told.answer) == objects.initialized()


def test_a_currency_without_a_subunit_is_sent_in_hundredths(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(200, objects.initialized()))
    paystack_client.initialize(replace(objects.ASKING, amount=Money("XOF", 500)), key="k")

    assert sent(provider)["amount"] == 50_000


@pytest.mark.parametrize(
    ("customer_id", "address"),
    [
        ("cust_1", "cust_1@customers.example.com"),
        ("a b", "c8687a08aa5d6ed2044328fa6a697ab8@customers.example.com"),
        ("x" * 65, "9537c5fdf120482f7d58d25e9ed583f5@customers.example.com"),
    ],
)
def test_a_customer_without_an_email_gets_an_address_that_nobody_reads(
    provider: ScriptedProvider, paystack_client: PaystackClient, customer_id: str, address: str
) -> None:
    provider.plays(answer(200, objects.initialized()))
    asking = replace(objects.ASKING, email=None, customer_id=customer_id)

    paystack_client.initialize(asking, key="k")
    first = sent(provider)["email"]
    paystack_client.initialize(asking, key="k")

    assert first == sent(provider)["email"]
    assert first == address


def test_money_that_paystack_cannot_write_is_refused_without_being_sent(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    with pytest.raises(ProviderRefused) as caught:
        paystack_client.initialize(replace(objects.ASKING, amount=Money("JPY", 500)), key="k")

    assert caught.value.provider_code == "currency_unknown"
    assert provider.heard == []


@pytest.mark.parametrize(
    "refusal",
    [
        objects.refused("Duplicate Transaction Reference", "duplicate_reference"),
        objects.refused("Duplicate Transaction Reference"),
        objects.refused("Said in other words", "duplicate_reference"),
    ],
)
def test_a_reference_that_is_there_already_is_taken(
    provider: ScriptedProvider, paystack_client: PaystackClient, refusal: dict[str, Any]
) -> None:
    provider.plays(answer(400, refusal))

    with pytest.raises(ReferenceTaken):
        paystack_client.initialize(objects.ASKING, key="k")


def test_a_payment_is_started_in_the_world_of_our_key(
    provider: ScriptedProvider, make_transport: MakeTransport
) -> None:
    provider.plays(answer(200, objects.initialized()))

    client = paystack.client(make_transport(), "sk_live_0123456789abcdef0123456789")

    assert client.initialize(objects.ASKING, key="k").mode is Mode.LIVE


def test_paystack_cannot_cancel(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    assert not paystack_client.can_cancel
    with pytest.raises(ProviderRefused):
        paystack_client.cancel(objects.ASKING, key="k")
    assert provider.heard == []
