"""Refunds asked for: never beyond the capture, never of spent credit, and held at once."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest

from tests.api.books import keyed, opened
from tests.workers.scene import body, refund

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.books import Books
    from tests.api.serving import Service
    from tests.ingress.serving import Answer, Door

RIVALS = 32


@pytest.fixture
def books(door: Door) -> Iterator[Books]:
    with opened(door.database_url) as found:
        yield found


def ask(
    by: Service,
    reference: str,
    amount_minor: int | None = None,
    *,
    key: str | None = None,
    **more: Any,
) -> Answer:
    asked = more if amount_minor is None else {"amount_minor": amount_minor, **more}
    return by.ask("POST", f"/v1/payments/{reference}/refunds", asked, key=key)


def code(answer: Answer) -> tuple[int, str]:
    return (answer.status, answer.json["code"])


def held(books: Books) -> int:
    return books.account("refunds_held")


def written(books: Books) -> dict[str, int]:
    """Count the rows of all tables that a refund writes to."""
    tables = ("refunds", "ledger_entries", "sms_transactions", "inbound_events", "inbound_work")
    return {table: books.value(f"SELECT count(*) FROM {table}") for table in tables}


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


def test_what_the_provider_refunded_by_itself_is_not_left(shop: Service, books: Books) -> None:
    books.paid("p1")
    books.hear(refund("p1", 600))

    assert code(ask(shop, "p1", 401)) == (409, "refund_exceeds_capture")
    assert ask(shop, "p1").json["amount_minor"] == 400
    books.require_balanced()


def test_partial_refunds_at_once_never_exceed_the_capture(shop: Service, books: Books) -> None:
    books.paid("p1", "p2")

    ended: list[int] = []

    def one(_: int) -> None:
        ended.append(keyed(lambda key: ask(shop, "p1", 90, key=key)).status)

    books.at_once(RIVALS, one)

    assert Counter(ended) == {202: 11, 409: 21}
    assert (books.credit(), held(books)) == (1_010, 990)
    assert books.value("SELECT sum(amount_minor)::bigint FROM refunds") == 990
    books.require_balanced()


def test_refunds_of_all_that_is_left_at_once_are_one(shop: Service, books: Books) -> None:
    books.paid("p1")

    ended: list[int] = []

    def one(_: int) -> None:
        ended.append(keyed(lambda key: ask(shop, "p1", key=key)).status)

    books.at_once(16, one)

    assert Counter(ended) == {202: 1, 409: 15}
    assert (books.credit(), held(books)) == (0, 1_000)
    books.require_balanced()


def test_the_database_refuses_more_than_the_capture_whoever_writes_it(books: Books) -> None:
    books.paid("p1")

    with pytest.raises(psycopg.errors.CheckViolation, match="exceeds what is left"):
        books.execute(
            "INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency)"
            " SELECT 'rf_1', id, 'shop', 1001, 'NGN' FROM payment_logs"
        )


def test_credit_that_is_spent_is_not_refunded_and_nothing_changes(
    shop: Service, books: Books
) -> None:
    books.paid("p1")
    spent = {"customer_id": "ada", "amount_minor": 701, "currency": "NGN"}
    shop.ask("POST", "/v1/sms-transactions", spent)
    before = written(books)

    assert code(ask(shop, "p1", 300)) == (402, "insufficient_credit")
    assert written(books) == before
    assert (books.credit(), held(books)) == (299, 0)
    assert ask(shop, "p1", 299).status == 202
    books.require_balanced()


def test_held_credit_cannot_be_spent(shop: Service, books: Books) -> None:
    books.paid("p1")
    ask(shop, "p1", 300)

    spent = {"customer_id": "ada", "amount_minor": 701, "currency": "NGN"}
    assert code(shop.ask("POST", "/v1/sms-transactions", spent)) == (402, "insufficient_credit")


def test_debits_and_refunds_at_once_share_one_credit(shop: Service, books: Books) -> None:
    books.paid("p1", "p2")

    def either(number: int) -> None:
        if number % 2:
            keyed(lambda key: ask(shop, f"p{1 + number % 4 // 2}", 90, key=key))
        else:
            asked = {"customer_id": "ada", "amount_minor": 130, "currency": "NGN"}
            keyed(lambda key: shop.ask("POST", "/v1/sms-transactions", asked, key=key))

    books.at_once(RIVALS, either)

    assert books.credit() == 2_000 - held(books) - books.account("sms_revenue")
    assert 0 <= books.credit() < 130
    books.require_balanced()


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_a_payment_without_money_has_nothing_to_refund(
    shop: Service, books: Books, state: str
) -> None:
    books.own("p1")
    if state == "failed":
        books.hear(body("payment.failed", "p1"))
    assert books.state("p1") == state

    for amount_minor in (1, None):
        assert code(ask(shop, "p1", amount_minor)) == (409, "refund_exceeds_capture")
    assert books.rows("SELECT * FROM refunds") == []


@pytest.mark.parametrize("state", ["disputed", "charged_back", "review", "cancelled"])
def test_money_that_is_others_to_decide_about_is_not_refunded(
    shop: Service, books: Books, state: str
) -> None:
    books.paid("p1")
    books.execute("ALTER TABLE payment_logs DISABLE TRIGGER USER")
    books.execute("UPDATE payment_logs SET state = %s", [state])

    assert code(ask(shop, "p1", 1)) == (409, "illegal_transition")
    assert books.rows("SELECT * FROM refunds") == []


def test_a_service_refunds_its_own_payments_only(
    shop: Service, other: Service, books: Books
) -> None:
    books.paid("p1")

    unknown, foreign = ask(other, "p2", 1), ask(other, "p1", 1)

    assert code(unknown) == code(foreign) == (404, "payment_unknown")
    assert unknown.json["detail"] == foreign.json["detail"]
    assert other.ask("GET", "/v1/payments/p1/refunds").status == 404
    assert ask(shop, "p1", 1).status == 202


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"amount_minor": 0}, "/amount_minor"),
        ({"amount_minor": -1}, "/amount_minor"),
        ({"amount_minor": 2**63}, "/amount_minor"),
        ({"amount_minor": "1"}, "/amount_minor"),
        ({"reason": "x" * 501}, "/reason"),
        ({"reason": "two\nlines"}, "/reason"),
        ({"currency": "NGN"}, "/currency"),
    ],
)
def test_what_is_no_refund_is_refused_field_by_field(
    shop: Service, books: Books, asked: dict[str, Any], pointer: str
) -> None:
    books.paid("p1")

    answer = ask(shop, "p1", **asked)

    assert code(answer) == (422, "validation_failed")
    assert [each["pointer"] for each in answer.json["errors"]] == [pointer]


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
