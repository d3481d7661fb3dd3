from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from domain.delivery import Delivery, Hearsay, Hint, Secret
from domain.errors import SignatureInvalid, SignatureMissing
from domain.providers.midtrans import Midtrans

if TYPE_CHECKING:
    from domain.delivery import KeyedEvent

NOW_S = 1_735_689_600
# The example of Midtrans' own page; what its code prints was computed apart from ours.
SECRET = b"askvnoibnosifnboseofinbofinfgbiufglnbfg"
CODE = (
    "edc076b21793ebe3e17926350f5b8ae67d902fe657b3d0aa31b932d5c127e237"
    "5d308a2bc94f3265ac2d80a1f181a79b997ac178a236fcff35af263fc4d4c231"
)
PUBLISHED = {
    "order_id": "1111",
    "status_code": "200",
    "gross_amount": "100000.00",
    "transaction_id": "57d5293c",
    "transaction_status": "settlement",
    "signature_key": CODE,
}


def keyed(tree: Any, *, at_s: int = NOW_S) -> KeyedEvent:
    delivery = Delivery([], json.dumps(tree).encode(), at_s)
    return Midtrans().verify(delivery, [Secret("first", SECRET)]).events[0]


def signed(**fields: Any) -> dict[str, Any]:
    tree = {"order_id": "ORD-1", "status_code": "200", "gross_amount": "1250.00"} | fields
    text = tree["order_id"] + tree["status_code"] + tree["gross_amount"]
    code = hashlib.sha512(text.encode() + SECRET).hexdigest()
    return {**tree, "transaction_id": "tx-1", "signature_key": code}


def heard(tree: Any) -> Any:
    return Midtrans().parse(json.dumps(tree).encode(), "any")


def test_the_published_example_is_verified() -> None:
    assert keyed(PUBLISHED).reference == "1111"
    with pytest.raises(SignatureInvalid):
        keyed(PUBLISHED | {"gross_amount": "100000.01"})


@pytest.mark.parametrize(
    "status",
    [
        *("capture", "settlement", "deny", "cancel", "expire", "failure", "refund"),
        *("partial_refund", "chargeback", "partial_chargeback", "pending", "authorize"),
    ],
)
def test_whatever_became_of_an_order_is_asked_and_never_believed(status: str) -> None:
    tree = signed() | {"transaction_status": status}

    assert heard(tree) == Hearsay(status, Hint("ORD-1"), Hint("tx-1"))


def test_a_captured_notice_of_a_pending_order_can_be_edited_to_nothing_but_a_question() -> None:
    edited = signed() | {"transaction_status": "settlement", "fraud_status": "accept"}

    assert keyed(edited).reference == "ORD-1"
    assert isinstance(heard(edited), Hearsay)


def test_fields_can_move_their_borders_and_it_is_still_but_a_question() -> None:
    tree = signed(gross_amount="200500.00")
    moved = tree | {"order_id": "ORD-1200", "gross_amount": "500.00"}

    assert keyed(moved).reference == "ORD-1200"
    assert isinstance(heard(moved), Hearsay)


def test_a_refund_is_not_taken_for_the_settlement_that_has_the_same_hash() -> None:
    settled, refunded = keyed(signed()), keyed(signed(), at_s=NOW_S + 1)

    assert settled.key == "5:ORD-13:2007:1250.0010:1735689600"
    assert settled.key != refunded.key
    assert keyed(signed()) == settled


def test_what_is_not_hashed_gives_an_event_no_other_name() -> None:
    other = signed() | {"transaction_id": "tx-2", "transaction_status": "refund", "x": 1}

    assert keyed(other) == keyed(signed())


@pytest.mark.parametrize("field", ["order_id", "status_code", "gross_amount"])
@pytest.mark.parametrize("value", [None, 200, 1250.0, ["200"], True])
def test_a_field_that_is_hashed_is_a_text(field: str, value: object) -> None:
    with pytest.raises(SignatureInvalid):
        keyed(signed() | {field: value})


@pytest.mark.parametrize("code", [None, 7, [CODE]])
def test_a_body_without_a_hash_has_no_signature(code: object) -> None:
    with pytest.raises(SignatureMissing):
        keyed(PUBLISHED | {"signature_key": code})


@pytest.mark.parametrize("code", ["", CODE.upper(), CODE[:-1], CODE + "0", "é" * 128, "a" * 5000])
def test_no_other_spelling_of_the_hash_is_right(code: str) -> None:
    with pytest.raises(SignatureInvalid):
        keyed(PUBLISHED | {"signature_key": code})


def test_a_notice_about_a_linked_account_is_signed_otherwise_and_refused() -> None:
    with pytest.raises(SignatureInvalid):
        keyed({"account_id": "1", "account_status": "ENABLED", "signature_key": CODE})
