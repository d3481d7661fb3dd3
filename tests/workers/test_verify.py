"""Verification finds what a superuser did to the record behind the triggers' back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.workers.scene import body, capture, refund
from workers.verify import verify

if TYPE_CHECKING:
    from tests.workers.scene import Scene


@pytest.fixture
def lived(scene: Scene) -> Scene:
    scene.announce("p1", "p2", "untouched")
    scene.hear(capture("p1"), refund("p1", 100), refund("p1", 200, "R2"))
    scene.hear(refund("p2", 500))
    scene.hear(capture("p2"), capture("nobody"), body("dispute.opened", "p2", "D1",
               amount_minor=500, currency="NGN"))  # fmt: skip
    return scene


def tamper(scene: Scene, statement: str) -> None:
    """Do what no trigger would let pass, as whoever owns the machine can."""
    scene.execute("SET session_replication_role = replica")
    assert scene.execute(statement) > 0
    scene.execute("SET session_replication_role = origin")


def test_a_record_that_nobody_touched_holds(lived: Scene) -> None:
    verification = verify(lived.database)

    assert verification.problems == []
    assert verification.ok
    assert verification.checked > 10


def test_an_empty_record_holds(scene: Scene) -> None:
    assert verify(scene.database).ok


HISTORY = "UPDATE payment_transitions SET {} WHERE payment_id = 1 AND version = {}"
BROKEN_CHAIN = "payment p1 version {}: the hash chain is broken"
ENDS_ELSEWHERE = "payment {}: stands apart from the end of its history"
TAMPERING = {
    HISTORY.format("captured_minor = 999", 2): BROKEN_CHAIN.format(2),
    HISTORY.format("actor = 'operator:eve'", 1): BROKEN_CHAIN.format(1),
    HISTORY.format("at = at + interval '1 microsecond'", 3): BROKEN_CHAIN.format(3),
    "DELETE FROM payment_transitions WHERE payment_id = 1 AND version = 2": (
        "payment p1 version 3: the version before it is missing"
    ),
    "DELETE FROM payment_transitions WHERE payment_id = 1 AND version = 3": (
        ENDS_ELSEWHERE.format("p1")
    ),
    "UPDATE payment_logs SET amount_minor = 1 WHERE id = 1": BROKEN_CHAIN.format(1),
    "UPDATE payment_logs SET state = 'completed' WHERE id = 1": ENDS_ELSEWHERE.format("p1"),
    "UPDATE payment_logs SET captured_minor = 7 WHERE id = 1": "payment p1: its facts say",
    "UPDATE payment_facts SET amount_minor = 1 WHERE object_id = 'R2'": "payment p1: its facts say",
    "UPDATE payment_logs SET customer_id = 'eve' WHERE reference = 'untouched'": (
        ENDS_ELSEWHERE.format("untouched")
    ),
    "DELETE FROM payment_facts WHERE object_id = 'R2'": "payment p1: its facts say",
    "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE movement_id = 1"
    " AND leg = 1": "movement does not sum to zero",
    "UPDATE customer_balances SET balance_minor = 1000000": "balance differs from the ledger",
    "DELETE FROM customer_balances": "balance differs from the ledger",
    "UPDATE sms_transactions SET balance_after_minor = 5 WHERE customer_version = 2": (
        "statement is broken"
    ),
    "DELETE FROM sms_transactions WHERE customer_version = 2": "statement is broken",
    "DELETE FROM sms_transactions WHERE customer_version ="
    " (SELECT max(customer_version) FROM sms_transactions)": "statement differs from the balance",
    "DELETE FROM legal_transitions WHERE from_state = 'pending'": "illegal step",
    **{
        f"UPDATE {table} SET {column} = 999 WHERE {column} = 1": (
            f"payment is missing: payment 999, which {table} names"
        )
        for table, column in (
            ("payment_transitions", "payment_id"),
            ("payment_facts", "payment_id"),
            ("provider_references", "payment_id"),
            ("ledger_entries", "payment_id"),
            ("sms_transactions", "payment_log_id"),
        )
    },
}


@pytest.mark.parametrize("statement", TAMPERING)
def test_what_was_tampered_with_is_named(lived: Scene, statement: str) -> None:
    tamper(lived, statement)

    problems = verify(lived.database).problems

    assert any(each.startswith(TAMPERING[statement]) for each in problems), problems


def test_a_payment_cannot_vanish_unseen(lived: Scene) -> None:
    tamper(lived, "DELETE FROM payment_logs WHERE reference = 'p1'")

    assert not verify(lived.database).ok
