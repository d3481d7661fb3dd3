"""Calls that are owed: commands and refunds without an end, but for those that only people can end.

They are dear to count where events are many, so only whoever waits for their end has them counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection

_OWED = """
    SELECT (SELECT count(*) FROM inbound_work w
            JOIN inbound_events e ON e.id = w.event_id AND e.received_at = w.received_at
            WHERE w.lane = 'calls' AND e.event_key !~ '^verify:[^:]+:[0-9]+[.][0-9]+$'
              AND NOT EXISTS (SELECT FROM provider_calls c WHERE c.event_id = w.event_id
                              AND c.provider_key = ANY (%(kept)s))),
           (SELECT count(*) FROM refunds r JOIN payment_logs p ON p.id = r.payment_id
            WHERE r.settled_at IS NULL
              AND NOT EXISTS (SELECT FROM provider_calls c WHERE c.payment_id = p.id
                              AND c.provider_key = 'payratchet:' || r.reference
                              AND c.provider_key = ANY (%(kept)s))
              AND NOT (p.state = 'review' AND EXISTS (
                  SELECT FROM dead_letters d
                  JOIN inbound_events e ON e.id = d.event_id AND e.received_at = d.received_at
                  WHERE d.reference = p.reference AND d.status = 'open'
                    AND e.event_key = 'refund:' || p.reference || ':' || r.reference)))
"""
"""Of the schedule's questions there is always one, as long as a customer has neither paid nor
failed to; a service's own are owed like everything else.

A key under which the provider keeps an error for a day is asked with for a day, and then there is
a letter. A refund of a payment about which the provider has contradicted itself waits in a letter
for a person.
"""


class OwedCalls(NamedTuple):
    """What services and people have asked for and is not done."""

    commands: int
    refunds: int

    def __bool__(self) -> bool:
        """Whether anything is owed."""
        return any(self)


def owed_calls(connection: Connection, kept_errors: Sequence[str]) -> OwedCalls:
    """Count them. `kept_errors` are the keys that the provider will answer with an error.

    Raises psycopg.Error when the store is away.
    """
    row = connection.execute(_OWED, {"kept": list(kept_errors)}).fetchone()
    assert row is not None  # a row of counts is always there
    return OwedCalls(*row)
