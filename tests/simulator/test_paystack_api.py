"""Paystack's API: a reference is used once, money is told as it is, refunds keep within it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.simulator.calling import KEY, merchant
from tests.simulator.provider import simulated

if TYPE_CHECKING:
    from tests.simulator.calling import Caller

NOT_A_NUMBER = "1e3"


def refused(answer: httpx.Response) -> tuple[int, str]:
    tree = answer.json()
    assert tree["status"] is False
    assert tree["message"]
    return answer.status_code, tree["code"]


def paid(caller: Caller, reference: str = "ORD-1", **changes: Any) -> None:
    assert caller.initialize(reference, **changes).status_code == 200
    caller.provider.pay(reference)


def test_a_new_transaction_has_a_page_to_pay_at(caller: Caller) -> None:
    tree = caller.initialize().json()

    assert tree["status"] is True
    assert tree["data"]["reference"] == "ORD-1"
    page = caller.http.get(tree["data"]["authorization_url"])
    assert page.status_code == 200
    assert "10000 NGN" in page.text


def test_a_reference_is_taken_once_and_the_second_answer_names_no_page(caller: Caller) -> None:
    caller.initialize()

    again = caller.initialize()

    assert refused(again) == (400, "duplicate_reference")
    assert again.json()["message"] == "Duplicate Transaction Reference"
    assert "http" not in again.text
    assert len(caller.provider.books.sales) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "nobody"},
        {"amount": 0},
        {"amount": -1},
        {"amount": 1.5},
        {"amount": NOT_A_NUMBER},
        {"amount": True},
        {"currency": "JPY"},
        {"currency": "XOF", "amount": 150},
    ],
    ids=str,
)
def test_what_cannot_be_charged_is_refused_and_nothing_is_opened(
    caller: Caller, changes: dict[str, Any]
) -> None:
    status, _ = refused(caller.initialize(**changes))

    assert status == 400
    assert not caller.provider.books.sales


def test_a_franc_without_a_subunit_is_written_in_hundredths(caller: Caller) -> None:
    paid(caller, currency="XOF", amount="150000")

    assert caller.verify()["amount"] == 150_000
    assert caller.provider.books.sales["ORD-1"].amount_minor == 1_500


@pytest.mark.parametrize(
    ("acts", "status"),
    [
        ([], "ongoing"),
        (["abandon"], "abandoned"),
        (["fail"], "failed"),
        (["hold"], "pending"),
        (["fail", "pay"], "success"),
        (["abandon", "pay"], "success"),
        (["expire"], "abandoned"),
        (["pay", "dispute"], "success"),
        (["pay", "dispute", "lose"], "reversed"),
    ],
)
def test_verify_says_how_far_the_customer_has_come(
    caller: Caller, acts: list[str], status: str
) -> None:
    caller.initialize()
    for act in acts:
        caller.provider.act("ORD-1", act)

    told = caller.verify()

    assert told["status"] == status
    assert (told["paid_at"] is not None) is ("pay" in acts)


def test_an_untouched_transaction_may_be_called_abandoned_at_once() -> None:
    with simulated(untouched="abandoned") as provider, merchant() as http:
        body = {"email": "a@b.example", "amount": 1, "reference": "ORD-1"}
        http.post(f"{provider.url_paystack}/transaction/initialize", json=body)

        told = http.get(f"{provider.url_paystack}/transaction/verify/ORD-1").json()["data"]

        assert told["status"] == "abandoned"


def test_an_unknown_reference_or_id_is_not_found(caller: Caller) -> None:
    by_reference = caller.paystack("GET", "/transaction/verify/NOBODY")
    by_id = caller.paystack("GET", "/transaction/4711")

    assert refused(by_reference) == (400, "transaction_not_found")
    assert refused(by_id) == (404, "transaction_not_found")


def test_a_transaction_is_found_by_its_id_too(caller: Caller) -> None:
    paid(caller)
    told = caller.verify()

    assert caller.data("GET", f"/transaction/{told['id']}") == told


def test_the_list_has_pages_newest_first(caller: Caller) -> None:
    for number in range(5):
        caller.initialize(f"ORD-{number}")

    answers = [
        caller.paystack("GET", f"/transaction?perPage=2&page={page}").json() for page in (1, 2, 3)
    ]

    listed = [each["reference"] for answer in answers for each in answer["data"]]
    assert listed == ["ORD-4", "ORD-3", "ORD-2", "ORD-1", "ORD-0"]
    assert answers[0]["meta"]["total"] == 5
    assert answers[0]["meta"]["pageCount"] == 3


def test_the_list_keeps_to_its_time_and_status(caller: Caller) -> None:
    paid(caller, "ORD-1")
    middle = caller.data("GET", "/transaction")[0]["created_at"]
    caller.provider.advance(3600)
    caller.initialize("ORD-2")

    def listed(**query: str) -> list[str]:
        found = caller.data("GET", "/transaction", params=query)
        return [each["reference"] for each in found]

    assert listed(to=middle) == ["ORD-1"]
    assert listed(**{"from": middle}) == ["ORD-2", "ORD-1"]
    assert listed(status="success") == ["ORD-1"]


def test_refunds_together_keep_within_the_capture(caller: Caller) -> None:
    paid(caller)
    first = caller.data("POST", "/refund", json={"transaction": "ORD-1", "amount": 6_000})

    too_much = caller.paystack("POST", "/refund", json={"transaction": "ORD-1", "amount": 4_001})
    rest = caller.data("POST", "/refund", json={"transaction": first["transaction"]["id"]})
    nothing_left = caller.paystack("POST", "/refund", json={"transaction": "ORD-1"})

    assert refused(too_much)[0] == refused(nothing_left)[0] == 400
    assert (first["amount"], rest["amount"]) == (6_000, 4_000)


def test_a_refund_that_failed_can_be_asked_for_again(caller: Caller) -> None:
    paid(caller)
    made = caller.data("POST", "/refund", json={"transaction": "ORD-1"})
    caller.provider.settle(str(made["id"]), done=False)

    again = caller.data("POST", "/refund", json={"transaction": "ORD-1"})

    assert again["amount"] == 10_000
    assert caller.data("GET", f"/refund/{made['id']}")["status"] == "failed"


def test_a_transaction_nobody_paid_cannot_be_refunded(caller: Caller) -> None:
    caller.initialize()

    assert refused(caller.paystack("POST", "/refund", json={"transaction": "ORD-1"}))[0] == 400
    assert refused(caller.paystack("POST", "/refund", json={"transaction": "X"}))[0] == 400


def test_a_refund_is_named_as_its_webhook_names_it_once_it_is_processed(caller: Caller) -> None:
    paid(caller)
    made = caller.data("POST", "/refund", json={"transaction": "ORD-1", "amount": 100})
    caller.provider.settle(str(made["id"]))

    (listed,) = caller.data("GET", "/refund?transaction=ORD-1")

    (told,) = (
        notice.body for notice in caller.provider.notices if notice.type == "refund.processed"
    )
    assert made["status"] == "pending"
    assert made["refund_reference"] is None
    assert listed["status"] == "processed"
    assert f'"refund_reference":"{listed["refund_reference"]}"'.encode() in told
    assert listed["bank_reference"] == listed["refund_reference"]


def test_a_refund_may_stay_unnamed_for_ever() -> None:
    with simulated(unnamed_refunds=True) as provider, merchant() as http:
        body = {"email": "a@b.example", "amount": 500, "reference": "ORD-1"}
        http.post(f"{provider.url_paystack}/transaction/initialize", json=body)
        provider.pay("ORD-1")
        made = http.post(f"{provider.url_paystack}/refund", json={"transaction": "ORD-1"})
        provider.settle(str(made.json()["data"]["id"]))

        (listed,) = http.get(f"{provider.url_paystack}/refund").json()["data"]

        assert (listed["status"], listed["refund_reference"]) == ("processed", None)


def test_a_key_is_required_and_may_have_to_be_the_right_one(caller: Caller) -> None:
    url = f"{caller.provider.url_paystack}/transaction"

    assert refused(httpx.get(url)) == (401, "invalid_Key")
    with simulated(key="sk_test_right") as strict:
        url = f"{strict.url_paystack}/transaction"
        assert refused(httpx.get(url, headers=KEY)) == (401, "invalid_Key")
        right = {"authorization": "Bearer sk_test_right"}
        assert httpx.get(url, headers=right).status_code == 200
