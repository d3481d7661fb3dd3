"""The timeline of a payment, as services and supporters read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from domain.sql_timeline import TIMELINE
from domain.timeline import ENTRIES_MAX, ROWS_MAX
from tests.ingress.serving import charge
from tests.workers.replayed import replay
from tests.workers.scene import body, capture, refund

if TYPE_CHECKING:
    from tests.api.books import Books
    from tests.api.serving import Service
    from tests.ingress.serving import Answer, Door

Entry = dict[str, Any]


def read(by: Service, reference: str = "p1") -> Answer:
    return by.ask("GET", f"/v1/payments/{reference}/timeline")


def entries(by: Service, reference: str = "p1") -> list[Entry]:
    answer = read(by, reference)
    assert answer.status == 200
    found: list[Entry] = answer.json["entries"]
    return found


def kinds(found: list[Entry]) -> list[str]:
    return [each["kind"] for each in found]


def summaries(found: list[Entry], kind: str) -> list[str]:
    return [each["summary"] for each in found if each["kind"] == kind]


def test_the_life_of_a_payment_is_told_in_the_order_of_causes(shop: Service, books: Books) -> None:
    books.paid("p1")
    books.hear(refund("p1", 250))

    answer = read(shop)

    assert answer.json["payment"] == shop.show("p1").json
    assert answer.json["is_cut"] is False
    told = [(each["kind"], each["rule"], each["actor"]) for each in answer.json["entries"]]
    provider = "provider:standard-webhooks"
    assert told == [
        ("announced", None, "client:shop"),
        ("event", None, None),
        ("transition", "succeeded in pending: move", provider),
        ("movement", None, None),
        ("event", None, None),
        ("transition", "refunded_in_part in completed: move when whole", provider),
        ("movement", None, None),
    ]
    assert [each["summary"] for each in answer.json["entries"]] == [
        "A payment of 10.00 NGN was announced, to be made at standard-webhooks.",
        "standard-webhooks sent the event event 1.",
        (
            "Moved from pending to completed: the provider says that the money arrived"
            " (payment.succeeded). Now captured 10.00 NGN."
        ),
        "10.00 NGN was credited to the customer (capture T1).",
        "standard-webhooks sent the event event 2.",
        (
            "Moved from completed to partially_refunded: the provider has refunded a part of it"
            " (refund.succeeded). Now captured 10.00 NGN, refunded 2.50 NGN."
        ),
        "2.50 NGN was taken from the customer (refund R1).",
    ]


def test_what_belongs_to_one_event_has_its_id(shop: Service, books: Books) -> None:
    books.own("p1")
    [event_id] = books.hear(capture("p1"))

    found = entries(shop)

    assert [each["event_id"] for each in found] == [None, event_id, event_id, event_id]


def test_a_payment_asked_for_here_tells_the_command_and_who_gave_it(shop: Service) -> None:
    shop.create(reference="top-up-1", email="somebody@example.com")

    found = entries(shop, "top-up-1")

    assert kinds(found) == ["announced", "event"]
    assert found[1]["actor"] == "client:shop"
    assert found[1]["summary"] == (
        "We were asked to start the payment at the provider. It is not finished yet."
    )
    assert "somebody@example.com" not in json.dumps(found)


def test_a_webhook_is_found_by_our_reference_though_it_changed_nothing(
    shop: Service, door: Door, books: Books
) -> None:
    shop.create(reference="top-up-1")
    sent = charge(1)
    for delivery in (
        sent,
        sent.replace(b'"note": ""', b'"note": "again"'),
        sent.replace(b"charge.success", b"transfer.success"),
    ):
        assert door.post(delivery).status == 200
    owed = books.rows("SELECT event_id FROM inbound_work WHERE lane = 'events'")
    books.apply(*(row[0] for row in owed))

    found = entries(shop, "top-up-1")

    said = summaries(found, "event")
    assert said[1] == "paystack sent the event 14:charge.success1:1 (test mode)."
    assert said[2].startswith("The same event came again in other bytes (SHA-256 ")
    assert said[3] == "paystack sent the event 16:transfer.success1:1 (test mode)."
    assert summaries(found, "attempt") == [
        "Attempt 1: the event is of a type that has no effect here."
    ]


def test_a_call_tells_how_it_ended_and_nothing_secret(shop: Service, books: Books) -> None:
    books.own("p1")
    books.execute(
        "INSERT INTO provider_calls (debt, fence, event_id, payment_id, kind, provider, account,"
        " worker, started_at, ended_at, outcome, http_status, error_class, message, answer)"
        " SELECT 'd', 1, 7, id, 'initialize', 'paystack', 'default', 'w', now(),"
        " now() + interval '312 ms', 'refused', 400, 'ProviderRefused',"
        " E'Invalid address ada@example.com,\n key sk_live_0123456789abcdef', 'secret bytes'"
        " FROM payment_logs"
    )
    books.execute(
        "INSERT INTO provider_calls (debt, fence, event_id, payment_id, kind, provider, account,"
        " worker) SELECT 'd', 2, 7, id, 'verify', 'paystack', 'default', 'w' FROM payment_logs"
    )

    answer = read(shop)

    assert summaries(answer.json["entries"], "call") == [
        (
            "paystack was asked to start the payment: it refused; nothing happened there, HTTP 400,"
            " after 312 ms (ProviderRefused: Invalid address [e-mail], key [secret])."
        ),
        "paystack was asked what became of the payment; the answer is still awaited.",
    ]
    for secret in (b"ada@example.com", b"sk_live", b"secret bytes"):
        assert secret not in answer.body


def test_a_refund_tells_of_the_request_the_hold_and_the_end(shop: Service, books: Books) -> None:
    books.paid("p1")
    asked = {"amount_minor": 250, "reason": "mail ada@example.com"}
    reference = shop.ask("POST", "/v1/payments/p1/refunds", asked).json["reference"]
    books.execute("UPDATE refunds SET status = 'failed', settled_at = now()")

    found = entries(shop)[4:]

    assert [(each["kind"], each["actor"]) for each in found] == [
        ("refund", "client:shop"),
        ("event", "client:shop"),
        ("movement", None),
        ("refund", "client:shop"),
    ]
    assert [each["summary"] for each in found] == [
        f"A refund of 2.50 NGN was asked for ({reference}). Reason: mail [e-mail]",
        "We were asked to have the provider refund it. It is not finished yet.",
        f"2.50 NGN of the customer's credit is held for the refund {reference}.",
        f"The refund of 2.50 NGN has failed ({reference}).",
    ]


def test_a_dead_letter_tells_why_and_what_was_done_about_it(shop: Service, books: Books) -> None:
    books.own("p1")
    [event_id] = books.hear(capture("p1", 999))
    replay(books.database, [books.letter_id(event_id)], actor="operator:eve", reason="look again")

    found = entries(shop)

    letters = [each for each in found if each["kind"] == "dead_letter"]
    assert [(each["rule"], each["actor"]) for each in letters] == [
        ("mismatch", "payratchet"),
        (None, "operator:eve"),
        ("mismatch", "payratchet"),
    ]
    assert letters[1]["summary"].endswith("is tried again: look again.")
    assert summaries(found, "movement") == ["9.99 NGN was put into suspense (capture T1)."]
    assert any(each["rule"] == "contradicted in pending: move" for each in found)


def test_an_event_that_fails_again_and_again_tells_every_attempt(
    shop: Service, books: Books
) -> None:
    books.own("p1")
    books.break_for("p1", "RAISE EXCEPTION 'broken for ada@example.com'")
    event_id = books.receive(capture("p1"))
    books.execute("ALTER TABLE inbound_events DISABLE TRIGGER USER")
    books.execute("UPDATE inbound_events SET reference = 'p1'")
    books.apply(event_id)
    books.apply(event_id)

    found = summaries(entries(shop), "attempt")

    assert len(found) == 2
    assert found[0].startswith(
        "Attempt 1: it failed and is tried again (RaiseException: broken for"
    )
    assert "ada@example.com" not in json.dumps(found)


def test_a_service_reads_the_timelines_of_its_own_payments_only(
    shop: Service, other: Service, books: Books
) -> None:
    books.paid("p1")

    for by, reference in ((other, "p1"), (shop, "p2"), (shop, "x" * 101)):
        answer = read(by, reference)
        assert (answer.status, answer.json["code"]) == (404, "payment_unknown")


def test_events_of_another_provider_that_use_our_reference_are_not_told(
    shop: Service, books: Books
) -> None:
    books.own("p1")
    event_id = books.receive(body("payment.succeeded", "p1"), source="stripe")
    books.execute("ALTER TABLE inbound_events DISABLE TRIGGER USER")
    books.execute("UPDATE inbound_events SET reference = 'p1' WHERE id = %s", [event_id])

    assert kinds(entries(shop)) == ["announced"]


def test_a_long_timeline_is_cut_to_its_newest_entries_and_says_so(
    shop: Service, books: Books
) -> None:
    books.own("p1")
    books.execute(
        "INSERT INTO provider_calls (debt, fence, event_id, payment_id, kind, provider, account,"
        " worker, started_at, ended_at, outcome)"
        " SELECT 'd', n, 7, id, 'verify', 'paystack', 'default', 'w',"
        " now() + make_interval(secs => n), now() + make_interval(secs => n + 1), 'answered'"
        " FROM payment_logs, generate_series(1, 600) AS n"
    )

    answer = read(shop)

    assert answer.json["is_cut"] is True
    assert kinds(answer.json["entries"]) == ["call"] * ENTRIES_MAX


def test_a_timeline_reads_no_table_from_end_to_end(books: Books) -> None:
    """Plans differ by size; with scans made dear, what is left of them has no index to use."""
    books.paid("p1")
    books.execute("SET enable_seqscan = off")
    plan = "\n".join(
        row[0] for row in books.rows(f"EXPLAIN {TIMELINE}", {"reference": "p1", "limit": ROWS_MAX})
    )

    assert "Seq Scan" not in plan
