"""What tests of payments look at: fields that were refused, commands that were given, states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from domain.commands import parse

if TYPE_CHECKING:
    from tests.ingress.serving import Answer, Door


def pointers(answer: Answer) -> set[str]:
    """Return the fields that are named as wrong. Fails for any other answer."""
    assert (answer.status, answer.json["code"]) == (422, "validation_failed"), answer.body
    assert all(set(each) == {"pointer", "message"} for each in answer.json["errors"])
    found = [each["pointer"] for each in answer.json["errors"]]
    assert len(set(found)) == len(found), "each field is named once"
    return set(found)


def commands(door: Door) -> list[Any]:
    """Return all that workers were told to do, oldest first."""
    return [parse(body) for (body,) in door.rows("SELECT body FROM inbound_events ORDER BY id")]


def move(door: Door, reference: str, state: str) -> None:
    """Bring a payment to a state, whatever leads there: the guards of the table are set aside."""
    with psycopg.connect(door.database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE payment_logs SET state = %s, lock_version = lock_version + 1"
            " WHERE reference = %s",
            [state, reference],
        )
