"""Customers' credit: spent at most once, given back at most once, never below zero."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest

from ingress.api import pool
from tests.api.books import keyed, opened
from tests.api.serving import Service, new_client
from tests.ingress.serving import until
from tests.workers.scene import refund

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.books import Books
    from tests.ingress.serving import Answer, Door

RIVALS = 64
PATH = "/v1/sms-transactions"


@pytest.fixture
def books(door: Door) -> Iterator[Books]:
    with opened(door.database_url) as found:
        yield found


def debit(reference: str | None = None, amount_minor: int = 100, **more: Any) -> dict[str, Any]:
    body = {"customer_id": "ada", "amount_minor": amount_minor, "currency": "NGN", **more}
    return body if reference is None else {**body, "reference": reference}


def spend(by: Service, *asked: Any, key: str | None = None, **more: Any) -> Answer:
    return by.ask("POST", PATH, debit(*asked, **more), key=key)


def give_back(service: Service, reference: str, *, key: str | None = None) -> Answer:
    return service.ask("POST", f"{PATH}/{reference}/reversal", key=key)


def code(answer: Answer) -> tuple[int, str]:
    return (answer.status, answer.json["code"])


def test_a_debit_says_what_was_taken_and_what_is_left(shop: Service, books: Books) -> None:
    books.paid("p1")

    answer = spend(shop, "S1", 250, service="otp", description="Verify +234…")

    assert answer.status == 201
    assert answer.json == {
        "reference": "S1",
        "customer_id": "ada",
        "amount_minor": 250,
        "currency": "NGN",
        "service": "otp",
        "description": "Verify +234…",
        "balance_after_minor": 750,
        "created_at": answer.json["created_at"],
    }
    assert (books.credit(), books.account("sms_revenue")) == (750, 250)
    books.require_balanced()


def test_a_debit_without_a_reference_gets_one_of_ours(shop: Service, books: Books) -> None:
    books.paid("p1")

    first, second = spend(shop), spend(shop)

    references = {first.json["reference"], second.json["reference"]}
    assert len(references) == 2
    assert all(len(each) == len("sd_") + 26 and each.startswith("sd_") for each in references)


_WAIT_FOR_LOCKS = """
    SELECT count(*)::int FROM pg_stat_activity
    WHERE application_name = 'payratchet-api' AND wait_event_type = 'Lock'
"""


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
        until(lambda: books.value(_WAIT_FOR_LOCKS) >= 1)
        assert spend(shop, "B1", 10, customer_id="bob").status == 201
        # Their wait for the lock is not over: bob got one of the connections they do not hold.
        assert not any(each.done() for each in herd)
        assert 1 <= books.value(_WAIT_FOR_LOCKS) < pool.CONNECTIONS_MAX
        holder.rollback()
    assert Counter(each.result().status for each in herd) == {201: RIVALS}


def test_a_customer_without_credit_spends_nothing(shop: Service, books: Books) -> None:
    assert code(spend(shop, "S1", 1)) == (402, "insufficient_credit")
    assert books.rows("SELECT * FROM sms_transactions") == []
    assert books.rows("SELECT * FROM ledger_entries") == []


def test_credit_of_another_currency_does_not_count(shop: Service, books: Books) -> None:
    books.paid("p1")

    assert code(spend(shop, "S1", 1, currency="USD")) == (402, "insufficient_credit")


def test_the_database_refuses_a_debit_below_zero_whoever_writes_it(books: Books) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="debit_within_credit"):
        books.execute(
            "INSERT INTO sms_transactions (reference, client_id, customer_id, currency, kind,"
            " amount_minor, balance_after_minor, customer_version, movement_id, created_at)"
            " VALUES ('S1', 'shop', 'ada', 'NGN', 'sms_debit', -1, -1, 1, 1, now())"
        )


def test_a_reference_spends_once_and_an_equal_request_gets_the_first_debit(
    shop: Service, books: Books
) -> None:
    books.paid("p1")
    first = spend(shop, "S1", 1_000, service="otp")

    again = spend(shop, "S1", 1_000, service="otp")

    assert (first.status, again.status) == (201, 200)
    assert again.body == first.body
    assert books.credit() == 0
    books.require_balanced()


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


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 101},
        {"currency": "USD"},
        {"customer_id": "bob"},
        {"service": "voice"},
        {"description": "other"},
    ],
)
def test_a_used_reference_is_refused_to_any_other_request(
    shop: Service, books: Books, change: dict[str, Any]
) -> None:
    books.paid("p1")
    spend(shop, "S1", service="otp")

    answer = shop.ask("POST", PATH, debit("S1", service="otp") | change)

    assert code(answer) == (409, "reference_in_use")
    assert books.credit() == 900


def test_a_reference_used_by_another_service_is_refused(
    shop: Service, other: Service, books: Books
) -> None:
    books.paid("p1")
    spend(shop, "S1")

    assert code(spend(other, "S1")) == (409, "reference_in_use")
    assert books.credit() == 900


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"reference": "p1:capture:T1"}, "/reference"),
        ({"reference": "S1\n"}, "/reference"),
        ({"amount_minor": 0}, "/amount_minor"),
        ({"amount_minor": -5}, "/amount_minor"),
        ({"amount_minor": 2**62}, "/amount_minor"),
        ({"amount_minor": 1.5}, "/amount_minor"),
        ({"amount_minor": "100"}, "/amount_minor"),
        ({"amount_minor": True}, "/amount_minor"),
        ({"currency": "ABC"}, "/currency"),
        ({"currency": "ngn"}, "/currency"),
        ({"customer_id": "a b"}, "/customer_id"),
        ({"service": "x" * 101}, "/service"),
        ({"description": "two\nlines"}, "/description"),
        ({"unknown": 1}, "/unknown"),
    ],
)
def test_what_is_no_debit_is_refused_field_by_field(
    shop: Service, books: Books, change: dict[str, Any], pointer: str
) -> None:
    books.paid("p1")

    answer = shop.ask("POST", PATH, debit("S1") | change)

    assert code(answer) == (422, "validation_failed")
    assert [each["pointer"] for each in answer.json["errors"]] == [pointer]
    assert books.credit() == 1_000


def test_a_refused_debit_is_kept_under_its_key(shop: Service, books: Books) -> None:
    key = str(uuid4())
    refused = spend(shop, "S1", key=key)
    books.paid("p1")

    again = spend(shop, "S1", key=key)

    assert (refused.status, again.status) == (402, 402)
    assert again.body == refused.body
    assert again.headers["idempotent-replayed"] == "true"
    assert spend(shop, "S1", key=str(uuid4())).status == 201


def test_after_thirty_days_a_key_spends_anew(shop: Service, books: Books) -> None:
    books.paid("p1")
    key = str(uuid4())
    spend(shop, key=key)
    books.execute("UPDATE idempotency_keys SET expires_at = now()")

    answer = spend(shop, key=key)

    assert (answer.status, "idempotent-replayed" in answer.headers) == (201, False)
    assert books.credit() == 800


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
        until(lambda: books.value(_WAIT_FOR_LOCKS) >= pool.WRITERS_MAX)
        assert shop.show("p-c0").status == 200
        assert pool.WRITERS_MAX >= books.value(_WAIT_FOR_LOCKS) >= 1
        holder.rollback()
        assert {each.result().status for each in herd} <= {201, 503}


@pytest.mark.parametrize("reference", [".", ".."])
def test_a_reference_that_a_path_takes_for_a_step_is_refused(shop: Service, reference: str) -> None:
    for answer in (spend(shop, reference), shop.create(reference=reference)):
        assert code(answer) == (422, "validation_failed")


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


def test_spending_needs_the_scope_to_write(door: Door, books: Books) -> None:
    books.paid("p1")
    reader = Service(
        door, "reader", new_client(door.database_url, "reader", scopes=("credit:read",))
    )
    payer = Service(
        door, "payer", new_client(door.database_url, "payer", scopes=("payments:write",))
    )

    for service in (reader, payer):
        assert code(spend(service, "S1")) == (403, "scope_missing")
        assert code(give_back(service, "S1")) == (403, "scope_missing")
    assert books.credit() == 1_000
