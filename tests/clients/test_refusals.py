"""What a provider refuses: us, our key, our request, or more of them. Each is told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import ProviderAway, ProviderForbids, ProviderRefused
from domain.providers.api import AnswerUnclear
from tests.clients import objects
from tests.clients.conftest import KEY
from tests.clients.no_answers import HTML
from tests.clients.objects import STRIPE_ASKING
from tests.clients.scripted import (
    ScriptedProvider,
    answer,
)

if TYPE_CHECKING:
    from workers.clients.paystack import PaystackClient
    from workers.clients.stripe import StripeClient


@pytest.mark.parametrize(
    ("header", "expected_s"),
    [
        ("Retry-After: 7", 7.0),
        ("Retry-After: 0", 0.0),
        ("Retry-After: -7", None),
        ("Retry-After: 1.5", None),
        ("Retry-After: 3601", None),
        ("Retry-After: 99999999999999999999", None),
        ("Retry-After: soon", None),
        ("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("Retry-After: Wed, 21 Oct 9999 07:28:00 GMT", None),
        ("X-Other: 7", None),
    ],
)
def test_too_many_requests_is_away_and_says_for_how_long_where_that_is_sane(
    provider: ScriptedProvider, paystack_client: PaystackClient, header: str, expected_s: float
) -> None:
    provider.plays(answer(429, b"slow down", header))

    with pytest.raises(ProviderAway) as caught:
        paystack_client.look_up(objects.ASKING)

    assert caught.value.retry_after_s == expected_s
    assert len(provider.heard) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_is_no_fault_of_the_payment(
    provider: ScriptedProvider, paystack_client: PaystackClient, status: int
) -> None:
    provider.plays(answer(status, objects.refused(f"Invalid key {KEY}")))

    with pytest.raises(ProviderForbids) as caught:
        paystack_client.initialize(objects.ASKING, key="k")

    assert caught.value.http_status == status
    assert KEY not in repr(caught.value)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [HTML, b"", b'{"error": "denied by a rule"}'])
def test_a_firewall_that_refuses_us_says_nothing_about_our_key(
    provider: ScriptedProvider,
    paystack_client: PaystackClient,
    stripe_client: StripeClient,
    status: int,
    body: bytes,
) -> None:
    provider.plays(answer(status, body))

    for client, asking in ((paystack_client, objects.ASKING), (stripe_client, STRIPE_ASKING)):
        with pytest.raises(AnswerUnclear) as caught:
            client.initialize(asking, key="k")
        assert caught.value.http_status == status


def test_stripes_own_refusal_of_our_key_is_no_fault_of_the_payment(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(answer(403, objects.stripe_error("invalid_request_error")))

    with pytest.raises(ProviderForbids):
        stripe_client.initialize(STRIPE_ASKING, key="k")


def test_a_documented_refusal_keeps_its_code_and_none_of_its_words(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(400, objects.refused("Bad ada@example.com", "invalid_params")))

    with pytest.raises(ProviderRefused) as caught:
        paystack_client.initialize(objects.ASKING, key="k")

    assert (caught.value.http_status, caught.value.provider_code) == (400, "invalid_params")
    assert "ada@example.com" not in repr(caught.value)
