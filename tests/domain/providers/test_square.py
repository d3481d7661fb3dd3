"""Bodies in the shapes Square publishes, with values of our own."""

from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import Delivery, KeyedEvent, ProviderEvent, Secret
from domain.errors import SignatureInvalid, SignatureMissing
from domain.facts import FactKind, FactStatus
from domain.money import Money
from domain.providers.square import Square
from tests.conformance.sender import dumped
from tests.conformance.senders.square import SENDER

PUBLISHED_URL = "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9"
PUBLISHED_SECRETS = [Secret("first", b"Ibxx_5AKakO-3qeNVR61Dw")]
PUBLISHED_BODY = (
    b'{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification",'
    b'"event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f",'
    b'"created_at":"2022-07-13T20:30:59.037339943Z",'
    b'"data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}'
)


def published(url: str, header: bytes = b"x-square-hmacsha256-signature") -> Delivery:
    code = b"GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="
    return Delivery([(header, code)], PUBLISHED_BODY, 0, url)


def parsed(type_: str, about: str, **fields: Any) -> ProviderEvent:
    found = {"id": "sq_1", "amount_money": {"amount": 125_000, "currency": "USD"}} | fields
    tree = {"type": type_, "event_id": "e", "data": {"object": {about: found}}}
    said = Square().parse(dumped(tree), "any")
    assert isinstance(said, ProviderEvent)
    return said


def test_the_published_code_is_of_the_registered_address_and_the_body() -> None:
    account = Square().configured({"ENDPOINT_URL": PUBLISHED_URL}, None)

    verified = account.verify(published("http://10.0.0.1/webhooks/square"), PUBLISHED_SECRETS)

    assert verified.events == (KeyedEvent("ac3ac95b-f97d-458c-a6e6-18981597e05f", None),)


def test_the_address_that_a_proxy_names_does_not_count_once_there_is_a_setting() -> None:
    account = Square().configured({"ENDPOINT_URL": "https://pay.example.com/hook"}, None)

    with pytest.raises(SignatureInvalid):
        account.verify(published(PUBLISHED_URL), PUBLISHED_SECRETS)


def test_offline_the_address_of_the_delivery_counts() -> None:
    assert Square().verify(published(PUBLISHED_URL), PUBLISHED_SECRETS).key_id == "first"


def test_the_legacy_header_is_not_accepted() -> None:
    with pytest.raises(SignatureMissing):
        Square().verify(published(PUBLISHED_URL, b"x-square-signature"), PUBLISHED_SECRETS)


@pytest.mark.parametrize("type_", ["payment.created", "payment.updated"])
def test_a_completed_payment_is_a_success(type_: str) -> None:
    said = parsed(type_, "payment", status="COMPLETED", reference_id="ORD-1")

    assert [fact.key for fact in said.facts] == [
        (FactKind.SUCCEEDED, "sq_1", FactStatus.SUCCEEDED, Money("USD", 125_000), None)
    ]
    assert (said.reference, said.provider_reference) == ("ORD-1", "sq_1")


@pytest.mark.parametrize("status", ["APPROVED", "PENDING"])
def test_an_approved_payment_is_no_money_yet(status: str) -> None:
    assert parsed("payment.created", "payment", status=status).facts == ()


@pytest.mark.parametrize("status", ["FAILED", "CANCELED"])
def test_a_payment_that_came_to_nothing_is_a_failure(status: str) -> None:
    (fact,) = parsed("payment.updated", "payment", status=status).facts

    assert fact.kind is FactKind.FAILED


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("PENDING", FactStatus.PENDING),
        ("COMPLETED", FactStatus.SUCCEEDED),
        ("REJECTED", FactStatus.FAILED),
        ("FAILED", FactStatus.FAILED),
    ],
)
@pytest.mark.parametrize("type_", ["refund.created", "refund.updated"])
def test_a_refund_names_its_payment(type_: str, written: str, status: FactStatus) -> None:
    said = parsed(type_, "refund", status=written, payment_id="sq_0")

    assert [fact.key for fact in said.facts] == [
        (FactKind.REFUND, "sq_1", status, Money("USD", 125_000), "sq_0")
    ]
    assert said.provider_reference == "sq_0"


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("EVIDENCE_REQUIRED", FactStatus.OPENED),
        ("PROCESSING", FactStatus.OPENED),
        ("WAITING_THIRD_PARTY", FactStatus.OPENED),
        ("WON", FactStatus.WON),
        ("LOST", FactStatus.LOST),
        ("ACCEPTED", FactStatus.LOST),
    ],
)
@pytest.mark.parametrize("type_", ["dispute.created", "dispute.state.updated"])
def test_a_dispute_says_by_its_state_how_it_stands(
    type_: str, written: str, status: FactStatus
) -> None:
    said = parsed(type_, "dispute", state=written, disputed_payment={"payment_id": "sq_0"})

    assert [(fact.kind, fact.status, fact.capture_id) for fact in said.facts] == [
        (FactKind.DISPUTE, status, "sq_0")
    ]


@pytest.mark.parametrize("state", ["INQUIRY_EVIDENCE_REQUIRED", "INQUIRY_CLOSED"])
def test_an_inquiry_takes_no_money(state: str) -> None:
    assert parsed("dispute.created", "dispute", state=state).facts == ()


@pytest.mark.parametrize("type_", ["payout.paid", "dispute.evidence.created", "order.updated"])
def test_what_is_told_otherwise_or_is_no_payment_is_ignored(type_: str) -> None:
    assert parsed(type_, "payment", status="COMPLETED").facts == ()


def test_the_event_id_is_the_key() -> None:
    assert SENDER.verify(SENDER.request()).events == (KeyedEvent("event-302961", "ORD-1"),)
