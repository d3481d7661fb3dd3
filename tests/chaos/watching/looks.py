"""Looks: how much is owed, since when, and whether the books agree with themselves right now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.wakeup import Lane
from tests.chaos.watching.owed_calls import OwedCalls, owed_calls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection

TAKEN_UP_S = 30.0
"""Time for the sweep that takes up what was set aside just when its payment was announced. What it
leaves lying longer counts as open no more: the proofs are to find it."""

LETTERS_MAX = 1_000
"""How many of the youngest letters are looked at for these: a look must stay cheap."""

_LOOK = f"""
    SELECT count(*)
           + (SELECT count(*)
              FROM (SELECT * FROM dead_letters ORDER BY id DESC LIMIT {LETTERS_MAX}) d
              WHERE d.status = 'open' AND d.reason = 'unknown_reference'
                AND d.dead_at > now() - interval '{TAKEN_UP_S:g} s'
                AND EXISTS (SELECT FROM payment_logs p WHERE p.reference = d.reference
                            AND (p.provider, p.account) = (d.source, d.account))),
           extract(epoch FROM min(received_at) FILTER (WHERE lane = 'events' AND attempts = 0))
               ::double precision,
           (SELECT count(*) FROM claims),
           (SELECT count(*) FROM provider_calls WHERE ended_at IS NULL),
           (SELECT count(*) FROM pg_stat_activity
            WHERE starts_with(application_name, 'payratchet')),
           extract(epoch FROM clock_timestamp())::double precision
    FROM inbound_work WHERE lane = ANY (%s)
"""
"""Commands to call a provider have a lane of their own; what else there is are webhook events.

An event that was set aside for want of a payment that is there by now has its end still to come.
"""

EVENT_LANES = [str(lane) for lane in Lane if lane is not Lane.CALLS]

_BROKEN = {
    "balances differ from the ledger": """
        SELECT count(*) FROM customer_balances b
        FULL JOIN (SELECT substr(account, length('customer_credit:') + 1) AS customer_id, currency,
                          sum(amount_minor) AS minor
                   FROM ledger_entries WHERE starts_with(account, 'customer_credit:')
                   GROUP BY 1, 2) l USING (customer_id, currency)
        WHERE coalesce(b.balance_minor, 0) <> coalesce(l.minor, 0)
    """,
    "movements do not sum to zero": """
        SELECT count(*) FROM (SELECT FROM ledger_entries GROUP BY movement_id, currency
                              HAVING sum(amount_minor) <> 0) m
    """,
    "steps are illegal": """
        SELECT count(*) FROM (SELECT DISTINCT from_state, event, to_state
                              FROM payment_transitions) t
        WHERE NOT EXISTS (SELECT FROM legal_transitions l WHERE (l.from_state, l.event, l.to_state)
                                                              = (t.from_state, t.event, t.to_state))
    """,
    "payments stand apart from their history": """
        SELECT count(*) FROM payment_logs p
        LEFT JOIN payment_transitions t ON t.payment_id = p.id AND t.version = p.lock_version
        WHERE p.lock_version > 0 AND t.to_state IS DISTINCT FROM p.state
    """,
}
"""What is true of no snapshot, not even in the middle of things: each counts exceptions."""


class Look(NamedTuple):
    """What was owed at a moment.

    `at_s` is monotonic, `wall_s` Postgres' own clock. `events` are webhook events without an end,
    `oldest_at_s` is when the oldest was received (wall) of those that nobody has tried yet.
    `connections` are those of our processes at Postgres; `owed_calls` is None if not counted.
    """

    at_s: float
    events: int
    oldest_at_s: float | None
    claims: int
    live_calls: int
    connections: int
    wall_s: float
    owed_calls: OwedCalls | None = None

    @property
    def age_s(self) -> float:
        """Return the age of the oldest event that is still to be applied."""
        return 0.0 if self.oldest_at_s is None else max(0.0, self.wall_s - self.oldest_at_s)

    @property
    def owes_events(self) -> bool:
        """Whether a webhook event has no end yet."""
        return self.events > 0

    @property
    def owes_calls(self) -> bool:
        """Whether a provider is still to be asked, or to answer."""
        return self.owed_calls is None or bool(self.live_calls or self.owed_calls)


def look(connection: Connection, at_s: float, *, kept_errors: Sequence[str] | None = None) -> Look:
    """Look once; count calls too unless `kept_errors` is None. Raises psycopg.Error."""
    row = connection.execute(_LOOK.encode(), (EVENT_LANES,)).fetchone()
    assert row is not None  # a row of counts is always there
    owed = None if kept_errors is None else owed_calls(connection, kept_errors)
    return Look(at_s, *row)._replace(owed_calls=owed)


def broken(connection: Connection) -> list[str]:
    """Return, of one snapshot, what is broken; raises psycopg.Error when the store is away."""
    found = []
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for what, query in _BROKEN.items():
            row = connection.execute(query.encode()).fetchone()
            if row is not None and row[0]:
                found.append(f"{row[0]} {what}")
    return found
