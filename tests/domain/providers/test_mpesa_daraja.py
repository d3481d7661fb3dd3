from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from domain.delivery import Delivery, Hearsay, Hint, Secret
from domain.providers.mpesa_daraja import MpesaDaraja

if TYPE_CHECKING:
    from domain.delivery import KeyedEvent

SECRET = b"test-only-not-a-real-path-of-ours-0001"
URL = "https://payratchet.example/webhooks/mpesa-daraja/" + SECRET.decode()
VECTOR = (
    b'{"Body":{"stkCallback":{"MerchantRequestID":"m-1","CheckoutRequestID":"ws_CO_test_1",'
    b'"ResultCode":0,"ResultDesc":"ok","CallbackMetadata":{"Item":[{"Name":"Amount","Value":1250},'
    b'{"Name":"MpesaReceiptNumber","Value":"TEST0001"}]}}}}'
)
CONFIRMATION = {
    "TransactionType": "Pay Bill",
    "TransID": "TLF1",
    "TransAmount": "1250.00",
    "BillRefNumber": "ORD-1",
    "OrgAccountBalance": "49197.00",
}
RESULT = {"ResultType": 0, "ResultCode": 0, "ConversationID": "AG_1", "TransactionID": "TLF2"}


def keyed(body: bytes) -> KeyedEvent:
    return MpesaDaraja().verify(Delivery([], body, 0, URL), [Secret("1", SECRET)]).events[0]


def keyed_tree(tree: dict[str, Any]) -> KeyedEvent:
    return keyed(json.dumps(tree).encode())


def heard(tree: Any) -> Any:
    return MpesaDaraja().parse(json.dumps(tree).encode(), "any")


def test_a_push_is_asked_about_by_the_request_that_began_it_and_may_be_announced_by_it() -> None:
    assert keyed(VECTOR).key == "12:stk_callback12:ws_CO_test_11:0"
    push = Hint("ws_CO_test_1")
    assert MpesaDaraja().parse(VECTOR, "any") == Hearsay("stk_callback", push, push)


@pytest.mark.parametrize("code", [1, 1032, 1037, "SFC_IC0003"])
def test_a_push_that_failed_is_asked_about_too_and_may_still_succeed(code: object) -> None:
    failed = VECTOR.replace(b'"ResultCode":0', b'"ResultCode":' + json.dumps(code).encode())

    assert keyed(failed).key != keyed(VECTOR).key
    assert isinstance(MpesaDaraja().parse(failed, "any"), Hearsay)


def test_a_payment_to_a_short_code_names_whose_it_claims_to_be() -> None:
    assert heard(CONFIRMATION) == Hearsay("c2b", Hint("ORD-1"), Hint("TLF1"))
    event = keyed_tree(CONFIRMATION)
    assert (event.key, event.reference) == ("3:c2b4:TLF18:49197.00", "ORD-1")


def test_a_validation_is_not_taken_for_the_confirmation_that_follows() -> None:
    validation = CONFIRMATION | {"OrgAccountBalance": ""}

    assert keyed_tree(validation).readable
    assert keyed_tree(validation).key != keyed_tree(CONFIRMATION).key


def test_a_result_is_asked_about_by_its_conversation() -> None:
    assert heard({"Result": RESULT}) == Hearsay("result", None, Hint("AG_1"))
    assert keyed_tree({"Result": RESULT}).key == "6:result4:AG_11:0"


@pytest.mark.parametrize("reference", ["for rent", "", None, ["ORD-1"]])
def test_what_could_be_no_reference_is_none(reference: object) -> None:
    tree = CONFIRMATION | {"BillRefNumber": reference, "": "ORD-2"}

    assert heard(tree).reference is None
    assert keyed_tree(tree).reference is None


@pytest.mark.parametrize("tree", [{}, {"Body": {}}, {"TransID": None}, {"Result": []}])
def test_another_shape_is_kept_and_asks_nothing(tree: dict[str, Any]) -> None:
    assert keyed_tree(tree).readable is False
    assert heard(tree) == Hearsay("callback", None, None)


def test_the_answer_is_the_one_that_daraja_demands() -> None:
    demanded = MpesaDaraja().demanded

    assert (demanded.status, demanded.content_type) == (200, b"application/json")
    assert json.loads(demanded.body) == {"ResultCode": 0, "ResultDesc": "Accepted"}
