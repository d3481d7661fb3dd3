from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import Delivery, Hearsay, Hint, KeyedEvent, Mode, ProviderEvent, Secret
from domain.errors import SignatureInvalid, SignatureMissing
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.signing import CANDIDATES_MAX, HEADER_BYTES_MAX
from tests.conformance.sender import NOW_S, Request, dumped
from tests.conformance.senders.mollie_nextgen import SENDER

HEADER = b"x-mollie-signature"


def event(type_: str, entity: dict[str, Any] | None = None) -> dict[str, Any]:
    tree = {"id": "event_1", "type": type_, "entityId": "pl_1", "createdAt": "2025-01-01T00:00:00Z"}
    return tree | ({} if entity is None else {"_embedded": {"entity": entity}})


def link(**changes: Any) -> dict[str, Any]:
    amount = {"value": "12.50", "currency": "EUR"}
    return {"amount": amount, "reusable": False, "mode": "live", "description": "ORD-1"} | changes


def said(tree: dict[str, Any]) -> ProviderEvent | Hearsay:
    return SENDER.provider.parse(dumped(tree), "any")


def test_a_signature_made_elsewhere_is_verified() -> None:
    body = (
        b'{"resource":"event","id":"event_test_0001","type":"payment-link.paid",'
        b'"entityId":"pl_test_1","createdAt":"2025-01-01T00:00:00.0Z"}'
    )
    code = b"sha256=08f9967949da57389486a3644bdadeec8b9de9e9d6071abb95ad5652a41eab8b"

    (found,) = SENDER.provider.verify(
        Delivery([(HEADER, code)], body, NOW_S), [Secret("a", b"test-only-not-a-real-key-0001")]
    ).events

    assert found == KeyedEvent("event_test_0001", None)
    assert SENDER.provider.parse(body, found.key) == Hearsay(
        "payment-link.paid", None, Hint("pl_test_1")
    )


def test_one_right_signature_among_several_headers_is_enough() -> None:
    good = SENDER.request()
    for headers in (
        [(HEADER, b"sha256=00"), *good.headers],
        [*good.headers, (HEADER, b"sha256=00")],
        good.headers * CANDIDATES_MAX,
    ):
        assert SENDER.verify(Request(headers, good.body)) == SENDER.verify(good)


@pytest.mark.parametrize(
    "headers",
    [
        [(HEADER, b"sha256=00")] * 2,
        SENDER.request().headers * (CANDIDATES_MAX + 1),
        [*SENDER.request().headers, (HEADER, b"x" * (HEADER_BYTES_MAX + 1))],
    ],
    ids=["none is right", "too many", "too long"],
)
def test_wrong_headers_are_refused_however_many(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(SignatureInvalid):
        SENDER.verify(Request(headers, SENDER.body))


def test_a_delivery_without_a_signature_is_refused_and_not_taken_for_a_classic_one() -> None:
    with pytest.raises(SignatureMissing):
        SENDER.verify(Request([], b"id=tr_1"))


def test_a_link_of_one_fixed_payment_is_a_success() -> None:
    assert said(event("payment-link.paid", link())) == ProviderEvent(
        "payment-link.paid",
        "ORD-1",
        (Fact(FactKind.SUCCEEDED, "pl_1", FactStatus.SUCCEEDED, Money("EUR", 1_250), at_s=NOW_S),),
        Mode.LIVE,
        "pl_1",
    )


@pytest.mark.parametrize(
    "entity",
    [link(reusable=True), link(amount=None), link(reusable=None), None],
    ids=["it can be paid again", "of any amount", "not said", "not embedded"],
)
def test_any_other_link_is_asked_about(entity: dict[str, Any] | None) -> None:
    reference = None if entity is None else Hint("ORD-1")

    assert said(event("payment-link.paid", entity)) == Hearsay(
        "payment-link.paid", reference, Hint("pl_1")
    )


@pytest.mark.parametrize("type_", ["sales-invoice.paid", "dispute.created", "dispute.lost"])
def test_invoices_and_disputes_are_asked_about(type_: str) -> None:
    assert said(event(type_, link())) == Hearsay(type_, Hint("ORD-1"), Hint("pl_1"))


@pytest.mark.parametrize(
    "type_", ["payout.failed", "balance-transaction.created", "sales-invoice.issued"]
)
def test_payouts_and_balances_are_ignored(type_: str) -> None:
    assert said(event(type_)) == ProviderEvent(type_, None, provider_reference="pl_1")
