"""Stripe is asked for its list, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import OutcomeUnknown
from domain.facts import OBJECT_ID_LENGTH_MAX
from domain.money import Money
from tests.clients import objects
from tests.clients.scripted import ScriptedProvider, answer
from tests.clients.stripe_heard import path, query, webhook_facts

if TYPE_CHECKING:
    from workers.clients.stripe import StripeClient


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
