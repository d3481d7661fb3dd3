"""Stripe's API: sessions make intents when somebody pays, and a key has one effect for a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.simulator.calling import session_form

if TYPE_CHECKING:
    from tests.simulator.calling import Caller

DAY_S = 24 * 3600


def refused(answer: httpx.Response) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    assert error["message"]
    return answer.status_code, error["type"], error.get("code")


def paid(caller: Caller, reference: str = "ORD-1") -> str:
    """Return the intent."""
    session = caller.session(reference).json()
    caller.provider.pay(reference)
    intent: str = caller.stripe("GET", f"/checkout/sessions/{session['id']}").json()[
        "payment_intent"
    ]
    return intent


def test_a_session_has_a_page_but_no_intent_before_somebody_tries_to_pay(caller: Caller) -> None:
    session = caller.session().json()

    assert (session["status"], session["payment_status"]) == ("open", "unpaid")
    assert session["amount_total"] == 5_000
    assert session["payment_intent"] is None
    assert "5000 USD" in caller.http.get(session["url"]).text


def test_a_paid_session_is_complete_and_shows_its_intent(caller: Caller) -> None:
    session = caller.session().json()
    caller.provider.pay("ORD-1")

    path = f"/checkout/sessions/{session['id']}"
    plain = caller.stripe("GET", path).json()
    wide = caller.stripe("GET", path, params={"expand[]": "payment_intent"}).json()

    assert (plain["status"], plain["payment_status"]) == ("complete", "paid")
    assert wide["payment_intent"]["id"] == plain["payment_intent"]
    assert wide["payment_intent"]["amount_received"] == 5_000
    assert plain["url"] is None


def test_a_declined_session_stays_open(caller: Caller) -> None:
    session = caller.session().json()
    caller.provider.act("ORD-1", "fail")

    path = f"/checkout/sessions/{session['id']}"
    told = caller.stripe("GET", path, params={"expand[]": "payment_intent"}).json()

    assert told["status"] == "open"
    assert told["payment_intent"]["status"] == "requires_payment_method"
    assert told["payment_intent"]["last_payment_error"]["code"] == "card_declined"


def test_an_expired_session_cannot_be_paid_or_expired_again(caller: Caller) -> None:
    session = caller.session().json()
    path = f"/checkout/sessions/{session['id']}/expire"

    first, second = caller.stripe("POST", path), caller.stripe("POST", path)

    assert first.json()["status"] == "expired"
    assert refused(second)[0] == 400
    page = caller.http.post(f"{session['url']}/pay")
    assert page.status_code == 409
    assert not caller.provider.books.captures
    assert [notice.type for notice in caller.provider.notices] == ["checkout.session.expired"]


def test_a_session_expires_by_itself_after_a_day(caller: Caller) -> None:
    session = caller.session().json()
    caller.provider.advance(DAY_S)

    told = caller.stripe("GET", f"/checkout/sessions/{session['id']}").json()

    assert told["status"] == "expired"
    assert caller.provider.notices[-1].type == "checkout.session.expired"


def test_the_intent_of_a_session_cannot_be_cancelled(caller: Caller) -> None:
    caller.session()
    caller.provider.act("ORD-1", "fail")
    (intent,) = caller.stripe("GET", "/payment_intents").json()["data"]

    answer = caller.stripe("POST", f"/payment_intents/{intent['id']}/cancel")

    assert refused(answer)[::2] == (400, "payment_intent_unexpected_state")


def test_two_sessions_of_one_reference_are_two_debts(caller: Caller) -> None:
    caller.session(key="one")
    caller.session(key="two")
    caller.provider.pay("ORD-1")

    assert len(caller.provider.checkouts("stripe")) == 2
    assert list(caller.provider.books.sales) == ["ORD-1", "ORD-1#2"]


def test_one_reference_can_be_at_both_providers(caller: Caller) -> None:
    caller.initialize()
    caller.session()
    caller.provider.pay("ORD-1", provider="stripe")

    assert caller.verify()["status"] == "ongoing"
    assert caller.provider.books.captures[0].currency == "USD"


def test_intents_are_listed_newest_first_with_a_cursor_and_their_charge(caller: Caller) -> None:
    made = [paid(caller, f"ORD-{number}") for number in range(3)]
    query = {"limit": "2", "expand[]": "data.latest_charge"}

    first = caller.stripe("GET", "/payment_intents", params=query).json()
    after = {"starting_after": first["data"][-1]["id"]}
    second = caller.stripe("GET", "/payment_intents", params=query | after).json()

    listed = [each["id"] for page in (first, second) for each in page["data"]]
    assert listed == made[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert first["data"][0]["latest_charge"]["amount_refunded"] == 0


def test_intents_are_listed_by_the_time_they_were_made(caller: Caller) -> None:
    paid(caller, "ORD-1")
    caller.provider.advance(100)
    late = paid(caller, "ORD-2")
    made_s = caller.stripe("GET", f"/payment_intents/{late}").json()["created"]

    def listed(**bounds: int) -> int:
        query = {f"created[{name}]": str(at_s) for name, at_s in bounds.items()}
        return len(caller.stripe("GET", "/payment_intents", params=query).json()["data"])

    assert listed(gte=made_s) == listed(lt=made_s) == 1
    assert listed(lte=made_s) == listed(gte=made_s - 200) == 2
    assert listed(gt=made_s) == 0


def test_an_intent_is_found_by_the_metadata_its_session_gave_it(caller: Caller) -> None:
    intent = paid(caller)
    without = session_form("ORD-2")
    del without["payment_intent_data[metadata][reference]"]
    caller.stripe("POST", "/checkout/sessions", data=without)
    caller.provider.pay("ORD-2")

    def found(reference: str) -> list[str]:
        query = {"query": f"metadata['reference']:'{reference}'"}
        tree = caller.stripe("GET", "/payment_intents/search", params=query).json()
        return [each["id"] for each in tree["data"]]

    assert found("ORD-1") == [intent]
    assert found("ORD-2") == []
    assert found("NOBODY") == []


def test_refunds_keep_within_the_charge_and_carry_the_merchants_words(caller: Caller) -> None:
    intent = paid(caller)
    form = {"payment_intent": intent, "amount": "3000", "metadata[refund]": "R-1"}
    made = caller.stripe("POST", "/refunds", data=form).json()
    caller.provider.settle(made["id"])

    too_much = caller.stripe("POST", "/refunds", data=form)
    rest = caller.stripe("POST", "/refunds", data={"charge": made["charge"]}).json()
    over = caller.stripe("POST", "/refunds", data={"payment_intent": intent})

    listed = caller.stripe("GET", "/refunds", params={"payment_intent": intent}).json()["data"]
    assert refused(too_much)[::2] == (400, "amount_too_large")
    assert refused(over)[::2] == (400, "charge_already_refunded")
    assert [each["id"] for each in listed] == [rest["id"], made["id"]]
    assert [each["status"] for each in listed] == ["pending", "succeeded"]
    assert listed[1]["metadata"] == {"refund": "R-1"}
    assert caller.stripe("GET", f"/refunds/{made['id']}").json() == listed[1]


def test_the_same_key_gets_the_same_bytes_and_has_one_effect(caller: Caller) -> None:
    first, again = caller.session(key="k"), caller.session(key="k")

    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert len(caller.provider.books.sales) == 1
    assert [call.effect for call in caller.provider.journal] == [True, False]
    assert [call.replayed for call in caller.provider.journal] == [False, True]


def test_a_key_with_other_parameters_is_an_error_without_effect(caller: Caller) -> None:
    caller.session(key="k")

    answer = caller.session("ORD-2", key="k")

    assert refused(answer)[:2] == (400, "idempotency_error")
    assert list(caller.provider.books.sales) == ["ORD-1"]


def test_a_key_is_forgotten_after_a_day(caller: Caller) -> None:
    caller.session(key="k")
    caller.provider.advance(DAY_S)

    assert caller.session("ORD-2", key="k").status_code == 200
    assert len(caller.provider.books.sales) == 2


def test_an_invalid_request_does_not_spend_its_key(caller: Caller) -> None:
    refused_first = caller.session(key="k", mode="subscription")

    assert refused(refused_first)[0] == 400
    assert caller.session(key="k").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/checkout/sessions/cs_test_0"),
        ("GET", "/payment_intents/pi_0"),
        ("POST", "/payment_intents/pi_0/cancel"),
        ("GET", "/refunds/re_0"),
        ("GET", "/payment_intents?starting_after=pi_0"),
    ],
)
def test_what_is_not_there_is_missing(caller: Caller, method: str, path: str) -> None:
    assert refused(caller.stripe(method, path)) == (
        404,
        "invalid_request_error",
        "resource_missing",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "subscription"},
        {"line_items[0][price_data][unit_amount]": "0"},
        {"line_items[0][price_data][unit_amount]": "12.50"},
        {"line_items[0][price_data][currency]": ""},
        {
            "line_items[0][price_data][currency]": "ugx",
            "line_items[0][price_data][unit_amount]": "150",
        },
    ],
    ids=str,
)
def test_what_cannot_be_charged_is_refused(caller: Caller, changes: dict[str, Any]) -> None:
    assert refused(caller.session(**changes))[0] == 400
    assert not caller.provider.books.sales


def test_a_key_of_the_api_is_required(caller: Caller) -> None:
    answer = httpx.get(f"{caller.provider.url_stripe}/v1/refunds")

    assert refused(answer)[:2] == (401, "invalid_request_error")
