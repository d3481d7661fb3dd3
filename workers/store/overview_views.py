"""How things are right now, as the console's first page shows it. Every query is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from workers.store import samples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.database import Transaction

Shown = dict[str, Any]

EVENTS_LOOKED_AT = 5_000
"""Events, the newest, from which is told who was heard of when."""

SUMMED_MAX = 20_000
"""Open dead letters whose money is summed; of more of them the sums are at least so much."""

GAPS_MIN = 10
"""Fewer pauses than this between events do not tell what is usual."""

ACCOUNTS_SHOWN_MAX = 200
"""Accounts and keys that are listed."""


def _rows(tx: Transaction, query: str, values: Mapping[str, object] | None = None) -> list[Shown]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def counters(tx: Transaction) -> Shown:
    """Return how many events were accepted, applied and refused since Postgres began to count."""
    return _rows(tx, samples.COUNTERS)[0]


def delays(tx: Transaction) -> Shown:
    """Return how long the newest applied events took since they came: `p50_ms` and `p99_ms`."""
    return _rows(tx, samples.DELAYS)[0]


def backlog(tx: Transaction) -> Shown:
    """Return what is unfinished, how old the oldest of it is, and the open dead letters."""
    return _rows(tx, samples.BACKLOG)[0]


_SET_ASIDE = f"""
    SELECT reason, currency, count(*) AS letters, sum(amount_minor)::bigint AS amount_minor,
           min(dead_at) AS oldest_at
    FROM (SELECT reason, currency, amount_minor, dead_at FROM dead_letters
          WHERE status = 'open' LIMIT {SUMMED_MAX}) d
    GROUP BY 1, 2
"""


def set_aside(tx: Transaction) -> list[Shown]:
    """Return the open dead letters by reason and currency; of very many, some."""
    return _rows(tx, _SET_ASIDE)


_WAITING = """
    SELECT (SELECT count(*) FROM approvals WHERE status = 'waiting' AND expires_at > now())
               AS approvals,
           (SELECT count(*) FROM replay_jobs WHERE ended_at IS NULL AND status = 'paused')
               AS paused_replays,
           (SELECT count(*) FROM replay_jobs WHERE ended_at IS NULL AND status = 'running')
               AS running_replays
"""


def waiting(tx: Transaction) -> Shown:
    """Return what waits for a person, and what is being done for one."""
    return _rows(tx, _WAITING)[0]


_NEWEST = f"""
    newest AS MATERIALIZED (
        SELECT source, account, key_id, received_at FROM inbound_events
        ORDER BY id DESC LIMIT {EVENTS_LOOKED_AT}
    )
"""

# The times of an account as an array, as they were read: sorting them by account took five times as
# long as all else.
_SILENCE = f"""
    WITH {_NEWEST}, heard AS (
        SELECT source, account, array_agg(received_at) AS times FROM newest
        WHERE source <> 'internal' GROUP BY 1, 2
    )
    SELECT coalesce(h.source, m.source) AS provider, coalesce(h.account, m.account) AS account,
           m.mode, h.times[1] AS last_at, extract(epoch FROM now() - h.times[1])::float AS silent_s,
           (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap_s)
            FROM (SELECT abs(extract(epoch FROM at - lead(at) OVER ()))::float AS gap_s
                  FROM unnest(h.times) at) gaps
            WHERE cardinality(h.times) > {GAPS_MIN}) AS usual_s
    FROM heard h FULL JOIN source_modes m ON (m.source, m.account) = (h.source, h.account)
    ORDER BY 1, 2 LIMIT {ACCOUNTS_SHOWN_MAX}
"""


def silence(tx: Transaction) -> list[Shown]:
    """Return, of each account, when it was heard of last and how long it is silent usually.

    `usual_s` is the median pause, None where too little was heard; `last_at` is None where none of
    the newest events is of the account.
    """
    return _rows(tx, _SILENCE)


_KEYS = f"""
    WITH {_NEWEST}
    SELECT source AS provider, account, key_id, count(*) AS events, max(received_at) AS last_at
    FROM newest WHERE source <> 'internal'
    GROUP BY 1, 2, 3 ORDER BY 1, 2, last_at DESC LIMIT {ACCOUNTS_SHOWN_MAX}
"""


def keys(tx: Transaction) -> list[Shown]:
    """Return the keys that signed the newest events, and the last use of each."""
    return _rows(tx, _KEYS)
