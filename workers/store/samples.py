"""Samples: a row a minute of how things were, so that the console can show the last hours.

Counters are those that Postgres keeps of each table anyway: nothing on the way of money writes a
figure. They are cheap and not exact (what was rolled back is counted), and begin anew when Postgres
crashed; whoever reads two of them takes a smaller later one for unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from workers.database import Transaction
    from workers.store.views import Shown

KEPT_H = 48
"""How long samples are kept."""

DELAYS_MAX = 500
"""Facts, the newest, whose delay since their event came makes the quantiles of a sample."""

DELAYS_S = 60
"""How old a fact may be to tell how long things take now."""

EVENT_H_MAX = 1
"""Events older than this do not tell how fast we are: somebody replayed them."""

_HEALED = """
    (EXISTS (SELECT FROM dead_letters d WHERE d.event_id = f.event_id)
     OR EXISTS (SELECT FROM attempts a WHERE a.event_id = f.event_id
                AND a.outcome IN ('ignored', 'no_change', 'dead')))
"""
"""SQL: the event of fact `f` had come to an end before, and was tried again by a person or because
what it waited for came. How long that took says nothing of how fast we are."""

OLDEST_CONSIDERED_MAX = 1_000
"""Unfinished events, those that came first, among which the oldest is looked for."""

COUNTED_MAX = 50_000
"""Rows that are counted; there may be more of them."""

COUNTERS = """
    SELECT coalesce(sum(n_tup_ins) FILTER (WHERE relname = 'inbound_dedup'), 0)::bigint AS accepted,
           coalesce(greatest(0, sum(n_tup_del) FILTER (WHERE relname = 'inbound_work')
               - sum(n_tup_ins) FILTER (WHERE relname = 'dead_letters')), 0)::bigint AS applied,
           coalesce(sum(n_tup_ins) FILTER (WHERE relname = 'refused_requests'), 0)::bigint
               AS refused
    FROM pg_stat_user_tables
    WHERE relname IN ('inbound_dedup', 'inbound_work', 'dead_letters', 'refused_requests')
"""

# The window of `received_at` keeps the months away that no recent event is in.
DELAYS = f"""
    WITH newest AS MATERIALIZED (
        SELECT event_id, created_at FROM payment_facts ORDER BY id DESC LIMIT {DELAYS_MAX}
    )
    SELECT count(*) AS delays, percentile_cont(0.5) WITHIN GROUP (ORDER BY delay_ms) AS p50_ms,
           percentile_cont(0.99) WITHIN GROUP (ORDER BY delay_ms) AS p99_ms
    FROM (SELECT extract(epoch FROM f.created_at - e.received_at)::float * 1000 AS delay_ms
          FROM newest f JOIN inbound_events e ON e.id = f.event_id
          WHERE f.created_at > now() - interval '{DELAYS_S} s' AND e.source <> 'internal'
            AND e.received_at > now() - interval '{EVENT_H_MAX} h' AND NOT {_HEALED}) each
"""

BACKLOG = f"""
    SELECT (SELECT count(*) FROM (SELECT FROM inbound_work LIMIT {COUNTED_MAX}) w) AS unfinished,
           (SELECT extract(epoch FROM now() - min(since))::float
            FROM (SELECT since FROM inbound_work ORDER BY event_id
                  LIMIT {OLDEST_CONSIDERED_MAX}) w) AS oldest_s,
           (SELECT count(*) FROM (SELECT FROM dead_letters WHERE status = 'open'
                                  LIMIT {COUNTED_MAX}) d) AS open_letters
"""

_OWED = """
    SELECT coalesce(jsonb_object_agg(currency, owed_minor), '{}') AS owed_minor
    FROM (SELECT currency, sum(-balance_minor)::bigint AS owed_minor FROM customer_balances
          WHERE balance_minor < 0 GROUP BY currency) by_currency
"""

_TAKE = f"""
    INSERT INTO overview_samples (minute, accepted, applied, refused, p50_ms, p99_ms, unfinished,
                                  oldest_s, open_letters, owed_minor)
    SELECT date_trunc('minute', now()), c.accepted, c.applied, c.refused, d.p50_ms, d.p99_ms,
           b.unfinished, b.oldest_s, b.open_letters, o.owed_minor
    FROM ({COUNTERS}) c, ({DELAYS}) d, ({BACKLOG}) b, ({_OWED}) o
    ON CONFLICT DO NOTHING
"""

_TAKEN = "SELECT FROM overview_samples WHERE minute = date_trunc('minute', now())"


def take(tx: Transaction) -> bool:
    """Keep how things are, once a minute whoever asks; return whether it was not kept before."""
    if tx.execute(_TAKEN).fetchone() is not None:
        return False
    return tx.execute(_TAKE).rowcount == 1


def trim(tx: Transaction) -> int:
    """Let go of samples that nobody looks at any more; return how many."""
    query = "DELETE FROM overview_samples WHERE minute < now() - make_interval(hours => %s)"
    return tx.execute(query, (KEPT_H,)).rowcount


_RECENT = """
    SELECT minute, accepted, applied, refused, p50_ms, p99_ms, unfinished, oldest_s, open_letters,
           owed_minor
    FROM overview_samples
    WHERE minute > date_trunc('minute', now()) - make_interval(mins => %s)
    ORDER BY minute
"""


def recent(tx: Transaction, *, minutes: int) -> list[Shown]:
    """Return the samples of the last minutes, the oldest first. Minutes may be missing."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_RECENT, (minutes,)).fetchall()
