from __future__ import annotations

import hashlib
from typing import Any

import pytest

from domain.delivery import Delivery, KeyedEvent, ProviderEvent, Secret
from domain.errors import PayloadInvalid, SignatureInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.monnify import SENDER

SECRET = b"91MUDL9N6U3BQRXBQ2PJ9M0PW4J22M1Y"
BODY = (
    b'{"eventData":{"product":{"reference":"111222333","type":"OFFLINE_PAYMENT_AGENT"},'
    b'"transactionReference":"MNFY|76|20211117154810|000001",'
    b'"paymentReference":"0.01462001097368737","paidOn":"17/11/2021 3:48:10 PM",'
    b'"paymentDescription":"Mockaroo Jesse","metaData":{},"destinationAccountInformation":{},'
    b'"paymentSourceInformation":{},"amountPaid":78000,"totalPayable":78000,'
    b'"offlineProductInformation":{"code":"41470","type":"DYNAMIC"},"cardDetails":{},'
    b'"paymentMethod":"CASH","currency":"NGN","settlementAmount":77600,"paymentStatus":"PAID",'
    b'"customer":{"name":"Mockaroo Jesse","email":"111222333@ZZAMZ4WT4Y3E.monnify"}},'
    b'"eventType":"SUCCESSFUL_TRANSACTION"}'
)
CODE = (
    b"f04fb635e04d71648bd3cc7999003da6861483342c856d05ddfa9b2dafacb873"
    b"b0de1d0f8f67405d0010b4348b721c49fa171d317972618debba6b638aedcd3c"
)
TRANSACTION = "MNFY|04|1"


def delivery(code: bytes) -> Delivery:
    return Delivery([(b"monnify-signature", code)], BODY, NOW_S)


def tree(type_: str, **data: Any) -> dict[str, Any]:
    return {"eventType": type_, "eventData": {"transactionReference": TRANSACTION} | data}


def paid(**changes: Any) -> ProviderEvent:
    data = {
        "paymentReference": "ORD-1",
        "amountPaid": 1250,
        "currency": "NGN",
        "paymentStatus": "PAID",
        "paidOn": "17/11/2021 3:48:10 PM",
    }
    return SENDER.told(dumped(tree("SUCCESSFUL_TRANSACTION", **(data | changes))))


def key(body: dict[str, Any]) -> KeyedEvent:
    return SENDER.verify(SENDER.request(dumped(body))).events[0]


def test_the_published_example_is_verified() -> None:
    verified = SENDER.provider.verify(delivery(CODE), [Secret("first", SECRET)])

    expected = "22:SUCCESSFUL_TRANSACTION29:MNFY|76|20211117154810|0000014:PAID"
    assert verified.events == (KeyedEvent(expected, "0.01462001097368737"),)
    assert SENDER.told(BODY).facts[0].amount == Money("NGN", 7_800_000)


def test_the_formula_of_the_prose_is_refused() -> None:
    plain = hashlib.sha512(SECRET + BODY).hexdigest().encode()

    with pytest.raises(SignatureInvalid):
        SENDER.provider.verify(delivery(plain), [Secret("first", SECRET)])


@pytest.mark.parametrize("status", ["PAID", "PARTIALLY_PAID", "OVERPAID"])
@pytest.mark.parametrize(("amount", "kobo"), [(1250, 125_000), (1250.5, 125_050), ("0.07", 7)])
def test_what_was_paid_counts_in_naira(status: str, amount: float | str, kobo: int) -> None:
    said = paid(paymentStatus=status, amountPaid=amount)

    money = Money("NGN", kobo)
    assert said.facts == (Fact(FactKind.SUCCEEDED, TRANSACTION, FactStatus.SUCCEEDED, money),)
    assert (said.reference, said.provider_reference) == ("ORD-1", TRANSACTION)


def test_any_other_status_says_nothing_and_a_part_of_a_kobo_is_refused() -> None:
    assert paid(paymentStatus="PENDING").facts == ()
    with pytest.raises(PayloadInvalid):
        paid(amountPaid=1250.505)


def test_money_to_a_reserved_account_has_no_reference_of_ours() -> None:
    said = paid(paymentReference=TRANSACTION)

    assert (said.reference, said.provider_reference) == (None, TRANSACTION)


@pytest.mark.parametrize(
    ("type_", "status"),
    [("SUCCESSFUL_REFUND", FactStatus.SUCCEEDED), ("FAILED_REFUND", FactStatus.FAILED)],
)
def test_a_refund_is_in_naira_and_of_its_transaction(type_: str, status: FactStatus) -> None:
    body = tree(type_, refundReference="ref002", refundAmount=100)

    money = Money("NGN", 10_000)
    assert SENDER.told(dumped(body)).facts == (
        Fact(FactKind.REFUND, "ref002", status, money, TRANSACTION),
    )


@pytest.mark.parametrize("type_", ["SUCCESSFUL_DISBURSEMENT", "SETTLEMENT", "LOW_BALANCE_ALERT"])
def test_payouts_and_alerts_are_ignored(type_: str) -> None:
    assert SENDER.told(dumped(tree(type_, amount=1))).facts == ()


def test_two_refunds_of_one_transaction_are_two_events() -> None:
    first, second = (tree("SUCCESSFUL_REFUND", refundReference=r) for r in ("ref001", "ref002"))

    assert key(first).key == "17:SUCCESSFUL_REFUND6:ref001"
    assert key(first) != key(second)


def test_an_event_without_a_reference_is_named_by_its_body() -> None:
    event = key({"eventType": "LOW_BALANCE_ALERT", "eventData": {}})

    assert event.key.startswith("body:")
    assert event.readable
    payout = key({"eventType": "FAILED_DISBURSEMENT", "eventData": {"reference": "p1"}})
    assert payout.key == "19:FAILED_DISBURSEMENT2:p1"
