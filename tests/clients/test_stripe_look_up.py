"""Stripe is asked what became of a payment: its answers tell what its webhooks do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.delivery import Mode
from domain.errors import OutcomeUnknown
from domain.facts import Fact, FactKind, FactStatus
from tests.clients import objects
from tests.clients.scripted import ScriptedProvider, answer
from tests.clients.stripe_heard import path, query, webhook_facts

if TYPE_CHECKING:
    from workers.clients.stripe import StripeClient

NAMELESS = replace(objects.STRIPE_ASKING, names=("ORD-1",))


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
