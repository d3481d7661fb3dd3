"""Stripe asked over real HTTP: what is sent, and that its answers tell what its webhooks do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from domain.asking import ToldRefund
from domain.delivery import Mode
from domain.errors import OutcomeUnknown, ProviderRefused
from domain.facts import OBJECT_ID_LENGTH_MAX, Fact, FactKind, FactStatus
from domain.money import Money
from domain.providers import PROVIDERS, stripe_api
from tests.clients import objects
from tests.clients.scripted import ScriptedProvider, answer, resets

if TYPE_CHECKING:
    from workers.clients.stripe import StripeClient

NAMELESS = replace(objects.STRIPE_ASKING, names=("ORD-1",))


def webhook_facts(type_: str, about: dict[str, Any]) -> tuple[Fact, ...]:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": type_,
        "livemode": False,
        "created": about["created"],
        "data": {"object": about},
    }
    return PROVIDERS["stripe"].parse(json.dumps(event).encode(), "evt_1").facts


def form(provider: ScriptedProvider) -> dict[str, str]:
    return dict(parse_qsl(provider.heard[-1].body.decode(), strict_parsing=True))


def path(provider: ScriptedProvider, number: int) -> str:
    return urlsplit(provider.heard[number].target).path


def query(provider: ScriptedProvider, number: int) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(provider.heard[number].target).query))


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


def test_an_open_session_is_under_way(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(answer(200, objects.session()))

    told = stripe_client.look_up(objects.STRIPE_ASKING)

    assert path(provider, 0) == "/v1/checkout/sessions/cs_test_1"
    assert query(provider, 0) == {"expand[]": "payment_intent"}
    assert told.facts == (Fact(FactKind.INITIALIZED, "cs_test_1", FactStatus.KNOWN),)
    assert (told.is_known, told.is_final) == (True, False)


def test_a_paid_session_tells_the_facts_of_its_webhooks(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(answer(200, objects.paid_session()), answer(200, objects.listed()))

    told = stripe_client.look_up(objects.STRIPE_ASKING)

    success = [fact for fact in told.facts if fact.kind is FactKind.SUCCEEDED]
    by_session = objects.paid_session(payment_intent="pi_1")
    assert tuple(success) == webhook_facts("payment_intent.succeeded", objects.intent())
    assert success[0].key == webhook_facts("checkout.session.completed", by_session)[0].key
    assert (told.provider_reference, told.mode, told.is_final) == ("pi_1", Mode.TEST, True)
    assert query(provider, 1) == {"payment_intent": "pi_1", "limit": "100"}


def test_an_expired_session_has_failed_for_good(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    expired = objects.session(status="expired", url=None)
    provider.plays(answer(200, expired))

    told = stripe_client.look_up(objects.STRIPE_ASKING)

    assert told.facts == webhook_facts("checkout.session.expired", expired)
    assert (told.is_final, told.status) == (True, "expired")


def test_a_declined_try_in_a_session_that_expired_is_over(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    declined = objects.intent(status="requires_payment_method", amount_received=0)
    provider.plays(answer(200, objects.session(status="expired", payment_intent=declined)))

    told = stripe_client.look_up(objects.STRIPE_ASKING)

    by_webhook = objects.session(status="expired", payment_intent="pi_1")
    assert told.facts == webhook_facts("checkout.session.expired", by_webhook)
    assert told.is_final


def test_a_declined_try_in_an_open_session_is_not_the_last(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    declined = objects.intent(status="requires_payment_method", amount_received=0)
    provider.plays(answer(200, objects.session(payment_intent=declined)))

    told = stripe_client.look_up(objects.STRIPE_ASKING)

    assert {fact.kind for fact in told.facts} == {FactKind.INITIALIZED}
    assert not told.is_final


def test_a_session_that_waits_for_the_bank_is_not_final(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    waiting = objects.intent(status="processing", amount_received=0)
    provider.plays(answer(200, objects.session(status="complete", payment_intent=waiting)))

    told = stripe_client.look_up(objects.STRIPE_ASKING)

    assert not told.is_final
    assert {fact.kind for fact in told.facts} == {FactKind.INITIALIZED}


def test_one_session_that_is_open_keeps_a_payment_open(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(
        answer(200, objects.session(status="expired")), answer(200, objects.session(id="cs_test_2"))
    )

    told = stripe_client.look_up(replace(objects.STRIPE_ASKING, names=("cs_test_1", "cs_test_2")))

    assert not told.is_final


@pytest.mark.parametrize(
    "session",
    [
        objects.paid_session(payment_intent=None),
        objects.paid_session(payment_intent=objects.intent(amount=0, amount_received=0)),
        objects.paid_session(payment_intent=objects.intent(currency="xxx")),
        objects.session(status="strange"),
        objects.session(metadata={"reference": "ORD-2"}),
        objects.session(metadata={}, client_reference_id=None),
    ],
)
def test_a_session_that_is_not_as_documented_proves_nothing(
    provider: ScriptedProvider, stripe_client: StripeClient, session: dict[str, Any]
) -> None:
    provider.plays(answer(200, session))

    with pytest.raises(OutcomeUnknown):
        stripe_client.look_up(objects.STRIPE_ASKING)


def test_a_name_that_stripe_gave_and_does_not_know_proves_nothing(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(answer(404, objects.stripe_error("invalid_request_error", "resource_missing")))

    with pytest.raises(OutcomeUnknown):
        stripe_client.look_up(objects.STRIPE_ASKING)


def test_an_intent_is_looked_up_by_its_name(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    canceled = objects.intent(status="canceled", amount_received=0)
    provider.plays(answer(200, canceled))

    told = stripe_client.look_up(replace(objects.STRIPE_ASKING, names=("pi_1",)))

    assert path(provider, 0) == "/v1/payment_intents/pi_1"
    assert told.facts == webhook_facts("payment_intent.canceled", canceled)
    assert told.is_final


def test_a_payment_without_names_is_searched_for(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    other = objects.intent(id="pi_2", metadata={"reference": "ORD-2"})
    provider.plays(
        answer(200, objects.listed(objects.intent(), other)), answer(200, objects.listed())
    )

    told = stripe_client.look_up(NAMELESS)

    assert path(provider, 0) == "/v1/payment_intents/search"
    assert query(provider, 0)["query"] == "metadata['reference']:'ORD-1'"
    assert [fact.object_id for fact in told.facts] == ["pi_1"]


def test_a_search_that_finds_nothing_proves_nothing(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    provider.plays(answer(200, objects.listed()))

    for _ in range(7):  # and is no failure of the provider's either
        with pytest.raises(OutcomeUnknown):
            stripe_client.look_up(NAMELESS)

    assert len(provider.heard) == 7


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


def test_a_page_lists_intents_with_what_was_given_back(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    charge = {
        "id": "ch_1",
        "payment_intent": "pi_1",
        "amount_refunded": 500,
        "currency": "usd",
        "created": 1_772_431_200,
    }
    strange = objects.intent(id="pi_3", currency="xxx")
    provider.plays(
        answer(
            200,
            objects.listed(
                objects.intent(latest_charge=charge),
                objects.intent(id="pi_2", status="requires_payment_method", amount_received=0),
                strange,
                has_more=True,
            ),
        )
    )

    page = stripe_client.page(since_s=1, until_s=2, cursor="pi_0")

    assert path(provider, 0) == "/v1/payment_intents"
    assert query(provider, 0) == {
        "created[gte]": "1",
        "created[lte]": "2",
        "limit": "100",
        "expand[]": "data.latest_charge",
        "starting_after": "pi_0",
    }
    paid, open_, unreadable = page.items
    assert paid.facts == webhook_facts(
        "payment_intent.succeeded", objects.intent()
    ) + webhook_facts("charge.refunded", charge)
    assert (paid.reference, paid.amount, paid.refunded_minor) == ("ORD-1", Money("USD", 1_250), 500)
    assert (open_.facts, open_.amount, open_.refunded_minor) == ((), Money("USD", 1_250), None)
    assert (unreadable.status, unreadable.facts, unreadable.amount) == ("succeeded", (), None)
    assert page.next_cursor == "pi_3"


def test_a_list_whose_cursor_is_too_long_to_keep_is_not_understood(
    provider: ScriptedProvider, stripe_client: StripeClient
) -> None:
    long_id = "pi_" + "0" * OBJECT_ID_LENGTH_MAX
    provider.plays(answer(200, objects.listed(objects.intent(id=long_id), has_more=True)))

    with pytest.raises(OutcomeUnknown):
        stripe_client.page(since_s=1, until_s=2, cursor=None)
