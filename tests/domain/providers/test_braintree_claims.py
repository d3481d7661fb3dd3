"""Notifications in the shapes that Braintree's own libraries make, with values of our own."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from domain.delivery import ProviderEvent
from domain.errors import PayloadInvalid, Permanent, RefetchRequired
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.providers.braintree import Braintree
from tests.conformance.senders.braintree import form

TIME = '<timestamp type="datetime">2025-01-01T00:00:00Z</timestamp>'
SALE = {"id": "tx1", "type": "sale", "amount": "12.50", "currency-iso-code": "USD"}
CREDIT = SALE | {"id": "tx2", "type": "credit", "refunded-transaction-id": "tx1"}
DISPUTE = {"id": "dp1", "kind": "chargeback", "amount": "12.50", "currency-iso-code": "USD"}


def xml(fields: dict[str, Any]) -> str:
    return "".join(
        f"<{name}>{xml(value) if isinstance(value, dict) else value}</{name}>"
        for name, value in fields.items()
        if value is not None
    )


def body(kind: str, subject: str) -> bytes:
    document = f"<notification>{TIME}<kind>{kind}</kind><subject>{subject}</subject></notification>"
    packed = base64.encodebytes(document.encode())
    return form("a_key|a_code", packed)


def told(kind: str, subject: str) -> ProviderEvent:
    said = Braintree().parse(body(kind, subject), "any")
    assert isinstance(said, ProviderEvent)
    return said


def transaction(kind: str, fields: dict[str, Any]) -> ProviderEvent:
    return told(kind, xml({"transaction": fields | {"order-id": "ORD-1"}}))


def dispute(event: str, **fields: Any) -> ProviderEvent:
    about = {"transaction": {"id": "tx1", "amount": "12.50", "order-id": "ORD-1"}}
    return told(event, xml({"dispute": DISPUTE | {"status": "x"} | about | fields}))


def subscription(kind: str, *charged: dict[str, Any]) -> ProviderEvent:
    inner = "".join(f"<transaction>{xml(each)}</transaction>" for each in charged)
    return told(
        kind, f'<subscription><transactions type="array">{inner}</transactions></subscription>'
    )


def fact(kind: FactKind, name: str, status: FactStatus, **more: Any) -> Fact:
    amount = None if kind is FactKind.FAILED else Money("USD", 1250)
    return Fact(kind, name, status, amount, at_s=1_735_689_600, **more)


def test_a_sale_that_is_settled_is_a_success() -> None:
    said = transaction("transaction_settled", SALE)

    assert said.facts == (fact(FactKind.SUCCEEDED, "tx1", FactStatus.SUCCEEDED),)
    assert (said.reference, said.provider_reference) == ("ORD-1", "tx1")


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("transaction_settlement_declined", SALE, fact(FactKind.FAILED, "tx1", FactStatus.FAILED)),
        *(
            (kind, CREDIT, fact(FactKind.REFUND, "tx2", status, capture_id="tx1"))
            for kind, status in (
                ("transaction_settled", FactStatus.SUCCEEDED),
                ("transaction_settlement_declined", FactStatus.FAILED),
                ("refund_failed", FactStatus.FAILED),
            )
        ),
    ],
)
def test_a_credit_is_a_refund_of_its_sale(
    kind: str, fields: dict[str, Any], expected: Fact
) -> None:
    said = transaction(kind, fields)

    assert said.facts == (expected,)
    assert said.provider_reference == "tx1"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        *((f"dispute_{each}", FactStatus.OPENED) for each in ("opened", "under_review")),
        *((f"dispute_{each}", FactStatus.OPENED) for each in ("disputed", "expired")),
        *((f"dispute_{each}", FactStatus.LOST) for each in ("lost", "accepted", "auto_accepted")),
        ("dispute_won", FactStatus.WON),
    ],
)
def test_a_dispute_is_of_its_transaction(kind: str, status: FactStatus) -> None:
    said = dispute(kind)

    assert said.facts == (fact(FactKind.DISPUTE, "dp1", status, capture_id="tx1"),)
    assert (said.reference, said.provider_reference) == ("ORD-1", "tx1")


def test_a_retrieval_takes_no_money_and_another_kind_is_for_a_person() -> None:
    assert dispute("dispute_opened", kind="retrieval").facts == ()
    for kind in (None, "", "inquiry"):
        with pytest.raises(PayloadInvalid):
            dispute("dispute_opened", kind=kind)


def test_a_dispute_that_was_won_in_part_must_be_asked_for() -> None:
    assert dispute("dispute_won", **{"amount-won": "12.50"}).facts
    assert dispute("dispute_lost", **{"amount-won": "0.00"}).facts
    with pytest.raises(RefetchRequired):
        dispute("dispute_won", **{"amount-won": "10.00"})


def test_a_subscription_tells_of_its_one_transaction() -> None:
    charged, other = SALE | {"order-id": "ORD-1"}, SALE | {"id": "tx0"}

    said = subscription("subscription_charged_successfully", charged)
    assert said.facts == (fact(FactKind.SUCCEEDED, "tx1", FactStatus.SUCCEEDED),)
    assert said.reference == "ORD-1"
    failed = subscription("subscription_charged_unsuccessfully", charged)
    assert failed.facts == (fact(FactKind.FAILED, "tx1", FactStatus.FAILED),)
    with pytest.raises(RefetchRequired):
        subscription("subscription_charged_successfully", charged, other)
    with pytest.raises(PayloadInvalid):
        subscription("subscription_charged_successfully")


@pytest.mark.parametrize(
    "kind",
    ["check", "disbursement", "disbursement_exception", "transaction_disbursed",
     "local_payment_completed", "subscription_canceled"],
)  # fmt: skip
def test_a_kind_we_do_not_use_says_nothing(kind: str) -> None:
    assert told(kind, "<check>true</check>").facts == ()


@pytest.mark.parametrize("type_", [None, "", "SALE", "authorization"])
def test_a_transaction_of_another_type_is_for_a_person(type_: str | None) -> None:
    with pytest.raises(PayloadInvalid):
        transaction("transaction_settled", SALE | {"type": type_})


@pytest.mark.parametrize(
    ("amount", "currency", "amount_minor"),
    [("12.5", "USD", 1250), ("100", "USD", 10000), ("100", "JPY", 100), ("1.250", "KWD", 1250)],
)
def test_amounts_are_exact(amount: str, currency: str, amount_minor: int) -> None:
    sale = SALE | {"amount": amount, "currency-iso-code": currency}

    (success,) = transaction("transaction_settled", sale).facts

    assert success.amount == Money(currency, amount_minor)


@pytest.mark.parametrize(
    "changes",
    [
        *({"amount": wrong} for wrong in ("12.505", "-1", "1e3", "1,250.00", "", " 1")),
        *({"amount": wrong} for wrong in (None, {"x": "1"}, "९", "12.50 USD", "9" * 31)),
        *({"currency-iso-code": wrong} for wrong in (None, "usd", "XTS", "", {"x": "USD"})),
        *({"id": wrong} for wrong in (None, "", "a b", "x" * 201, {"x": "1"})),
        {"amount": "12.50", "currency-iso-code": "JPY"},
    ],
    ids=str,
)
def test_what_is_not_as_documented_is_no_fact(changes: dict[str, Any]) -> None:
    with pytest.raises(Permanent):
        transaction("transaction_settled", SALE | changes)


@pytest.mark.parametrize("nothing", ["0", "0.00"])
def test_an_amount_of_nothing_is_no_news(nothing: str) -> None:
    assert transaction("transaction_settled", SALE | {"amount": nothing}).facts == ()
