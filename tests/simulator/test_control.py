"""The control API: what a test does in a customer's or a bank's place, from any language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.simulator.api.customers import Habits
from tests.simulator.calling import Caller, merchant
from tests.simulator.provider import simulated

if TYPE_CHECKING:
    from tests.simulator.books import Books

SOON_S = (0.0, 0.02)


def control(caller: Caller, method: str, path: str, **body: Any) -> httpx.Response:
    url = f"{caller.provider.url_control}{path}"
    return caller.http.request(method, url, json=body if method == "POST" else None)


def test_a_sale_can_be_paid_with_another_amount(caller: Caller) -> None:
    caller.initialize()

    answer = control(caller, "POST", "/transactions/ORD-1/pay", amount_minor=9_000)

    assert answer.json()["captures"][0]["amount_minor"] == 9_000
    assert caller.verify()["amount"] == 9_000
    assert caller.verify()["requested_amount"] == 10_000


def test_a_sale_can_be_looked_at(caller: Caller) -> None:
    caller.initialize()
    done = control(caller, "POST", "/transactions/ORD-1/pay").json()

    assert control(caller, "GET", "/transactions/ORD-1?provider=paystack").json() == done
    assert control(caller, "GET", "/transactions/ORD-1?provider=stripe").status_code == 404


def test_a_sale_is_paid_once_unless_a_second_time_is_meant(caller: Caller) -> None:
    caller.initialize()
    first = control(caller, "POST", "/transactions/ORD-1/pay")
    second = control(caller, "POST", "/transactions/ORD-1/pay")
    meant = control(caller, "POST", "/transactions/ORD-1/pay", again=True)

    assert [first.status_code, second.status_code, meant.status_code] == [200, 409, 200]
    assert len(caller.provider.books.captures) == 2


def test_a_dispute_is_opened_and_decided(caller: Caller) -> None:
    caller.initialize()
    for act in ("pay", "dispute", "lose"):
        assert control(caller, "POST", f"/transactions/ORD-1/{act}").status_code == 200

    told = control(caller, "GET", "/books").json()["paystack"]
    assert told["sums"]["NGN"]["charged_back"] == 10_000
    assert told["sales"][0]["captures"][0]["disputes"] == ["lost"]
    assert control(caller, "POST", "/transactions/ORD-1/win").status_code == 409


def test_a_refund_is_ended_once(caller: Caller) -> None:
    caller.initialize()
    caller.provider.pay("ORD-1")
    made = caller.data("POST", "/refund", json={"transaction": "ORD-1", "amount": 10})

    answers = [
        control(caller, "POST", f"/refunds/{made['id']}/{act}") for act in ("fail", "settle")
    ]

    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[0].json()["status"] == "failed"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/transactions/NOBODY/pay", {}, 404),
        ("/transactions/ORD-1/sing", {}, 404),
        ("/transactions/ORD-1/lose", {}, 409),
        ("/transactions/ORD-1/pay", {"amount_minor": "all"}, 400),
        ("/refunds/1/settle", {}, 404),
        ("/faults", {"faults": ["initialize:sulk:1"]}, 400),
        ("/faults", {"faults": [{"operation": "refund"}]}, 400),
        ("/faults", {"faults": [7]}, 400),
        ("/clock", {"advance_s": -1}, 400),
    ],
)
def test_what_cannot_be_done_is_said(
    caller: Caller, path: str, body: dict[str, Any], status: int
) -> None:
    caller.initialize()

    answer = control(caller, "POST", path, **body)

    assert answer.status_code == status
    assert answer.json()["error"]


def test_faults_are_set_shown_and_cleared(caller: Caller) -> None:
    tree = {"operation": "refund", "behaviour": "hang", "calls": [2], "seconds": 3}
    control(caller, "POST", "/faults", faults=["initialize:away:@1", tree])

    shown = control(caller, "GET", "/faults").json()
    with pytest.raises(httpx.RemoteProtocolError):
        caller.initialize()
    cleared = control(caller, "DELETE", "/faults").json()

    texts = [each["text"] for each in shown["faults"]]
    assert texts == ["initialize:away:@1", "refund:hang:@2:3"]
    assert shown["seed"] == caller.provider.seed
    assert cleared["faults"] == []


def test_the_journal_says_what_was_done_and_what_was_answered(caller: Caller) -> None:
    control(caller, "POST", "/faults", faults=["stripe.initialize:error_after_effect:@1"])
    caller.initialize()
    caller.initialize()
    caller.session("ORD-2", key="k")
    caller.http.get(f"{caller.provider.url_paystack}/refund", headers={"authorization": ""})

    told = control(caller, "GET", "/calls").json()

    named = ("operation", "about", "key", "effect", "status", "sent")
    assert [tuple(call[name] for name in named) for call in told["calls"]] == [
        ("initialize", "ORD-1", "", True, 200, "all"),
        ("initialize", "ORD-1", "", False, 400, "all"),
        ("initialize", "ORD-2", "k", True, 500, "all"),
        ("refunds", "", "", False, 401, "all"),
    ]
    chosen = control(caller, "GET", "/calls?reference=ORD-1&limit=1").json()
    assert (chosen["total"], len(chosen["calls"])) == (4, 1)


def test_a_person_can_pay_at_the_page_and_is_sent_back(caller: Caller) -> None:
    made = caller.initialize(callback_url="https://shop.example/done?a=1").json()["data"]

    answer = caller.http.post(f"{made['authorization_url']}/pay")
    again = caller.http.post(f"{made['authorization_url']}/pay")

    assert answer.status_code == 303
    back = "https://shop.example/done?a=1&trxref=ORD-1&reference=ORD-1"
    assert answer.headers["location"] == back
    assert again.status_code == 409
    assert "closed" in caller.http.get(made["authorization_url"]).text


@pytest.mark.parametrize(("act", "stage"), [("decline", "declined"), ("leave", "abandoned")])
def test_a_person_can_decline_or_leave(caller: Caller, act: str, stage: str) -> None:
    made = caller.initialize(callback_url="javascript:alert(1)").json()["data"]

    answer = caller.http.post(f"{made['authorization_url']}/{act}")

    assert answer.status_code == 200
    assert stage in answer.text


def test_a_page_writes_what_it_was_given_as_text(caller: Caller) -> None:
    made = caller.initialize("<script>alert(1)</script>").json()["data"]

    assert "<script>" not in caller.http.get(made["authorization_url"]).text


def decided(seed: int, habits: Habits, order: list[str]) -> dict[str, str]:
    """Return what became of each sale when customers decide by themselves."""
    with simulated(seed=seed, customers=habits) as provider, merchant() as http:
        caller = Caller(provider, http)
        for reference in order:
            caller.initialize(reference)
        provider.wait_until(
            lambda: all(each.stage != "open" for each in provider.checkouts("paystack"))
        )
        return {each.sale.reference: each.stage for each in provider.checkouts("paystack")}


def test_customers_decide_by_seed_and_reference_in_whatever_order_they_come() -> None:
    habits = Habits(pay_share=0.5, decline_share=0.3, decide_after_s=SOON_S)
    order = [f"ORD-{number}" for number in range(30)]

    first, turned = decided(1, habits, order), decided(1, habits, order[::-1])

    assert first == turned
    assert set(first.values()) == {"paid", "declined", "abandoned"}
    assert first != decided(2, habits, order)


@pytest.mark.parametrize(("share", "status"), [(0.0, "succeeded"), (1.0, "failed")])
def test_banks_end_refunds_by_themselves(share: float, status: str) -> None:
    habits = Habits(
        pay_share=1.0, refund_fail_share=share, decide_after_s=SOON_S, settle_after_s=SOON_S
    )
    with simulated(customers=habits) as provider, merchant() as http:
        caller = Caller(provider, http)
        caller.initialize()
        provider.wait_until(lambda: provider.books.captures)
        caller.paystack("POST", "/refund", json={"transaction": "ORD-1"})

        def statuses(books: Books) -> list[str]:
            return [str(refund.status) for refund in books.captures[0].refunds]

        provider.wait_until(lambda: statuses(provider.books) == [status])
