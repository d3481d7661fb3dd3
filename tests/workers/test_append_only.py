"""History can only grow, step by legal step, whoever writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.workers.scene import Scene


APPEND_ONLY = [
    "inbound_events",
    "attempts",
    "payment_facts",
    "payment_transitions",
    "provider_references",
    "legal_transitions",
    "ledger_entries",
    "sms_transactions",
    "dead_letter_actions",
    "api_client_actions",
]

BY_PEOPLE = [
    *("operator_actions", "operator_moves", "replay_actions", "event_edits"),
    "payment_corrections",
]
"""Append-only too, and empty as long as nobody acts."""


def refuses(scene: Scene, statement: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        scene.execute(statement)


def columns_of(scene: Scene, table: str) -> list[str]:
    rows = scene.rows(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND attidentity = ''",
        [table],
    )
    return [row[0] for row in rows]


def test_nothing_append_only_can_be_updated_deleted_or_truncated(lived: Scene) -> None:
    partition = lived.value("SELECT DISTINCT tableoid::regclass::text FROM inbound_events")
    for table in [*APPEND_ONLY, partition, *BY_PEOPLE]:
        assert table in BY_PEOPLE or lived.value(f"SELECT count(*) FROM {table}") > 0
        statements = [f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"]
        statements += [f'UPDATE {table} SET "{c}" = "{c}"' for c in columns_of(lived, table)]
        for statement in statements:
            refuses(lived, statement, psycopg.errors.RestrictViolation, "is append-only")


def test_every_append_only_table_is_on_the_list(scene: Scene) -> None:
    guarded = scene.rows(
        "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger"
        " WHERE tgname ~ 'append_only$' AND tgparentid = 0 ORDER BY 1"
    )

    assert [row[0] for row in guarded] == sorted([*APPEND_ONLY, *BY_PEOPLE])


def test_what_was_asked_cannot_be_changed(lived: Scene) -> None:
    for statement in (
        "UPDATE payment_logs SET amount_minor = 1",
        "UPDATE payment_logs SET currency = 'USD'",
        "UPDATE payment_logs SET customer_id = 'eve'",
        "UPDATE payment_logs SET reference = 'p9'",
        "UPDATE payment_logs SET id = DEFAULT",
        "DELETE FROM payment_logs",
        "TRUNCATE payment_logs CASCADE",
    ):
        refuses(lived, statement, psycopg.errors.RestrictViolation, "is append-only")


def test_a_payment_cannot_move_without_the_steps_that_lead_there(lived: Scene) -> None:
    for change in (
        "state = 'refunded'",
        "lock_version = lock_version + 1",
        "head_hash = decode(repeat('00', 32), 'hex')",
        "captured_minor = captured_minor + 1",
        "refunded_minor = refunded_minor + 1",
        "disputed_minor = disputed_minor + 1",
    ):
        statement = f"UPDATE payment_logs SET {change}"
        refuses(lived, statement, psycopg.errors.IntegrityConstraintViolation, "without the steps")


def test_a_payment_can_only_begin_as_pending(scene: Scene) -> None:
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="begin as pending"):
        scene.execute(
            "INSERT INTO payment_logs (reference, client_id, customer_id, provider, account,"
            " amount_minor, currency, state, announced_by, head_hash)"
            " VALUES ('p1', 'c', 'ada', 'x', 'default', 1, 'NGN', 'completed', 'eve', '')"
        )


STEP = """
    INSERT INTO payment_transitions
    SELECT id, 2, 'completed', {event}, {to}, NULL, 'eve', 'why', 0, 0, 0, now(), head_hash,
           head_hash FROM payment_logs
"""


def test_only_legal_steps_can_be_stored(lived: Scene) -> None:
    for event, to in (("'succeeded'", "'pending'"), ("'cancelled'", "'cancelled'")):
        statement = STEP.format(event=event, to=to)
        refuses(
            lived,
            statement,
            psycopg.errors.ForeignKeyViolation,
            "payment_transitions_legal_fkey",
        )

    assert lived.execute(STEP.format(event="'corrected'", to="'refunded'")) == 1


OF_NO_PAYMENT = {
    "payment_facts": "INSERT INTO payment_facts (payment_id, kind, object_id, status, event_id)"
    " SELECT id + {past}, 'failed', 'T9', 'failed', 1 FROM payment_logs",
    "payment_transitions": "INSERT INTO payment_transitions"
    " SELECT id + {past}, 9, 'completed', 'corrected', 'refunded', NULL, 'eve', 'why', 0, 0, 0,"
    " now(), head_hash, head_hash FROM payment_logs",
    "provider_references": "INSERT INTO provider_references"
    " SELECT 'x', 'default', 'T9', id + {past} FROM payment_logs",
    "ledger_entries": "INSERT INTO ledger_entries"
    " SELECT 9, leg, id + {past}, 'capture', 'T9', 'suspense', amount, 'NGN', 1, now()"
    " FROM payment_logs, (VALUES (1, 5), (2, -5)) AS legs (leg, amount)",
    "sms_transactions": "INSERT INTO sms_transactions (reference, client_id, customer_id, currency,"
    " kind, amount_minor, balance_after_minor, customer_version, payment_log_id, movement_id,"
    " created_at) SELECT 'r9', 'c', 'ada', 'NGN', 'adjustment', 1, 1, 99, id + {past}, 1, now()"
    " FROM payment_logs",
}


@pytest.mark.parametrize("table", OF_NO_PAYMENT)
def test_nothing_can_name_a_payment_that_does_not_exist(scene: Scene, table: str) -> None:
    scene.announce("p1")
    statement = OF_NO_PAYMENT[table]

    with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused:
        scene.execute(statement.format(past=1))

    assert refused.value.diag.constraint_name == f"{table}_payment_known"
    assert scene.execute(statement.format(past=0)) > 0


def test_every_table_that_names_a_payment_is_checked(scene: Scene) -> None:
    checked = scene.rows(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname ~ 'payment_known$' ORDER BY 1"
    )

    assert [row[0] for row in checked] == sorted(OF_NO_PAYMENT)
