"""Paystack is asked what became of a payment: its answers tell what its webhooks do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.delivery import Mode
from domain.errors import OutcomeUnknown, ProviderRefused
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.clients import objects
from tests.clients.paystack_heard import webhook_facts
from tests.clients.scripted import ScriptedProvider, answer
from workers.clients import paystack

if TYPE_CHECKING:
    from tests.clients.conftest import MakeTransport
    from workers.clients.paystack import PaystackClient


@pytest.mark.parametrize("reference", [".", ".."])
def test_a_reference_that_is_a_step_in_a_path_is_refused_without_being_sent(
    provider: ScriptedProvider, paystack_client: PaystackClient, reference: str
) -> None:
    asking = replace(objects.ASKING, reference=reference)

    with pytest.raises(ProviderRefused):
        paystack_client.initialize(asking, key="k")
    with pytest.raises(ProviderRefused):
        paystack_client.look_up(asking)
    assert provider.heard == []


def test_the_parts_of_a_path_are_quoted(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(200, objects.verified(status="pending", reference="a/../b?c#d")))

    paystack_client.look_up(replace(objects.ASKING, reference="a/../b?c#d"))

    assert provider.heard[0].target == "/transaction/verify/a%2F..%2Fb%3Fc%23d"


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("code", ["transaction_not_found", None])
def test_only_paystacks_own_word_proves_that_there_is_no_such_payment(
    provider: ScriptedProvider, paystack_client: PaystackClient, status: int, code: str | None
) -> None:
    provider.plays(answer(status, objects.refused("Transaction reference not found.", code)))

    told = paystack_client.look_up(objects.ASKING)

    assert not told.is_known
    assert told.facts == ()


@pytest.mark.parametrize("mode", [Mode.TEST, Mode.LIVE])
def test_that_there_is_no_such_payment_is_said_of_the_world_of_our_key_only(
    provider: ScriptedProvider, make_transport: MakeTransport, mode: Mode
) -> None:
    provider.plays(answer(404, objects.refused("No", "transaction_not_found")))
    secret_key = f"sk_{mode}_0123456789abcdef0123456789"

    told = paystack.client(make_transport(), secret_key).look_up(objects.ASKING)

    assert (told.is_known, told.mode) == (False, mode)


def test_a_404_of_somebody_else_proves_nothing(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(404, {"error": "no route"}))

    with pytest.raises(OutcomeUnknown):
        paystack_client.look_up(objects.ASKING)


@pytest.mark.parametrize("status", ["success", "reversed"])
def test_a_paid_transaction_tells_the_facts_of_its_webhook(
    provider: ScriptedProvider, paystack_client: PaystackClient, status: str
) -> None:
    provider.plays(answer(200, objects.verified(status=status)), answer(200, objects.refunds()))

    told = paystack_client.look_up(objects.ASKING)

    assert told.facts == webhook_facts("charge.success", objects.transaction())
    assert {fact.kind for fact in told.facts} == {FactKind.SUCCEEDED, FactKind.FEE}
    assert (told.provider_reference, told.mode, told.is_final) == ("302961", Mode.TEST, True)
    assert provider.heard[1].target == "/refund?transaction=302961&perPage=100&page=1"


def test_another_amount_than_was_asked_for_is_told_as_it_is(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(200, objects.verified(amount=1)), answer(200, objects.refunds()))

    told = paystack_client.look_up(objects.ASKING)

    assert told.facts[0].amount == Money("NGN", 1)


@pytest.mark.parametrize("status", ["failed", "abandoned"])
def test_a_transaction_that_came_to_nothing_has_failed_for_good(
    provider: ScriptedProvider, paystack_client: PaystackClient, status: str
) -> None:
    provider.plays(answer(200, objects.verified(status=status, paid_at=None, fees=None)))

    told = paystack_client.look_up(objects.ASKING)

    assert told.facts == (Fact(FactKind.FAILED, "302961", FactStatus.FAILED),)
    assert (told.is_final, told.status, len(provider.heard)) == (True, status, 1)


@pytest.mark.parametrize("status", ["ongoing", "pending", "processing", "queued", "newly-invented"])
def test_a_transaction_under_way_is_neither_paid_nor_failed(
    provider: ScriptedProvider, paystack_client: PaystackClient, status: str
) -> None:
    provider.plays(answer(200, objects.verified(status=status)))

    told = paystack_client.look_up(objects.ASKING)

    assert {fact.kind for fact in told.facts} <= {FactKind.INITIALIZED}
    assert not told.is_final


@pytest.mark.parametrize(
    "wrong",
    [
        {"reference": "ORD-2"},
        {"amount": 0},
        {"amount": "125000"},
        {"amount": 125_000.0},
        {"currency": "XXX"},
        {"id": None},
        {"status": None},
        {"domain": "moon"},
    ],
)
def test_a_success_that_is_not_as_documented_is_no_success(
    provider: ScriptedProvider, paystack_client: PaystackClient, wrong: dict[str, Any]
) -> None:
    provider.plays(answer(200, objects.verified(**wrong)))

    with pytest.raises(OutcomeUnknown):
        paystack_client.look_up(objects.ASKING)
