from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from domain.delivery import Delivery, Hearsay, Hint, Secret
from domain.errors import SignatureInvalid
from domain.providers.fawry_v2 import FawryV2

if TYPE_CHECKING:
    from domain.delivery import KeyedEvent

NOW_S = 1_735_689_600
SECRET = b"test-only-not-a-real-key-0001"
CODE = "11ddd346bd8e39b1be5a2a6a87108bb184898c93ace8dc90c2d9184661216747"
VECTOR = {
    "fawryRefNumber": "970177",
    "merchantRefNumber": "9708f1cea8b5426cb57922df51b7f790",
    "paymentAmount": "152.00",
    "orderAmount": "150.00",
    "orderStatus": "PAID",
    "paymentMethod": "PAYATFAWRY",
}


def body(tree: dict[str, Any], code: str = CODE) -> bytes:
    return json.dumps(tree | {"messageSignature": code}).encode()


def keyed(content: bytes, *, at_s: int = NOW_S) -> KeyedEvent:
    delivery = Delivery([], content, at_s)
    return FawryV2().verify(delivery, [Secret("first", SECRET)]).events[0]


def refund(**changes: Any) -> bytes:
    status = {"orderStatus": "PARTIAL_REFUNDED", "merchantRefNumber": "ORD-1"}
    text = b"970177ORD-1152.00150.00PARTIAL_REFUNDEDPAYATFAWRY"
    return body(VECTOR | status | changes, hashlib.sha256(text + SECRET).hexdigest())


def test_the_seven_fields_and_the_key_make_the_hash() -> None:
    event = keyed(body(VECTOR))

    assert event.key == "6:9701774:PAID6:152.00"
    assert event.reference == "9708f1cea8b5426cb57922df51b7f790"


@pytest.mark.parametrize("written", ["152", "152.0", "152.00", '"152"', '"152.0"', '"152.000"'])
def test_an_amount_is_hashed_with_two_decimals_however_it_is_written(written: str) -> None:
    content = body(VECTOR).replace(b'"152.00"', written.encode())

    assert keyed(content) == keyed(body(VECTOR))


@pytest.mark.parametrize(
    "written", ["152.001", "151.999", "-152", "1.52e4", "true", '"152,00"', '" 152"', "[152]", "1"]
)
def test_an_amount_is_never_rounded_or_guessed(written: str) -> None:
    with pytest.raises(SignatureInvalid):
        keyed(body(VECTOR).replace(b'"152.00"', written.encode()))


def test_a_field_that_is_null_or_absent_is_hashed_as_nothing() -> None:
    assert keyed(body(VECTOR | {"paymentRefrenceNumber": None})) == keyed(body(VECTOR))
    with pytest.raises(SignatureInvalid):
        keyed(body(VECTOR | {"paymentRefrenceNumber": "1"}))


def test_the_last_field_is_hashed_as_fawry_spells_it() -> None:
    text = b"9701779708f1cea8b5426cb57922df51b7f790152.00150.00PAIDPAYATFAWRY77"
    code = hashlib.sha256(text + SECRET).hexdigest()

    assert keyed(body(VECTOR | {"paymentRefrenceNumber": 77}, code)).readable
    with pytest.raises(SignatureInvalid):
        keyed(body(VECTOR | {"paymentReferenceNumber": 77}, code))


@pytest.mark.parametrize(
    "status",
    ["NEW", "UNPAID", "PAID", "CANCELED", "EXPIRED", "FAILED", "REFUNDED", "PARTIAL_REFUNDED"],
)
def test_whatever_became_of_an_order_is_asked_and_never_believed(status: str) -> None:
    tree = VECTOR | {"orderStatus": status, "merchantRefNumber": "ORD-1"}

    assert FawryV2().parse(body(tree), "any") == Hearsay(status, Hint("ORD-1"), Hint("970177"))


def test_two_refunds_in_part_that_look_alike_are_two_events() -> None:
    assert keyed(refund()).key == "6:97017716:PARTIAL_REFUNDED6:152.0010:1735689600"
    assert keyed(refund()).key != keyed(refund(), at_s=NOW_S + 1).key


def test_what_is_not_hashed_gives_an_event_no_other_name() -> None:
    assert keyed(refund(requestId="r-1", fawryFees=9)) == keyed(refund(requestId="r-2"))
    assert keyed(body(VECTOR), at_s=NOW_S + 86_400) == keyed(body(VECTOR))


@pytest.mark.parametrize("value", [True, 1.5, ["PAID"], {}])
def test_a_field_that_is_hashed_is_a_text(value: object) -> None:
    with pytest.raises(SignatureInvalid):
        keyed(body(VECTOR | {"orderStatus": value}))
