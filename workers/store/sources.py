"""Who sends: the accounts and secrets that are live, what is set aside of them, who was refused.

Every query looks at a bounded number of rows, however much has come in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from domain.providers import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.database import Transaction

Shown = dict[str, Any]

LETTERS_COUNTED_MAX = 100_000
"""Open dead letters that are counted; there may be more of them."""

REFUSED_GROUPED_MAX = 5_000
"""Refused requests, the newest, that are grouped."""


def _rows(tx: Transaction, query: str, values: Mapping[str, object] | None = None) -> list[Shown]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def live_keys(tx: Transaction) -> list[Shown]:
    """Return the secrets by which `web` knew providers when it last started; the newest first.

    Only their names: no secret is in the record.
    """
    query = """SELECT source AS provider, account, key_id, mode, seen_at FROM source_keys
               WHERE source = ANY(%(providers)s) ORDER BY source, account, place"""
    return _rows(tx, query, {"providers": list(PROVIDERS)})


def open_letters(tx: Transaction) -> dict[tuple[str, str], int]:
    """Return how many dead letters of each account are open."""
    query = f"""
        SELECT source, account, count(*) AS letters
        FROM (SELECT source, account FROM dead_letters WHERE status = 'open'
              LIMIT {LETTERS_COUNTED_MAX}) d
        GROUP BY 1, 2"""
    return {(row["source"], row["account"]): row["letters"] for row in _rows(tx, query)}


_REFUSED = f"""
    SELECT source AS provider, account, code, address, count(*) AS requests, min(at) AS first_at,
           max(at) AS last_at, (array_agg(diagnosis ORDER BY id DESC))[1] AS diagnosis,
           (array_agg(request_id ORDER BY id DESC))[1] AS request_id
    FROM (SELECT * FROM refused_requests
          WHERE (%(provider)s::text IS NULL OR source = %(provider)s)
            AND (%(code)s::text IS NULL OR code = %(code)s)
          ORDER BY id DESC LIMIT {REFUSED_GROUPED_MAX}) newest
    GROUP BY 1, 2, 3, 4 ORDER BY last_at DESC, requests DESC LIMIT %(limit)s
"""


def refused(tx: Transaction, *, provider: str | None, code: str | None, limit: int) -> list[Shown]:
    """Return who was refused for what, the newest first, each with its newest diagnosis."""
    return _rows(tx, _REFUSED, {"provider": provider, "code": code, "limit": limit})
