"""Every fault as a caller sees it, byte by byte, and as the books and the journal have it."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.simulator.api.fault import Behaviour, Fault, FaultInvalid, parsed
from tests.simulator.api.operation import OperationName
from tests.simulator.api.script import Script

if TYPE_CHECKING:
    from tests.simulator.api.journal import Call
    from tests.simulator.calling import Caller, Heard

BODY = {"email": "ada@shop.example", "amount": 10_000, "currency": "NGN", "reference": "ORD-1"}
INITIALIZE = "/paystack/transaction/initialize"


def initialize(caller: Caller, fault: str) -> tuple[Heard, Call]:
    """Return what a caller heard of a call that goes wrong, and what the journal says of it."""
    caller.provider.set_faults(fault)
    heard = caller.raw("POST", INITIALIZE, BODY)
    (call,) = caller.provider.journal.of("initialize")
    return heard, call


def is_opened(caller: Caller) -> bool:
    return "ORD-1" in caller.provider.books.sales


def parts(heard: Heard) -> tuple[int, dict[str, str], bytes]:
    head, _, body = heard.received.partition(b"\r\n\r\n")
    status, *lines = head.decode().lower().split("\r\n")
    return int(status.split()[1]), dict(line.split(": ", 1) for line in lines), body


def test_away_closes_without_a_word_and_without_effect(caller: Caller) -> None:
    heard, call = initialize(caller, "initialize:away:@1")

    assert heard[:2] == (b"", "")
    assert not is_opened(caller)
    assert (call.effect, call.sent) == (False, "nothing")


def test_dropped_after_its_effect_a_call_says_nothing(caller: Caller) -> None:
    heard, call = initialize(caller, "initialize:drop_after_effect:@1")

    assert heard[:2] == (b"", "")
    assert is_opened(caller)
    assert (call.effect, call.sent, call.status) == (True, "nothing", 200)
    assert call.fault == "initialize:drop_after_effect:@1"


@pytest.mark.parametrize(("behaviour", "effect"), [("reset", True), ("reset_before_effect", False)])
def test_a_reset_is_an_error_of_the_connection(
    caller: Caller, behaviour: str, *, effect: bool
) -> None:
    heard, call = initialize(caller, f"initialize:{behaviour}:@1")

    assert heard[:2] == (b"", "ConnectionResetError")
    assert is_opened(caller) is call.effect is effect


def test_an_error_after_the_effect_looks_like_any_other(caller: Caller) -> None:
    heard, call = initialize(caller, "initialize:error_after_effect:@1")

    status, _, body = parts(heard)
    assert (status, json.loads(body)["type"]) == (500, "api_error")
    assert is_opened(caller)
    assert (call.effect, call.status, call.sent) == (True, 500, "all")


@pytest.mark.parametrize(("behaviour", "status"), [("refuse_429", 429), ("refuse_503", 503)])
def test_a_refusal_names_the_time_to_come_back(caller: Caller, behaviour: str, status: int) -> None:
    heard, call = initialize(caller, f"initialize:{behaviour}:@1:7")

    told, headers, body = parts(heard)
    assert (told, headers["retry-after"]) == (status, "7")
    assert json.loads(body)["status"] is False
    assert not is_opened(caller)
    assert not call.effect


def test_a_call_that_hangs_is_answered_late(caller: Caller) -> None:
    heard, call = initialize(caller, "initialize:hang:@1:0.3")

    assert heard.took_s >= 0.3
    assert parts(heard)[0] == 200
    assert (call.effect, call.sent) == (True, "all")


def test_an_answer_that_drips_is_whole_in_the_end(caller: Caller) -> None:
    heard, call = initialize(caller, "initialize:slow_drip:@1:0.5")

    status, headers, body = parts(heard)
    assert heard.took_s >= 0.4
    assert status == 200
    assert len(body) == int(headers["content-length"])
    assert json.loads(body)["data"]["reference"] == "ORD-1"
    assert call.sent == "all"


def test_a_truncated_answer_has_less_than_it_announces(caller: Caller) -> None:
    heard, call = initialize(caller, "initialize:truncated:@1")

    status, headers, body = parts(heard)
    assert status == 200
    assert 0 < len(body) < int(headers["content-length"])
    assert is_opened(caller)
    assert call.sent == "part"


def test_wrong_json_is_json_of_another_shape(caller: Caller) -> None:
    heard, _ = initialize(caller, "initialize:wrong_json:@1")

    status, _, body = parts(heard)
    assert status == 200
    assert not isinstance(json.loads(body)["data"], dict)
    assert is_opened(caller)


def test_a_page_comes_where_json_is_due(caller: Caller) -> None:
    heard, _ = initialize(caller, "initialize:html:@1")

    status, headers, body = parts(heard)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert body.startswith(b"<!doctype html>")
    assert is_opened(caller)


def test_a_request_that_arrives_twice_is_answered_as_the_second(caller: Caller) -> None:
    heard, call = initialize(caller, "initialize:duplicate:@1")

    status, _, body = parts(heard)
    assert (status, json.loads(body)["code"]) == (400, "duplicate_reference")
    assert is_opened(caller)
    assert call.effect


def test_a_refund_that_arrives_twice_is_made_twice(caller: Caller) -> None:
    caller.initialize()
    caller.provider.pay("ORD-1")
    caller.provider.set_faults("refund:duplicate:@1")

    caller.paystack("POST", "/refund", json={"transaction": "ORD-1", "amount": 10})

    assert len(caller.provider.books.captures[0].refunds) == 2


@pytest.mark.parametrize("wide", [False, True])
def test_only_an_answer_that_tells_of_money_lies_about_it(caller: Caller, *, wide: bool) -> None:
    caller.initialize()
    caller.session("ORD-2")
    caller.provider.set_faults("verify:wrong_amount:@1")
    before = caller.verify()
    caller.provider.pay("ORD-2" if wide else "ORD-1")

    if wide:
        path = f"/checkout/sessions/{caller.provider.checkouts('stripe')[0].code}"
        query = {"expand[]": "payment_intent"}
        told: Any = caller.stripe("GET", path, params=query).json()["payment_intent"]
        truth: Any = caller.stripe("GET", path, params=query).json()["payment_intent"]
        assert told["amount_received"] == truth["amount_received"] + 100
    else:
        told, truth = caller.verify(), caller.verify()
        assert told["status"] == truth["status"] == "success"
    assert before["amount"] == 10_000
    assert told["amount"] == truth["amount"] + 100
    assert caller.provider.books.captures[0].amount_minor == truth["amount"]


def test_a_key_is_in_flight_while_its_call_hangs(caller: Caller) -> None:
    caller.provider.set_faults("stripe.initialize:hang:@1:0.6")
    first = threading.Thread(target=caller.session, kwargs={"key": "k"})
    first.start()
    caller.provider.wait_until(lambda: caller.provider.books.sales)

    meanwhile = caller.session(key="k")
    first.join()
    after = caller.session(key="k")

    assert meanwhile.status_code == 409
    assert meanwhile.json()["error"]["code"] == "idempotency_key_in_use"
    assert after.headers["idempotent-replayed"] == "true"
    assert len(caller.provider.books.sales) == 1


@pytest.mark.parametrize(("behaviour", "again"), [("error_after_effect", 200), ("error_kept", 500)])
def test_an_error_may_or_may_not_be_what_the_key_keeps(
    caller: Caller, behaviour: str, again: int
) -> None:
    caller.provider.set_faults(f"initialize:{behaviour}:@1")

    answers = [caller.session(key="k") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [500, again]
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert len(caller.provider.books.sales) == 1


def test_after_a_drop_the_same_key_gets_the_answer(caller: Caller) -> None:
    caller.provider.set_faults("initialize:drop_after_effect:@1")
    with pytest.raises(httpx.RemoteProtocolError):
        caller.session(key="k")

    answer = caller.session(key="k")

    assert answer.json()["url"]
    assert len(caller.provider.books.sales) == 1


def test_the_same_seed_and_order_make_the_same_faults() -> None:
    faults = [parsed("initialize:reset:0.1"), parsed("any:away:0.1")]

    def struck(seed: int) -> list[Fault | None]:
        script = Script(seed, faults)
        return [script.draw("paystack", OperationName.INITIALIZE) for _ in range(500)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 50 <= sum(each is not None for each in struck(1)) <= 150


def test_a_fault_keeps_to_its_provider_operation_and_calls() -> None:
    script = Script(1, [parsed("stripe.refund:reset:@2,3")])

    paystack = [script.draw("paystack", OperationName.REFUND) for _ in range(5)]
    other = [script.draw("stripe", OperationName.INITIALIZE) for _ in range(5)]
    stripe = [script.draw("stripe", OperationName.REFUND) for _ in range(5)]

    assert paystack == other == [None] * 5
    assert [each is not None for each in stripe] == [False, True, True, False, False]


def test_no_fault_after_they_were_cleared(caller: Caller) -> None:
    caller.provider.set_faults("any:away:1")
    caller.provider.set_faults()

    assert caller.initialize().status_code == 200


@pytest.mark.parametrize("behaviour", list(Behaviour))
@pytest.mark.parametrize("rest", ["0.05", "@1,3", "0.5:2.5"])
def test_a_fault_is_written_as_it_is_read(behaviour: Behaviour, rest: str) -> None:
    text = f"paystack.verify:{behaviour}:{rest}"

    assert str(parsed(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "initialize",
        "initialize:away",
        "pay:away:0.1",
        "initialize:sulk:0.1",
        "initialize:away:2",
        "initialize:away:-1",
        "initialize:away:nan",
        "initialize:away:0",
        "initialize:away:@",
        "initialize:away:@0",
        "initialize:hang:0.1:-1",
        "initialize:hang:0.1:inf",
        "adyen.initialize:away:0.1",
    ],
)
def test_what_could_never_happen_is_no_fault(text: str) -> None:
    with pytest.raises(FaultInvalid):
        parsed(text)
