"""Runs of reconciliation as operators look at them: never locked, never changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from psycopg.rows import dict_row

from domain.reconciliation import Verdict, Window, covered_through, not_compared
from workers.store import reconciliations
from workers.store.reconciliation_items import UNASKED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.database import Transaction
    from workers.store.views import Shown

DIFFERENCES_SHOWN_MAX = 500
"""Differences of one run that are listed; their sums are of all."""

_RUN = """
    SELECT id AS run_id, provider, account, since, until, covered_through, status, examined,
           missing_here, missing_there, mismatched, mended,
           missing_here + missing_there + mismatched - mended AS open, problem, requested_by,
           reason, started_at, heartbeat_at, finished_at
    FROM reconciliation_runs
"""

_DIFFERENCES = f"""
    SELECT object_id, reference, status, verdict, amount_minor, refunded_minor, here_minor,
           here_refunded_minor, currency, mended, note, event_id
    FROM reconciliation_items WHERE run_id = %(run_id)s AND verdict <> 'equal'
    ORDER BY mended, object_id LIMIT {DIFFERENCES_SHOWN_MAX}
"""

_SUMS = f"""
    SELECT currency, verdict, mended, count(*) AS rows,
           count(*) FILTER (WHERE verdict = '{Verdict.MISSING_THERE}' AND status = '{UNASKED}')
               AS unasked,
           coalesce(sum(abs(coalesce(amount_minor, 0) - coalesce(here_minor, 0))
               + CASE WHEN refunded_minor IS NULL THEN 0
                      ELSE abs(refunded_minor - coalesce(here_refunded_minor, 0)) END), 0)::bigint
               AS doubt_minor
    FROM reconciliation_items WHERE run_id = %(run_id)s AND verdict <> 'equal'
    GROUP BY 1, 2, 3
"""

NAMES = (Verdict.MISSING_HERE, Verdict.MISSING_THERE, Verdict.MISMATCHED, "mended", "open")
"""What money in doubt is summed by. Each is of one verdict, and either mended or open."""


def _rows(tx: Transaction, query: str, values: Mapping[str, object]) -> list[Shown]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def runs(tx: Transaction, *, provider: str | None, limit: int) -> list[Shown]:
    """Return the newest runs; `open` is how many differences nobody has mended."""
    query = f"""{_RUN} WHERE %(provider)s::text IS NULL OR provider = %(provider)s
                ORDER BY id DESC LIMIT %(limit)s"""
    return _rows(tx, query, {"provider": provider, "limit": limit})


def run(tx: Transaction, run_id: int) -> Shown | None:
    """Return one run with its differences and the money in doubt by currency, or None.

    `open` is how many differences nobody has mended; `unasked` how many captures were not listed
    and not asked about; `not_compared` what the run has no eyes for.
    """
    found = _rows(tx, f"{_RUN} WHERE id = %(run_id)s", {"run_id": run_id})
    if not found:
        return None
    shown, counted = found[0], _rows(tx, _SUMS, {"run_id": run_id})
    shown["differences"] = _rows(tx, _DIFFERENCES, {"run_id": run_id})
    count = sum(row["rows"] for row in counted)
    shown["differences_more"] = max(0, count - len(shown["differences"]))
    shown["unasked"] = sum(row["unasked"] for row in counted)
    shown["not_compared"] = list(not_compared(shown["provider"]))
    shown["sums"] = _sums(counted)
    return shown


def _sums(counted: list[Shown]) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = {}
    for row in counted:
        if row["currency"] is None:
            continue
        kept = sums.setdefault(row["currency"], {f"{name}_minor": 0 for name in NAMES})
        kept[f"{row['verdict']}_minor"] += row["doubt_minor"]
        kept["mended_minor" if row["mended"] else "open_minor"] += row["doubt_minor"]
    return dict(sorted(sums.items()))


_PROGRESS = """
    SELECT r.status, r.examined, r.missing_here + r.missing_there + r.mismatched AS different,
           r.finished_at IS NOT NULL OR w.event_id IS NULL AS ended,
           r.heartbeat_at > r.started_at OR coalesce(w.attempts, 1) > 0 AS taken_up,
           coalesce(w.attempts, 0) AS attempts
    FROM reconciliation_runs r LEFT JOIN inbound_work w ON w.event_id = %(event_id)s
    WHERE r.id = %(run_id)s
"""


def progress(tx: Transaction, run_id: int, event_id: int) -> Shown:
    """Return how far a run is; `event_id` is its command's."""
    return _rows(tx, _PROGRESS, {"run_id": run_id, "event_id": event_id})[0]


def covered(tx: Transaction, *, provider: str | None = None) -> list[Shown]:
    """Return, of each account reconciled lately, until when all is compared, and the last sign.

    With the counts of its last run that has ended. Reads only the newest runs.
    """
    values = {"runs": reconciliations.RUNS_OF_ALL_CONSIDERED_MAX, "provider": provider}
    found = _rows(tx, _LATEST, values)
    for row in found:
        windows = reconciliations.windows(tx, row["provider"], row["account"])
        mark_s = covered_through(Window(*each) for each in windows)
        row["covered_through"] = None if mark_s is None else datetime.fromtimestamp(mark_s, UTC)
    return found


_LATEST = """
    WITH newest AS MATERIALIZED (
        SELECT * FROM reconciliation_runs ORDER BY id DESC LIMIT %(runs)s
    )
    SELECT a.provider, a.account, a.heartbeat_at, coalesce(l.missing_here, 0) AS missing_here,
           coalesce(l.missing_there, 0) AS missing_there, coalesce(l.mismatched, 0) AS mismatched,
           coalesce(l.mended, 0) AS mended
    FROM (SELECT provider, account, max(heartbeat_at) AS heartbeat_at FROM newest GROUP BY 1, 2) a
    LEFT JOIN LATERAL (
        SELECT * FROM newest n
        WHERE (n.provider, n.account, n.status) = (a.provider, a.account, 'finished')
        ORDER BY id DESC LIMIT 1) l ON true
    WHERE %(provider)s::text IS NULL OR a.provider = %(provider)s
    ORDER BY 1, 2
"""
