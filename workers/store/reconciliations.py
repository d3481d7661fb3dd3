"""Runs of reconciliation: how far they are, and what they found that differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.commands import INTERNAL, CommandKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.reconciliation import Finding, Here, There
    from workers.database import Transaction

RUNS_CONSIDERED_MAX = 100
"""Finished runs, the newest of an account, that say until when it is covered."""


class Asked(NamedTuple):
    """What is to be compared: the transactions made in a window, of one account."""

    provider: str
    account: str
    since: datetime
    until: datetime
    requested_by: str
    reason: str


class Run(NamedTuple):
    """A run. `cursor` is the provider's while `running`, while `settling` the last looked at."""

    id: int
    provider: str
    account: str
    since: datetime
    until: datetime
    status: str
    cursor: str | None
    started_at: datetime


_ABANDONED = f"""
    UPDATE reconciliation_runs r
    SET status = 'failed', finished_at = now(), problem = 'nobody works on it any more'
    WHERE provider = %s AND account = %s AND finished_at IS NULL
      AND NOT EXISTS (
          SELECT 1 FROM inbound_dedup d JOIN inbound_work w ON w.event_id = d.event_id
          WHERE d.source = '{INTERNAL}' AND d.account = 'default'
            AND d.event_key = '{CommandKind.RECONCILE}:' || r.id)
"""

_BEGIN = """
    INSERT INTO reconciliation_runs (provider, account, since, until, requested_by, reason)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (provider, account) WHERE finished_at IS NULL DO NOTHING
    RETURNING id
"""


def begin(tx: Transaction, asked: Asked) -> int | None:
    """Begin a run and return its id; None while another of the account is under way.

    One whose command has ended without it (set aside, discarded) is under way no more. The caller
    enqueues the command in the same transaction.
    """
    tx.execute(_ABANDONED, (asked.provider, asked.account))
    row = tx.execute(_BEGIN, asked).fetchone()
    return row[0] if row else None


_RUN = """
    SELECT id, provider, account, since, until, status, cursor, started_at
    FROM reconciliation_runs WHERE id = %s AND finished_at IS NULL
"""


def find(tx: Transaction, run_id: int) -> Run | None:
    """Return a run that is under way."""
    row = tx.execute(_RUN, (run_id,)).fetchone()
    return Run(*row) if row else None


def still(tx: Transaction, run: Run) -> bool:
    """Lock the run; say whether nobody has brought it further meanwhile."""
    row = tx.execute(f"{_RUN} FOR UPDATE", (run.id,)).fetchone()
    return row is not None and Run(*row) == run


class Item(NamedTuple):
    """A transaction, what is the matter with it, and the command that asks about it."""

    there: There
    here: Here
    finding: Finding
    event_id: int | None = None


_ADD = """
    INSERT INTO reconciliation_items (run_id, object_id, reference, status, amount_minor, currency,
        refunded_minor, here_minor, here_refunded_minor, verdict, note, event_id)
    SELECT %s, u.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[],
        %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[]) AS u
    ON CONFLICT DO NOTHING
    RETURNING verdict
"""


def add(tx: Transaction, run_id: int, items: Sequence[Item]) -> list[str]:
    """Write items; return the verdicts of those that are new: a list may name one twice."""
    if not items:
        return []
    columns = [list(column) for column in zip(*map(_row, items), strict=True)]
    return [row[0] for row in tx.execute(_ADD, [run_id, *columns]).fetchall()]


def _row(item: Item) -> tuple[object, ...]:
    there, here, finding, event_id = item
    claimed = max(here.claims, default=None)
    money = there.amount or claimed
    return (
        there.object_id,
        here.reference or there.reference,
        there.status,
        there.amount.amount_minor if there.amount else None,
        money.currency if money else None,
        there.refunded_minor,
        claimed.amount_minor if claimed else None,
        here.refunded_minor[0] if claimed else None,
        finding.verdict.value,
        finding.note,
        event_id,
    )


_ADVANCE = """
    UPDATE reconciliation_runs
    SET status = %s, cursor = %s, heartbeat_at = now(), examined = examined + %s,
        missing_here = missing_here + %s, missing_there = missing_there + %s,
        mismatched = mismatched + %s
    WHERE id = %s
"""


def advance(
    tx: Transaction,
    run_id: int,
    *,
    status: str,
    cursor: str | None,
    new: Sequence[str],
    listed: bool,
) -> None:
    """Count what was found and say where the run goes on; its heart beats."""
    counts = [new.count(name) for name in ("missing_here", "missing_there", "mismatched")]
    values = (status, cursor, len(new) if listed else 0, *counts, run_id)
    tx.execute(_ADVANCE, values)


def again(tx: Transaction, event_id: int, *, delay_s: float) -> None:
    """Put the run's command off without counting a try; what failed before is forgotten."""
    tx.execute(
        """UPDATE inbound_work SET attempts = 0, crashes = 0, enqueues = 1,
                  next_at = now() + make_interval(secs => %s)
           WHERE event_id = %s""",
        (delay_s, event_id),
    )


_FED_IDS = f"""
    SELECT event_key, event_id FROM inbound_dedup
    WHERE source = '{INTERNAL}' AND account = 'default' AND event_key = ANY(%s)
"""


def command_ids(tx: Transaction, keys: Sequence[str]) -> dict[str, int]:
    """Return the events of commands by their keys."""
    return dict(tx.execute(_FED_IDS, (list(keys),)).fetchall())


_UNFINISHED = """
    SELECT count(*) FROM reconciliation_items i JOIN inbound_work w ON w.event_id = i.event_id
    WHERE i.run_id = %s AND w.received_at > now() - make_interval(secs => %s)
"""


def unfinished(tx: Transaction, run_id: int, *, younger_than_s: float) -> int:
    """Count what the run has fed and nobody has finished yet, without what waits for too long."""
    row = tx.execute(_UNFINISHED, (run_id, younger_than_s)).fetchone()
    return row[0] if row else 0


class Open(NamedTuple):
    """An item that differed, to be looked at again."""

    object_id: str
    reference: str | None
    status: str
    amount_minor: int | None
    currency: str | None
    refunded_minor: int | None


_OPEN = """
    SELECT object_id, reference, status, amount_minor, currency, refunded_minor
    FROM reconciliation_items
    WHERE run_id = %s AND verdict IN ('missing_here', 'mismatched') AND event_id IS NOT NULL
      AND (amount_minor IS NOT NULL OR here_minor IS NOT NULL) AND object_id > %s
    ORDER BY object_id LIMIT %s
"""


def opened(tx: Transaction, run_id: int, *, after: str, limit: int) -> list[Open]:
    """Return items about which somebody was asked, in the order of their ids."""
    return [Open(*row) for row in tx.execute(_OPEN, (run_id, after, limit)).fetchall()]


def mend(tx: Transaction, run_id: int, object_ids: Sequence[str]) -> None:
    """Note that these differ no more."""
    tx.execute(
        """WITH mended AS (
               UPDATE reconciliation_items SET mended = true
               WHERE run_id = %s AND object_id = ANY(%s) AND NOT mended RETURNING 1
           )
           UPDATE reconciliation_runs SET mended = mended + (SELECT count(*) FROM mended)
           WHERE id = %s""",
        (run_id, list(object_ids), run_id),
    )


_FINISH = """
    UPDATE reconciliation_runs
    SET status = 'finished', cursor = NULL, heartbeat_at = now(), finished_at = now(),
        covered_through = greatest(since, least(until, started_at - make_interval(secs => %s)))
    WHERE id = %s
"""


def finish(tx: Transaction, run_id: int, *, list_delay_s: float) -> None:
    """End the run: its window is covered, and only what differs is kept.

    What was made so shortly before it began that the list may not have had it is not covered.
    """
    tx.execute(
        "DELETE FROM reconciliation_items WHERE run_id = %s AND verdict = 'equal'", (run_id,)
    )
    tx.execute(_FINISH, (list_delay_s, run_id))


def fail(tx: Transaction, run_id: int, problem: str) -> None:
    """End the run without having covered its window."""
    tx.execute(
        """UPDATE reconciliation_runs
           SET status = 'failed', problem = %s, heartbeat_at = now(), finished_at = now()
           WHERE id = %s AND finished_at IS NULL""",
        (problem, run_id),
    )


class Account(NamedTuple):
    """An account of a provider, and when its last run began."""

    provider: str
    account: str
    last_started_at: datetime | None


_ACCOUNTS = """
    SELECT provider, account,
           (SELECT max(started_at) FROM (
                SELECT started_at FROM reconciliation_runs r
                WHERE (r.provider, r.account) = (known.provider, known.account)
                ORDER BY id DESC LIMIT 1) last)
    FROM (SELECT DISTINCT provider, account FROM (
              SELECT provider, account FROM provider_calls ORDER BY id DESC LIMIT %(calls)s) c
          UNION
          SELECT DISTINCT provider, account FROM (
              SELECT provider, account, status FROM reconciliation_runs
              ORDER BY id DESC LIMIT %(runs)s) r
          WHERE status <> 'failed') known
    WHERE provider = ANY(%(providers)s)
    ORDER BY 1, 2
"""

CALLS_CONSIDERED_MAX = 2_000
RUNS_OF_ALL_CONSIDERED_MAX = 1_000
"""Newest rows that say which accounts there are: those that were called, or reconciled, lately."""


def accounts(tx: Transaction, providers: Sequence[str]) -> list[Account]:
    """Return the accounts that have been in use lately, as far as we asked anything there."""
    values = {
        "calls": CALLS_CONSIDERED_MAX,
        "runs": RUNS_OF_ALL_CONSIDERED_MAX,
        "providers": list(providers),
    }
    return [Account(*row) for row in tx.execute(_ACCOUNTS, values).fetchall()]


_WINDOWS = """
    SELECT extract(epoch FROM since)::float, extract(epoch FROM covered_through)::float
    FROM (SELECT id, since, covered_through FROM reconciliation_runs
          WHERE provider = %s AND account = %s AND status = 'finished'
          ORDER BY id DESC LIMIT %s) newest
    ORDER BY id
"""


def windows(tx: Transaction, provider: str, account: str) -> list[tuple[float, float]]:
    """Return from when until when the newest finished runs compared, in their order."""
    rows = tx.execute(_WINDOWS, (provider, account, RUNS_CONSIDERED_MAX)).fetchall()
    return [(row[0], row[1]) for row in rows]


def trim(tx: Transaction, *, older_than_days: int, limit: int) -> int:
    """Forget the items of runs that ended long ago; return how many."""
    return tx.execute(
        """DELETE FROM reconciliation_items WHERE (run_id, object_id) IN (
               SELECT i.run_id, i.object_id
               FROM reconciliation_runs r JOIN reconciliation_items i ON i.run_id = r.id
               WHERE r.finished_at < now() - make_interval(days => %s) LIMIT %s)""",
        (older_than_days, limit),
    ).rowcount
