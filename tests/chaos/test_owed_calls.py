from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.chaos.watching.owed_calls import owed_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUND_KEY = "payratchet:rf_1"
INITIALIZE_KEY = "payratchet:ORD-1:initialize"


@pytest.fixture
def books(database_url: str) -> Iterator[psycopg.Connection]:
    """Books with a sale to be opened (1), one to be asked about (2), and a refund sent (3)."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        _payment(connection, 1, "pending")
        _payment(connection, 2, "processing")
        _payment(connection, 3, "completed")
        _command(connection, 1, "initialize:ORD-1")
        _command(connection, 2, "verify:ORD-2:1.1")
        _command(connection, 3, "refund:ORD-3:rf_1")
        connection.execute(
            "INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency, reason,"
            " status, facts_before) VALUES ('rf_1', 3, 'cl_1', 500, 'NGN', 'returned', 'sent', 1)"
        )
        _call(connection, 1, INITIALIZE_KEY)
        _call(connection, 3, REFUND_KEY)
        yield connection


def test_commands_and_refunds_are_owed_but_questions_never_end(books: psycopg.Connection) -> None:
    assert owed_calls(books, ()) == (2, 1)


def test_what_a_key_keeps_an_error_for_is_not_owed(books: psycopg.Connection) -> None:
    assert owed_calls(books, (INITIALIZE_KEY,)) == (1, 1)
    assert owed_calls(books, (REFUND_KEY,)) == (1, 0)
    assert not owed_calls(books, (INITIALIZE_KEY, REFUND_KEY))


@pytest.mark.parametrize(
    ("state", "status", "waits"),
    [("review", "open", True), ("completed", "open", False), ("review", "discarded", False)],
)
def test_a_refund_waits_for_a_person_while_its_letter_is_open_and_its_payment_in_review(
    books: psycopg.Connection, state: str, status: str, *, waits: bool
) -> None:
    books.execute("UPDATE payment_logs SET state = %s WHERE id = 3", (state,))
    books.execute("DELETE FROM inbound_work WHERE event_id = 3")
    books.execute(
        "INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reference,"
        " reason, error_class, fingerprint, message, attempts, status)"
        " SELECT id, received_at, 'internal', 'default', 'refund', 'ORD-3', 'unheard',"
        " 'OutcomeUnknown', 'f', 'in doubt', 1, %s FROM inbound_events WHERE id = 3",
        (status,),
    )

    assert owed_calls(books, ()) == (1, 0 if waits else 1)


def _payment(books: psycopg.Connection, number: int, state: str) -> None:
    books.execute(
        "INSERT INTO payment_logs (id, reference, client_id, customer_id, provider, account,"
        " amount_minor, currency, state, announced_by, head_hash)"
        " OVERRIDING SYSTEM VALUE"
        " VALUES (%s, %s, 'cl_1', 'ada', 'stripe', 'default', 500, 'NGN', %s, 'api', '')",
        (number, f"ORD-{number}", state),
    )


def _command(books: psycopg.Connection, number: int, key: str) -> None:
    books.execute(
        "WITH made AS (INSERT INTO inbound_events (id, source, account, event_key, reference,"
        " body, headers, key_id, request_id) OVERRIDING SYSTEM VALUE"
        " VALUES (%s, 'internal', 'default', %s, 'ORD', '{}', '{}', 'internal', 'r')"
        " RETURNING id, received_at)"
        " INSERT INTO inbound_work (event_id, received_at, lane, next_at)"
        " SELECT id, received_at, 'calls', now() FROM made",
        (number, key),
    )


def _call(books: psycopg.Connection, number: int, key: str) -> None:
    books.execute(
        "INSERT INTO provider_calls (debt, fence, event_id, payment_id, kind, provider, account,"
        " provider_key, worker) VALUES (%s, 1, %s, %s, 'initialize', 'stripe', 'default', %s, 'w')",
        (f"stripe:default:ORD-{number}", number, number, key),
    )
