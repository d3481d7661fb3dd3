"""Refunds never exceed the capture or the credit, and are of money that is ours to give back."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.api.books import keyed
from tests.api.refunding import ask, held, written
from tests.api.serving import code
from tests.workers.scene import body, refund

if TYPE_CHECKING:
    from tests.api.books import Books
    from tests.api.serving import Service

RIVALS = 32


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


def test_money_that_is_others_to_decide_about_is_not_refunded(shop: Service, books: Books) -> None:
    books.paid("p1")
    books.execute("ALTER TABLE payment_logs DISABLE TRIGGER USER")

    for state in ("disputed", "charged_back", "review", "cancelled"):
        books.execute("UPDATE payment_logs SET state = %s", [state])
        assert code(ask(shop, "p1", 1)) == (409, "illegal_transition"), state
    assert books.rows("SELECT * FROM refunds") == []
