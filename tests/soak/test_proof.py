"""The proof of a soak notices what contradicts it; the provider is the simulator itself."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest

from tests.simulator.provider import simulated
from tests.soak.intents import Intent, Refunding
from tests.soak.proof import CHECKS, asked, charges, prove, rest
from tests.soak.proof.evidence import Evidence
from tests.soak.shop import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.provider import Provider

SALE = {
    "mode": "payment",
    "client_reference_id": "ORD-1",
    "success_url": "https://shop.example/back",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "5000",
    "line_items[0][price_data][product_data][name]": "credit",
    "line_items[0][quantity]": "1",
    "metadata[reference]": "ORD-1",
}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with simulated(seed=1) as running:
        yield running


def opened(provider: Provider, times: int) -> None:
    """Have one reference opened at Stripe so many times, each time under a key of its own."""
    with httpx.Client(headers={"authorization": "Bearer sk_test_x"}) as client:
        for number in range(times):
            headers = {"idempotency-key": f"key-{number}"}
            url = f"{provider.url_stripe}/v1/checkout/sessions"
            answer = client.post(url, data=SALE, headers=headers)
            assert answer.status_code == 200, answer.text


def journal() -> Journal:
    """Return what a shop knows that asked for this one payment."""
    keys = [uuid.uuid4() for _ in range(3)]
    intent = Intent(
        key=keys[0],
        provider="stripe",
        customer_id="ada",
        amount_minor=5_000,
        currency="USD",
        reference="ORD-1",
        is_repeated=False,
        is_twice_at_once=False,
        is_verified=False,
        verify_key=keys[1],
        refunding=Refunding.NONE,
        refund_key=keys[2],
    )
    return Journal(payments={"ORD-1": intent})


def evidence(connection: psycopg.Connection, provider: Provider, shop: Journal) -> Evidence:
    return Evidence("stripe", connection, provider.books, list(provider.journal), shop)


def test_a_payment_that_is_only_at_the_provider_contradicts_the_proof(
    provider: Provider, database_url: str
) -> None:
    opened(provider, 1)
    provider.pay("ORD-1")

    with psycopg.connect(database_url) as connection:
        found = evidence(connection, provider, journal())

        assert charges.every_intent_is_one_transaction(found).holds
        assert not asked.every_acknowledgement_is_a_payment(found).holds
        assert not asked.every_key_is_one_payment(found).holds
        assert not charges.both_sides_know_the_same_charges(found).holds
        assert not charges.credit_is_what_the_provider_holds(found).holds


def test_a_payment_opened_and_charged_twice_contradicts_the_proof(
    provider: Provider, database_url: str
) -> None:
    opened(provider, 2)
    provider.pay("ORD-1")
    provider.pay("ORD-1", again=True)

    with psycopg.connect(database_url) as connection:
        found = evidence(connection, provider, journal())

        assert charges.every_intent_is_one_transaction(found).problems == (
            "ORD-1 was opened 2 times",
        )
        assert "ORD-1 was charged 2 times" in charges.no_payment_is_charged_twice(found).problems
        assert not rest.no_call_had_its_effect_twice(found).holds


def test_a_soak_in_which_nothing_happened_proves_nothing(
    provider: Provider, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        found = prove(evidence(connection, provider, Journal()))

    assert len(found) == len(CHECKS)
    held = [each.name for each in found if each.holds]
    assert held == ["nothing is owed any more"]
