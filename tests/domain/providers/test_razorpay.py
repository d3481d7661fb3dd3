from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import PayloadInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.razorpay import SENDER

if TYPE_CHECKING:
    from domain.delivery import ProviderEvent

INR = Money("INR", 125_000)
PAID = Fact(FactKind.SUCCEEDED, "pay_1", FactStatus.SUCCEEDED, INR, at_s=NOW_S)


def tree(event: str, **entities: dict[str, Any]) -> dict[str, Any]:
    payment = {
        "id": "pay_1",
        "amount": 125_000,
        "currency": "INR",
        "status": "captured",
        "notes": {"reference": "ORD-1"},
    }
    payload = {
        name: {"entity": entity} for name, entity in ({"payment": payment} | entities).items()
    }
    return {"entity": "event", "event": event, "payload": payload, "created_at": NOW_S}


def entity(id_: str) -> dict[str, Any]:
    return {"id": id_, "payment_id": "pay_1", "amount": 5_000, "currency": "INR"}


def told(event: str, **entities: dict[str, Any]) -> ProviderEvent:
    return SENDER.told(dumped(tree(event, **entities)))


def key(body: dict[str, Any]) -> str:
    return SENDER.verify(SENDER.request(dumped(body))).events[0].key


def test_an_order_that_is_paid_and_its_payment_that_is_captured_are_one_fact() -> None:
    for event in ("payment.captured", "order.paid"):
        said = told(event, order={"id": "order_1", "receipt": "ORD-1"})
        assert said.facts == (PAID,)
        assert (said.reference, said.provider_reference) == ("ORD-1", "pay_1")


def test_a_payment_that_is_authorized_is_no_money() -> None:
    assert told("payment.authorized").facts == (
        Fact(FactKind.INITIALIZED, "pay_1", FactStatus.KNOWN, at_s=NOW_S),
    )
    authorized = tree("order.paid")
    authorized["payload"]["payment"]["entity"]["status"] = "authorized"
    assert SENDER.told(dumped(authorized)).facts == ()


def test_a_payment_that_failed_is_a_failure() -> None:
    assert told("payment.failed").facts == (
        Fact(FactKind.FAILED, "pay_1", FactStatus.FAILED, at_s=NOW_S),
    )


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("refund.created", FactStatus.PENDING),
        ("refund.processed", FactStatus.SUCCEEDED),
        ("refund.failed", FactStatus.FAILED),
    ],
)
def test_a_refund_is_of_the_payment_it_names(event: str, status: FactStatus) -> None:
    refund = Fact(FactKind.REFUND, "rfnd_1", status, Money("INR", 5_000), "pay_1", NOW_S)

    assert told(event, refund=entity("rfnd_1")).facts == (refund,)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("created", FactStatus.OPENED),
        ("under_review", FactStatus.OPENED),
        ("action_required", FactStatus.OPENED),
        ("won", FactStatus.WON),
        ("closed", FactStatus.WON),
        ("lost", FactStatus.LOST),
    ],
)
def test_a_dispute_is_of_the_payment_it_names(end: str, status: FactStatus) -> None:
    dispute = Fact(FactKind.DISPUTE, "disp_1", status, Money("INR", 5_000), "pay_1", NOW_S)

    assert told(f"payment.dispute.{end}", dispute=entity("disp_1")).facts == (dispute,)


@pytest.mark.parametrize(
    "event", ["refund.speed_changed", "payout.processed", "subscription.charged"]
)
def test_what_moves_no_money_of_ours_is_ignored(event: str) -> None:
    assert told(event, refund=entity("rfnd_1")).facts == ()


def test_yen_and_dinars_are_written_in_their_smallest_unit() -> None:
    body = tree("payment.captured")
    for currency, amount_minor in (("JPY", 1_250), ("KWD", 295_990)):
        body["payload"]["payment"]["entity"] |= {"currency": currency, "amount": amount_minor}
        assert SENDER.told(dumped(body)).facts[0].amount == Money(currency, amount_minor)


def test_notes_that_are_an_empty_list_name_nobody() -> None:
    body = tree("payment.captured")
    body["payload"]["payment"]["entity"]["notes"] = []

    assert SENDER.told(dumped(body)).reference is None


def test_the_key_is_made_of_what_is_signed_and_a_new_id_in_the_header_changes_nothing() -> None:
    request = SENDER.request(dumped(tree("payment.captured")))
    again = SENDER.request(request.body)
    again.headers[0] = (b"x-razorpay-event-id", b"another")

    assert SENDER.verify(again) == SENDER.verify(request)
    assert SENDER.verify(request).events[0].key == "16:payment.captured5:pay_110:1735689600"


def test_different_events_have_different_keys() -> None:
    later = tree("payment.captured") | {"created_at": NOW_S + 1}
    bodies = [
        tree("payment.captured"),
        later,
        tree("payment.failed"),
        tree("payment.dispute.created", dispute=entity("disp_1")),
        tree("payment.dispute.created", dispute=entity("disp_2")),
        tree("payment.downtime.started"),
    ]

    assert len({key(body) for body in bodies}) == len(bodies)


def test_an_event_of_an_object_without_an_id_is_named_by_its_body_and_can_be_read() -> None:
    (event,) = SENDER.verify(SENDER.request(dumped(tree("account.activated")))).events

    assert event.key.startswith("body:")
    assert event.readable


def test_a_success_without_an_id_is_refused() -> None:
    body = tree("payment.captured")
    del body["payload"]["payment"]["entity"]["id"]

    with pytest.raises(PayloadInvalid):
        SENDER.told(dumped(body))
