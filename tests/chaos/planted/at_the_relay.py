"""Bugs of the relay and of leases: who rings again, for what, and by whose clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.chaos.planted.taking import put

LEASED = ("put_off", "wait", "postpone", "hand_out", "ring_again")
"""What says when work may be taken up again."""


def rings_for_nobody(sweeps: Any) -> None:
    put(sweeps, "ring_due", lambda *_: 0)
    put(sweeps, "take_up_announced", lambda _: 0)
    looks_at_no_claim(sweeps)


def looks_at_no_claim(sweeps: Any) -> None:
    put(sweeps, "revive_crashed", lambda _: 0)


class ByClock:
    """A transaction whose time is that of the process."""

    def __init__(self, tx: Any) -> None:
        self._tx = tx

    def execute(self, query: str, *values: Any, **named: Any) -> Any:
        now = datetime.now(UTC).isoformat()
        return self._tx.execute(query.replace("now()", f"'{now}'::timestamptz"), *values, **named)


def leases_by_its_clock(inbox: Any) -> None:
    for name in LEASED:
        _by_clock(inbox, name)


def _by_clock(inbox: Any, name: str) -> None:
    def leased(tx: Any, *values: Any, **named: Any) -> Any:
        return right(ByClock(tx), *values, **named)

    right = put(inbox, name, leased)


_REPLAYED = """
    WITH again AS (
        SELECT nextval('inbound_event_ids') AS new_id, e.*
        FROM unnest(%s::bigint[]) AS u(event_id) JOIN inbound_events e ON e.id = u.event_id
    ), event AS (
        INSERT INTO inbound_events (id, received_at, source, account, event_key, reference, mode,
                                    body, headers, key_id, request_id)
        SELECT new_id, now(), source, account, event_key || '#' || new_id, reference, mode, body,
               headers, key_id, request_id
        FROM again
    )
    INSERT INTO inbound_work (event_id, received_at, lane, next_at)
    SELECT new_id, now(), 'events', now() FROM again
"""


def replays_as_new(inbox: Any) -> None:
    """Give a copy of each event to be replayed a work row, and not the event itself."""

    def reopen(tx: Any, events: Any, **named: Any) -> list[int]:
        del named
        tx.execute(_REPLAYED, ([event_id for event_id, _ in events],))
        return []

    put(inbox, "reopen", reopen)
