"""Paystack asked over real HTTP: what is sent, and that its answers tell what its webhooks do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from domain.asking import ToldRefund
from domain.delivery import Mode
from domain.errors import OutcomeUnknown, ProviderRefused, ReferenceTaken
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.providers import PROVIDERS
from domain.providers.api import PAGE_ITEMS, REFUND_PAGES_MAX
from tests.clients import objects
from tests.clients.scripted import ScriptedProvider, answer
from workers.clients import paystack

if TYPE_CHECKING:
    from tests.clients.conftest import MakeTransport
    from workers.clients.paystack import PaystackClient


def webhook_facts(event: str, data: dict[str, Any]) -> tuple[Fact, ...]:
    body = json.dumps({"event": event, "data": data}).encode()
    return PROVIDERS["paystack"].parse(body, "any").facts


def sent(provider: ScriptedProvider) -> dict[str, Any]:
    found = json.loads(provider.heard[-1].body)
    assert isinstance(found, dict)
    return found


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


def test_a_payment_is_started_in_the_world_of_our_key(
    provider: ScriptedProvider, make_transport: MakeTransport
) -> None:
    provider.plays(answer(200, objects.initialized()))

    client = paystack.client(make_transport(), "sk_live_0123456789abcdef0123456789")

    assert client.initialize(objects.ASKING, key="k").mode is Mode.LIVE


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


def test_a_refund_carries_our_reference_and_is_told_as_the_one_made(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    made = objects.refund(status="pending", transaction={"id": 302961, "reference": "ORD-1"})
    provider.plays(answer(200, {"status": True, "message": "Queued", "data": made}))

    told = paystack_client.refund(objects.REFUND, key="k")

    assert (provider.heard[0].method, provider.heard[0].target) == ("POST", "/refund")
    assert sent(provider) == {
        "transaction": "302961",
        "amount": 5_000,
        "currency": "NGN",
        "merchant_note": "RF-1",
        "customer_note": "not delivered",
    }
    assert told.refunds == (
        ToldRefund("77", FactStatus.PENDING, Money("NGN", 5_000), None, "RF-1"),
    )
    assert told.facts == ()


def test_a_refund_that_is_done_at_once_waits_for_the_sum_it_is_counted_in(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(200, {"status": True, "message": "Done", "data": objects.refund()}))

    told = paystack_client.refund(objects.REFUND, key="k")

    assert told.refunds[0].status is FactStatus.PENDING


def test_a_refund_that_is_refused_is_not_sent_twice(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(400, objects.refused("Refund amount cannot be more", "invalid_amount")))

    with pytest.raises(ProviderRefused):
        paystack_client.refund(objects.REFUND, key="k")

    assert len(provider.heard) == 1


def looked_up_with(
    provider: ScriptedProvider, client: PaystackClient, *refunds: dict[str, Any]
) -> tuple[tuple[Fact, ...], tuple[ToldRefund, ...]]:
    provider.plays(answer(200, objects.verified()), answer(200, objects.refunds(*refunds)))
    told = client.look_up(objects.ASKING)
    return told.facts[2:], told.refunds


def test_a_refund_with_its_webhooks_name_tells_the_fact_of_its_webhook(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    named = objects.refund(refund_reference="132013318360")

    facts, told = looked_up_with(provider, paystack_client, named)

    assert facts == webhook_facts("refund.processed", named | {"amount": "5000"})
    assert told == (
        ToldRefund("77", FactStatus.SUCCEEDED, Money("NGN", 5_000), "132013318360", "RF-1"),
    )


def test_refunds_without_a_name_are_told_as_one_sum_of_all_that_are_processed(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    facts, told = looked_up_with(
        provider,
        paystack_client,
        objects.refund(id=1, refund_reference="R-1", amount=100),
        objects.refund(id=2, amount=20, merchant_note="by hand, in the dashboard"),
        objects.refund(id=3, amount=3, status="pending"),
        objects.refund(id=4, amount=4, status="failed"),
        objects.refund(id=5, amount=5, status="needs-attention"),
        objects.refund(id=6, amount=6, transaction=999),
    )

    assert facts == (
        Fact(FactKind.REFUND, "R-1", FactStatus.SUCCEEDED, Money("NGN", 100)),
        Fact(
            FactKind.REFUND_TOTAL,
            "302961",
            FactStatus.SUCCEEDED,
            Money("NGN", 120),
            capture_id="302961",
        ),
    )
    assert [refund.status for refund in told] == [
        FactStatus.SUCCEEDED,
        FactStatus.SUCCEEDED,
        FactStatus.PENDING,
        FactStatus.FAILED,
        FactStatus.PENDING,
    ]
    assert told[1].ours is None


def test_refunds_in_a_currency_of_their_own_are_not_understood(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    with pytest.raises(OutcomeUnknown):
        looked_up_with(
            provider, paystack_client, objects.refund(), objects.refund(id=2, currency="GHS")
        )


def test_refunds_are_read_to_the_last_page_or_not_at_all(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    full = answer(200, objects.refunds(*[objects.refund(amount=1)] * PAGE_ITEMS))
    rest = answer(200, objects.refunds(objects.refund(amount=1)))
    provider.plays(answer(200, objects.verified()), full, rest)
    assert len(paystack_client.look_up(objects.ASKING).refunds) == PAGE_ITEMS + 1

    provider.heard.clear()
    provider.plays(answer(200, objects.verified()), full)
    with pytest.raises(OutcomeUnknown):
        paystack_client.look_up(objects.ASKING)
    assert len(provider.heard) == REFUND_PAGES_MAX + 1


def test_paystack_cannot_cancel(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    assert not paystack_client.can_cancel
    with pytest.raises(ProviderRefused):
        paystack_client.cancel(objects.ASKING, key="k")
    assert provider.heard == []


def test_a_page_lists_what_was_made_and_tells_the_facts_of_what_was_paid(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    made = [
        objects.transaction(),
        objects.transaction(id=2, status="abandoned", reference="ORD-2"),
        objects.transaction(id=3, reference="not ours !", currency="XXX"),
    ]
    provider.plays(answer(200, {"status": True, "data": made, "meta": {"page": 1, "pageCount": 2}}))

    page = paystack_client.page(since_s=1_772_431_200, until_s=1_772_434_800, cursor=None)

    url = urlsplit(provider.heard[0].target)
    assert url.path == "/transaction"
    assert dict(parse_qsl(url.query)) == {
        "from": "2026-03-02T06:00:00.000Z",
        "to": "2026-03-02T07:00:00.000Z",
        "perPage": "100",
        "page": "1",
    }
    paid, left, strange = page.items
    assert paid.facts == webhook_facts("charge.success", objects.transaction())
    assert (paid.object_id, paid.reference, paid.at_s) == ("302961", "ORD-1", 1_772_431_200)
    assert (left.status, left.facts, left.amount) == ("abandoned", (), Money("NGN", 125_000))
    assert (strange.reference, strange.facts, strange.amount) == (None, (), None)
    assert page.next_cursor == "2"


def test_the_last_page_has_no_next(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(
        answer(200, {"status": True, "data": [objects.transaction()], "meta": {"pageCount": 2}})
    )

    page = paystack_client.page(since_s=0, until_s=1, cursor="2")

    assert provider.heard[0].target.endswith("&page=2")
    assert page.next_cursor is None
