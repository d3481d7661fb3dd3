"""Bodies in the shapes PayMongo publishes, with values of our own."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from domain.delivery import Delivery, KeyedEvent, Mode, ProviderEvent, Secret
from domain.errors import SignatureInvalid
from domain.facts import FactKind, FactStatus
from domain.money import Money
from domain.providers.paymongo import LISTED_MAX, Paymongo
from tests.conformance.sender import NOW_S, dumped

PLAIN = Secret("first", b"test-only-not-a-real-key-0001")
BODY = (
    b'{"data":{"id":"evt_test_0001","type":"event","attributes":{"type":"payment.paid",'
    b'"livemode":false,"data":{"id":"pay_test_1","type":"payment","attributes":{"amount":125000,'
    b'"currency":"PHP","status":"paid"}}}}}'
)
CODE = b"542fb0fdecb812e9fcd745d76f7b3488d2e610e248e1ca759ea7a223e56b63c9"
SUCCESS = (FactKind.SUCCEEDED, "pay_1", FactStatus.SUCCEEDED, Money("PHP", 125_000), None)


def delivery(header: bytes) -> Delivery:
    return Delivery([(b"paymongo-signature", header)], BODY, NOW_S)


def in_mode(mode: Mode | None) -> Paymongo:
    return Paymongo().configured({}, mode)


def payment(**changes: Any) -> dict[str, Any]:
    attributes = {
        "amount": 125_000,
        "currency": "PHP",
        "status": "paid",
        "metadata": {"reference": "ORD-1"},
    }
    return {"id": "pay_1", "type": "payment", "attributes": attributes | changes}


def refund(status: str) -> dict[str, Any]:
    attributes = {"amount": 500, "currency": "PHP", "payment_id": "pay_1", "status": status}
    return {"id": "ref_1", "type": "refund", "attributes": attributes}


def parsed(type_: str, about: dict[str, Any]) -> ProviderEvent:
    attributes = {"type": type_, "livemode": False, "created_at": NOW_S, "data": about}
    tree = {"data": {"id": "evt_1", "type": "event", "attributes": attributes}}
    said = Paymongo().parse(dumped(tree), "any")
    assert isinstance(said, ProviderEvent)
    return said


def test_the_code_of_our_world_is_verified() -> None:
    verified = in_mode(Mode.TEST).verify(delivery(b"t=1735689600,te=%b,li=" % CODE), [PLAIN])

    assert verified.events == (KeyedEvent("evt_test_0001", None),)


@pytest.mark.parametrize("mode", [Mode.LIVE, None])
@pytest.mark.parametrize("header", [b"t=1735689600,te=%b,li=", b"t=1735689600,te=%b"])
def test_a_test_code_does_not_open_live_nor_an_account_without_a_mode(
    mode: Mode | None, header: bytes
) -> None:
    with pytest.raises(SignatureInvalid):
        in_mode(mode).verify(delivery(header % CODE), [PLAIN])


def test_an_empty_code_equals_nothing() -> None:
    with pytest.raises(SignatureInvalid):
        in_mode(Mode.LIVE).verify(delivery(b"t=1735689600,te=,li="), [PLAIN, Secret("none", b"")])


def test_a_live_code_counts_in_live_mode_whatever_the_body_says() -> None:
    code = hmac.new(PLAIN.value, b"1735689600." + BODY, hashlib.sha256).hexdigest().encode()

    verified = in_mode(Mode.LIVE).verify(delivery(b"t=1735689600,te=,li=" + code), [PLAIN])

    assert verified.key_id == "first"
    said = Paymongo().parse(BODY, "any")
    assert isinstance(said, ProviderEvent)
    assert said.mode is Mode.TEST


def test_an_account_cannot_be_set_up_without_a_mode() -> None:
    (setting,) = Paymongo.settings

    assert (setting.name, setting.form, setting.is_required) == ("MODE", "live|test", True)


def test_a_payment_a_session_and_a_link_tell_one_fact() -> None:
    session = {"id": "cs_1", "attributes": {"payments": [payment(status="failed"), payment()]}}
    link = {"id": "link_1", "attributes": {"payments": [{"data": payment()}]}}

    told = [
        parsed("payment.paid", payment()),
        parsed("checkout_session.payment.paid", session),
        parsed("link.payment.paid", link),
    ]

    assert [[fact.key for fact in said.facts] for said in told] == [[SUCCESS]] * 3
    assert [said.provider_reference for said in told] == ["pay_1"] * 3


def test_a_failed_payment_is_a_failure() -> None:
    (fact,) = parsed("payment.failed", payment(status="failed")).facts

    assert (fact.kind, fact.object_id) == (FactKind.FAILED, "pay_1")


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("pending", FactStatus.PENDING),
        ("processing", FactStatus.PENDING),
        ("succeeded", FactStatus.SUCCEEDED),
        ("failed", FactStatus.FAILED),
    ],
)
@pytest.mark.parametrize("is_listed", [True, False])
def test_a_refund_is_told_alone_or_by_its_payment(
    written: str, status: FactStatus, *, is_listed: bool
) -> None:
    if is_listed:
        said = parsed("payment.refunded", payment(refunds=[refund(written)]))
    else:
        said = parsed("payment.refund.updated", refund(written))

    assert [fact.key for fact in said.facts] == [
        (FactKind.REFUND, "ref_1", status, Money("PHP", 500), "pay_1")
    ]
    assert said.provider_reference == "pay_1"


def test_as_many_refunds_are_heard_as_are_looked_at() -> None:
    refunds = [refund("succeeded") | {"id": f"ref_{n}"} for n in range(LISTED_MAX)]

    assert len(parsed("payment.refunded", payment(refunds=refunds)).facts) == LISTED_MAX


@pytest.mark.parametrize("type_", ["source.chargeable", "qrph.expired", "subscription.activated"])
def test_what_takes_no_money_is_ignored(type_: str) -> None:
    assert parsed(type_, payment()).facts == ()


@pytest.mark.parametrize("type_", ["payment.paid", "checkout_session.payment.paid"])
def test_a_payment_that_is_not_paid_says_nothing(type_: str) -> None:
    assert parsed(type_, payment(status="pending", payments=[])).facts == ()
