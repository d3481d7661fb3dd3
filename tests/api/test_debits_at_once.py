"""Debits at the same moment: what is there is spent once, and nobody else is held up."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg

from ingress.api import pool
from tests.api.books import keyed
from tests.api.serving import WAIT_FOR_LOCKS
from tests.api.spending import give_back, spend
from tests.ingress.serving import until

if TYPE_CHECKING:
    from tests.api.books import Books
    from tests.api.serving import Service
    from tests.ingress.serving import Answer

RIVALS = 64


def test_sixty_four_debits_at_once_spend_exactly_what_is_there(shop: Service, books: Books) -> None:
    books.paid("p1")

    ended: list[int] = []

    def one(number: int) -> None:
        ended.append(keyed(lambda key: spend(shop, f"S{number}", key=key)).status)

    books.at_once(RIVALS, one)

    assert Counter(ended) == {201: 10, 402: 54}
    assert (books.credit(), books.account("sms_revenue")) == (0, 1_000)
    books.require_balanced()


def test_debits_of_two_services_at_once_share_one_credit(
    shop: Service, other: Service, books: Books
) -> None:
    books.paid("p1")

    ended: list[int] = []

    def one(n: int) -> None:
        by, amount_minor = (shop, other)[n % 2], 30 + n % 7
        ended.append(keyed(lambda key: spend(by, f"S{n}", amount_minor, key=key)).status)

    books.at_once(RIVALS, one)

    spent = -books.value(
        "SELECT sum(amount_minor)::bigint FROM sms_transactions WHERE kind = 'sms_debit'"
    )
    assert set(ended) == {201, 402}
    assert books.credit() == 1_000 - spent
    assert 0 <= books.credit() < 37
    books.require_balanced()


def test_a_herd_for_a_customer_who_is_locked_holds_up_nobody_else(
    shop: Service, books: Books
) -> None:
    books.paid("p1")
    books.paid("p2", customer_id="bob")
    with psycopg.connect(shop.door.database_url) as holder, ThreadPoolExecutor(RIVALS) as threads:
        holder.execute("SELECT FROM customer_balances WHERE customer_id = 'ada' FOR UPDATE")
        herd = [threads.submit(spend, shop, f"S{number}", 10) for number in range(RIVALS)]
        until(lambda: books.value(WAIT_FOR_LOCKS) >= 1)
        assert spend(shop, "B1", 10, customer_id="bob").status == 201
        # Their wait for the lock is not over: bob got one of the connections they do not hold.
        assert not any(each.done() for each in herd)
        assert 1 <= books.value(WAIT_FOR_LOCKS) < pool.CONNECTIONS_MAX
        holder.rollback()
    assert Counter(each.result().status for each in herd) == {201: RIVALS}


def test_equal_debits_at_once_spend_once(shop: Service, books: Books) -> None:
    books.paid("p1")

    answers: list[Answer] = []

    def one(_: int) -> None:
        answers.append(keyed(lambda key: spend(shop, "S1", 700, key=key)))

    books.at_once(16, one)

    assert Counter(answer.status for answer in answers) == {201: 1, 200: 15}
    assert len({answer.body for answer in answers}) == 1
    assert books.credit() == 300
    books.require_balanced()


def test_many_customers_who_are_locked_hold_up_nobody_who_only_looks(
    shop: Service, books: Books
) -> None:
    customers = [f"c{number}" for number in range(2 * pool.CONNECTIONS_MAX)]
    for each in customers:
        books.paid(f"p-{each}", customer_id=each)
    with (
        psycopg.connect(shop.door.database_url) as holder,
        ThreadPoolExecutor(len(customers)) as threads,
    ):
        holder.execute("SELECT FROM customer_balances FOR UPDATE")
        herd = [threads.submit(spend, shop, customer_id=each) for each in customers]
        until(lambda: books.value(WAIT_FOR_LOCKS) >= pool.WRITERS_MAX)
        assert shop.show("p-c0").status == 200
        assert pool.WRITERS_MAX >= books.value(WAIT_FOR_LOCKS) >= 1
        holder.rollback()
        assert {each.result().status for each in herd} <= {201, 503}


def test_debits_and_reversals_at_once_leave_the_books_balanced(shop: Service, books: Books) -> None:
    books.paid("p1")
    for number in range(10):
        spend(shop, f"S{number}", 50)

    def either(number: int) -> None:
        if number % 2:
            keyed(lambda key: give_back(shop, f"S{number // 2 % 10}", key=key))
        else:
            keyed(lambda key: spend(shop, f"T{number}", 90, key=key))

    books.at_once(32, either)

    assert books.credit() >= 0
    assert books.value("SELECT count(*) FROM sms_transactions WHERE kind = 'sms_reversal'") == 10
    books.require_balanced()
