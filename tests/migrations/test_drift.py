"""The check of drift finds what it is there for: each thing that can drift is made to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from tests.local import drift

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def test_nothing_has_drifted(database_url: str) -> None:
    assert drift.differences(database_url) == []


def test_an_empty_database_differs_in_every_table(empty_database: Callable[[], str]) -> None:
    url = empty_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE legal_transitions (from_state text, event text)")
        connection.execute("ALTER TABLE legal_transitions ADD to_state text")

    found = "\n".join(drift.differences(url))

    assert "add_table" in found
    assert "differs in the primary key of legal_transitions" in found
    assert "legal_transitions lacks pending, succeeded, completed" in found


CHANGES = {
    "ALTER TABLE claims ADD COLUMN note text": "remove_column",
    "ALTER TABLE attempts DROP COLUMN worker": "add_column",
    "ALTER TABLE claims ALTER COLUMN worker DROP NOT NULL": "modify_nullable",
    "ALTER TABLE claims ALTER COLUMN backend_pid TYPE bigint": "modify_type",
    "DROP INDEX inbound_work_due_idx": "add_index",
    "CREATE TABLE forgotten (id bigint)": "remove_table",
    "ALTER TABLE dead_letters DROP CONSTRAINT dead_letters_event_once": "add_constraint",
    "ALTER TABLE payment_transitions DROP CONSTRAINT payment_transitions_legal_fkey": "add_fk",
    "ALTER TABLE claims DROP CONSTRAINT claims_pkey": "primary key of claims",
    "ALTER TABLE legal_transitions DISABLE TRIGGER legal_transitions_append_only;"
    " INSERT INTO legal_transitions VALUES ('failed', 'cancelled', 'cancelled')": (
        "legal_transitions allows failed, cancelled, cancelled"
    ),
}


def test_each_change_of_the_schema_alone_is_found_and_nothing_else(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        for change in CHANGES:
            connection.execute(change)

    differences = drift.differences(database_url)

    assert len(differences) == len(CHANGES)
    for found in CHANGES.values():
        assert sum(found in difference for difference in differences) == 1


def test_the_report_ends_with_one_where_there_is_drift(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert drift.report([]) == 0
    assert drift.report(["this", "that"]) == 1
    assert capsys.readouterr().out == "no drift\n- this\n- that\n2 differences\n"
