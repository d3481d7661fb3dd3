"""A refund is asked for: its credit is held at once, and a worker is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.api.payments_seen import pointers
from tests.api.refunding import ask, held
from tests.api.serving import code

if TYPE_CHECKING:
    from tests.api.books import Books
    from tests.api.serving import Service
    from tests.ingress.serving import Answer


def test_a_refund_is_taken_up_and_its_credit_held(shop: Service, books: Books) -> None:
    books.paid("p1")

    answer = ask(shop, "p1", 300, reason="wrong size")

    assert answer.status == 202
    assert answer.headers["location"] == "/v1/payments/p1"
    reference = answer.json["reference"]
    assert (len(reference), reference[:3]) == (29, "rf_")
    assert answer.json == {
        "reference": reference,
        "payment_reference": "p1",
        "amount_minor": 300,
        "currency": "NGN",
        "status": "requested",
        "reason": "wrong size",
        "created_at": answer.json["created_at"],
        "settled_at": None,
    }
    assert (books.credit(), held(books)) == (700, 300)
    assert books.state("p1") == "completed"
    books.require_balanced()


def test_the_customer_sees_the_hold_as_a_line_of_the_statement(shop: Service, books: Books) -> None:
    books.paid("p1")
    reference = ask(shop, "p1", 300).json["reference"]

    [line] = books.rows(
        "SELECT reference, client_id, amount_minor, balance_after_minor,"
        " payment_log_id IS NOT NULL FROM sms_transactions WHERE kind = 'refund_hold'"
    )
    assert line == (f"{reference}:hold", "shop", -300, 700, True)


def test_the_provider_is_commanded_in_the_same_commit(shop: Service, books: Books) -> None:
    books.paid("p1")

    reference = ask(shop, "p1", 300).json["reference"]

    [(event_id, event_key, told)] = books.rows(
        "SELECT id, event_key, body FROM inbound_events WHERE source = 'internal'"
    )
    assert event_key == f"refund:p1:{reference}"
    assert json.loads(told) == {
        "command": "refund",
        "provider": "standard-webhooks",
        "account": "default",
        "reference": "p1",
        "actor": "client:shop",
        "refund": reference,
    }
    assert books.rows("SELECT event_id, lane FROM inbound_work") == [(event_id, "calls")]


def test_without_an_amount_all_that_is_left_is_refunded(shop: Service, books: Books) -> None:
    books.paid("p1")
    ask(shop, "p1", 300)

    assert ask(shop, "p1").json["amount_minor"] == 700
    assert code(ask(shop, "p1")) == (409, "refund_exceeds_capture")
    assert (books.credit(), held(books)) == (0, 1_000)
    books.require_balanced()


def test_an_empty_body_refunds_all(shop: Service, books: Books) -> None:
    books.paid("p1")

    assert shop.ask("POST", "/v1/payments/p1/refunds", b"").json["amount_minor"] == 1_000


def test_a_service_refunds_its_own_payments_only(
    shop: Service, other: Service, books: Books
) -> None:
    books.paid("p1")

    unknown, foreign = ask(other, "p2", 1), ask(other, "p1", 1)

    assert code(unknown) == code(foreign) == (404, "payment_unknown")
    assert unknown.json["detail"] == foreign.json["detail"]
    assert other.ask("GET", "/v1/payments/p1/refunds").status == 404
    assert ask(shop, "p1", 1).status == 202


WRONG: list[tuple[str, Any]] = [
    ("amount_minor", 0),
    ("amount_minor", -1),
    ("amount_minor", 2**63),
    ("amount_minor", "1"),
    ("reason", "x" * 501),
    ("reason", "two\nlines"),
    ("currency", "NGN"),
]


def test_what_is_no_refund_is_refused_field_by_field(shop: Service, books: Books) -> None:
    books.paid("p1")

    for field, value in WRONG:
        assert pointers(ask(shop, "p1", **{field: value})) == {f"/{field}"}, (field, value)
    assert books.rows("SELECT * FROM refunds") == []


def test_one_key_refunds_once(shop: Service, books: Books) -> None:
    books.paid("p1")
    key = str(uuid4())

    answers: list[Answer] = []
    books.at_once(16, lambda _: answers.append(ask(shop, "p1", 300, key=key)))

    assert {answer.status for answer in answers} == {202}
    assert len({answer.body for answer in answers}) == 1
    assert (books.credit(), held(books)) == (700, 300)
    books.require_balanced()


def test_refunds_are_listed_newest_first(shop: Service, books: Books) -> None:
    books.paid("p1", "p2")
    asked = [ask(shop, "p1", amount).json for amount in (100, 200)]
    ask(shop, "p2", 50)

    answer = shop.ask("GET", "/v1/payments/p1/refunds")

    assert answer.status == 200
    assert answer.json == {"items": asked[::-1]}
