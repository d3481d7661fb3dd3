"""A debit is given back once, whoever asks, and whole."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.api.books import keyed
from tests.api.serving import Service, code
from tests.api.spending import give_back, spend
from tests.workers.scene import refund

if TYPE_CHECKING:
    from tests.api.books import Books


def test_one_key_may_spend_and_give_back(shop: Service, books: Books) -> None:
    books.paid("p1")
    key = str(uuid4())

    assert spend(shop, "S1", key=key).status == 201
    assert give_back(shop, "S1", key=key).status == 201
    assert books.credit() == 1_000


def test_a_reversal_says_what_was_given_back(shop: Service, other: Service, books: Books) -> None:
    books.paid("p1")
    spend(shop, "S1", 400)

    answer = give_back(other, "S1")

    assert answer.status == 201
    assert answer.json == {
        "reference": "S1:reversal",
        "reverses": "S1",
        "customer_id": "ada",
        "amount_minor": 400,
        "currency": "NGN",
        "balance_after_minor": 1_000,
        "created_at": answer.json["created_at"],
    }
    assert books.rows("SELECT client_id FROM sms_transactions WHERE kind = 'sms_reversal'") == [
        ("other",)
    ]
    books.require_balanced()


def test_a_debit_is_given_back_once_however_many_ask(shop: Service, books: Books) -> None:
    books.paid("p1")
    spend(shop, "S1", 400)

    ended: list[tuple[int, str]] = []

    def reverse(_: int) -> None:
        answer = keyed(lambda key: give_back(shop, "S1", key=key))
        ended.append((answer.status, answer.json.get("code", "")))

    books.at_once(16, reverse)

    assert Counter(ended) == {(201, ""): 1, (409, "already_reversed"): 15}
    assert (books.credit(), books.account("sms_revenue")) == (1_000, 0)
    books.require_balanced()


def test_a_debit_of_credit_that_was_taken_back_since_is_given_back_in_full(
    shop: Service, books: Books
) -> None:
    books.paid("p1")
    spend(shop, "S1", 1_000)
    books.hear(refund("p1", 600))
    assert books.credit() == -600

    assert give_back(shop, "S1").json["balance_after_minor"] == 400
    assert books.credit() == 400
    books.require_balanced()


def test_what_was_never_spent_cannot_be_given_back(shop: Service, books: Books) -> None:
    books.paid("p1")
    spend(shop, "S1")
    give_back(shop, "S1")
    line = books.value("SELECT reference FROM sms_transactions WHERE kind = 'top_up'")

    for reference in ("S2", "S1:reversal", line, "x" * 101):
        assert code(give_back(shop, reference)) == (404, "payment_unknown")
