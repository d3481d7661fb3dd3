"""A debit: what it takes, what it says, who may, and what is none; never below zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest

from tests.api.payments_seen import pointers
from tests.api.serving import Service, code, new_client
from tests.api.spending import PATH, debit, give_back, spend

if TYPE_CHECKING:
    from tests.api.books import Books
    from tests.ingress.serving import Door


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


OTHERWISE: list[dict[str, Any]] = [
    {"amount_minor": 101},
    {"currency": "USD"},
    {"customer_id": "bob"},
    {"service": "voice"},
    {"description": "other"},
]


def test_a_used_reference_is_refused_to_any_other_request(shop: Service, books: Books) -> None:
    books.paid("p1")
    spend(shop, "S1", service="otp")

    for change in OTHERWISE:
        answer = shop.ask("POST", PATH, debit("S1", service="otp") | change)
        assert code(answer) == (409, "reference_in_use"), change
        assert books.credit() == 900


def test_a_reference_used_by_another_service_is_refused(
    shop: Service, other: Service, books: Books
) -> None:
    books.paid("p1")
    spend(shop, "S1")

    assert code(spend(other, "S1")) == (409, "reference_in_use")
    assert books.credit() == 900


WRONG: list[tuple[str, Any]] = [
    ("reference", "p1:capture:T1"),
    ("reference", "S1\n"),
    ("amount_minor", 0),
    ("amount_minor", -5),
    ("amount_minor", 2**62),
    ("amount_minor", 1.5),
    ("amount_minor", "100"),
    ("amount_minor", True),
    ("currency", "ABC"),
    ("currency", "ngn"),
    ("customer_id", "a b"),
    ("service", "x" * 101),
    ("description", "two\nlines"),
    ("unknown", 1),
]


def test_what_is_no_debit_is_refused_field_by_field(shop: Service, books: Books) -> None:
    books.paid("p1")

    for field, value in WRONG:
        answer = shop.ask("POST", PATH, debit("S1") | {field: value})
        assert pointers(answer) == {f"/{field}"}, (field, value)
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


def test_a_reference_that_a_path_takes_for_a_step_is_refused(shop: Service) -> None:
    for reference in (".", ".."):
        for answer in (spend(shop, reference), shop.create(reference=reference)):
            assert code(answer) == (422, "validation_failed")


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
