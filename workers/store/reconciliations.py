"""Runs of reconciliation: whose they are, how far they came, and what they count."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.commands import INTERNAL, RUN_PREFIX, CommandKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

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
    """A run. `cursor` is the provider's while `running`, ours while `settling`."""

    id: int
    provider: str
    account: str
    since: datetime
    until: datetime
    status: str
    cursor: str | None
    started_at: datetime
    examined: int
    missing_there: int


_ABANDONED = f"""
    UPDATE reconciliation_runs r
    SET status = 'failed', finished_at = now(), problem = 'nobody works on it any more'
    WHERE provider = %s AND account = %s AND finished_at IS NULL
      AND NOT EXISTS (
          SELECT 1 FROM inbound_dedup d JOIN inbound_work w ON w.event_id = d.event_id
          WHERE d.source = '{INTERNAL}' AND d.account = 'default'
            AND d.event_key = '{CommandKind.RECONCILE}:{RUN_PREFIX}' || r.id)
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
    SELECT id, provider, account, since, until, status, cursor, started_at, examined,
           missing_there
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
    examined: int = 0,
    new: Mapping[str, int] | None = None,
) -> None:
    """Count what was found, by verdict, and say where the run goes on; its heart beats."""
    found = new or {}
    counts = [found.get(name, 0) for name in ("missing_here", "missing_there", "mismatched")]
    tx.execute(_ADVANCE, (status, cursor, examined, *counts, run_id))


_TAKE_UP = """
    UPDATE inbound_work
    SET crashes = crashes + 1, enqueues = greatest(enqueues, 1),
        next_at = now() + make_interval(secs => %s)
    WHERE event_id = %s
    RETURNING crashes - 1
"""


def take_up(tx: Transaction, event_id: int, *, for_s: float) -> int:
    """Note that a step is taken; return how many before it, one after the other, had no end.

    A step that ends, whichever way, forgets them: by `again`, or by `lived`.
    """
    row = tx.execute(_TAKE_UP, (for_s, event_id)).fetchone()
    return row[0] if row else 0


def lived(tx: Transaction, event_id: int) -> None:
    """Note that the step failed, and its worker did not die of it."""
    tx.execute("UPDATE inbound_work SET crashes = 0 WHERE event_id = %s", (event_id,))


_FAILING = """
    SELECT extract(epoch FROM now() - since)::float FROM inbound_work
    WHERE event_id = %s AND attempts > 0
"""


def failing_s(tx: Transaction, event_id: int) -> float:
    """Return for how long the run's next step has failed again and again; 0.0: it has not."""
    row = tx.execute(_FAILING, (event_id,)).fetchone()
    return row[0] if row else 0.0


def again(tx: Transaction, event_id: int, *, delay_s: float) -> None:
    """Put the run's command off without counting a try; what failed before is forgotten."""
    tx.execute(
        """UPDATE inbound_work SET attempts = 0, crashes = 0, enqueues = 1,
                  next_at = now() + make_interval(secs => %s)
           WHERE event_id = %s""",
        (delay_s, event_id),
    )


_FINISH = """
    UPDATE reconciliation_runs
    SET status = 'finished', cursor = NULL, heartbeat_at = now(), finished_at = now(),
        covered_through = greatest(since, least(until, started_at - make_interval(secs => %s)))
    WHERE id = %s
"""


def finish(tx: Transaction, run_id: int, *, list_delay_s: float) -> None:
    """End the run: its window is covered.

    What was made so shortly before it began that the list may not have had it is not covered.
    """
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
    """An account of a provider, and when its last run began.

    `is_in_use`: we have asked something there. Else it only has payments here.
    """

    provider: str
    account: str
    last_started_at: datetime | None
    is_in_use: bool


_ACCOUNTS = """
    SELECT provider, account,
           (SELECT max(started_at) FROM (
                SELECT started_at FROM reconciliation_runs r
                WHERE (r.provider, r.account) = (known.provider, known.account)
                ORDER BY id DESC LIMIT 1) last),
           bool_or(is_in_use)
    FROM (SELECT provider, account, true AS is_in_use FROM (
              SELECT provider, account FROM provider_calls ORDER BY id DESC LIMIT %(calls)s) c
          UNION
          SELECT provider, account, true FROM (
              SELECT provider, account, status FROM reconciliation_runs
              ORDER BY id DESC LIMIT %(runs)s) r
          WHERE status <> 'failed'
          UNION
          SELECT provider, account, false FROM (
              SELECT provider, account FROM payment_logs ORDER BY id DESC LIMIT %(payments)s) p
    ) known
    WHERE provider = ANY(%(providers)s)
    GROUP BY 1, 2
    ORDER BY 1, 2
"""

CALLS_CONSIDERED_MAX = 2_000
PAYMENTS_CONSIDERED_MAX = 5_000
RUNS_OF_ALL_CONSIDERED_MAX = 1_000
"""Newest rows that say which accounts there are: called, reconciled, or with payments, lately."""


def accounts(tx: Transaction, providers: Sequence[str]) -> list[Account]:
    """Return the accounts that have been in use lately."""
    values = {
        "calls": CALLS_CONSIDERED_MAX,
        "payments": PAYMENTS_CONSIDERED_MAX,
        "runs": RUNS_OF_ALL_CONSIDERED_MAX,
        "providers": list(providers),
    }
    return [Account(*row) for row in tx.execute(_ACCOUNTS, values).fetchall()]


class Wide(NamedTuple):
    """A run over a long window, and how lately it should have begun."""

    over_s: float
    within_s: float


_HAS_LOOKED_BACK = """
    SELECT EXISTS (
        SELECT 1 FROM (SELECT since, covered_through, status, started_at FROM reconciliation_runs
                       WHERE provider = %s AND account = %s ORDER BY id DESC LIMIT %s) newest
        WHERE status = 'finished' AND since <= covered_through - make_interval(secs => %s)
          AND started_at > now() - make_interval(secs => %s))
"""


def has_looked_back(tx: Transaction, provider: str, account: str, wide: Wide) -> bool:
    """Say whether a run that looked back so far was begun lately, and finished."""
    values = (provider, account, RUNS_CONSIDERED_MAX, *wide)
    row = tx.execute(_HAS_LOOKED_BACK, values).fetchone()
    return row is not None and row[0]


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
    """Forget the items of runs that ended long ago, and of failed ones what was equal.

    Returns how many.
    """
    return tx.execute(
        """DELETE FROM reconciliation_items WHERE (run_id, object_id) IN (
               SELECT i.run_id, i.object_id
               FROM reconciliation_runs r JOIN reconciliation_items i ON i.run_id = r.id
               WHERE r.finished_at < now() - make_interval(days => %s)
                  OR (r.status = 'failed' AND i.verdict = 'equal') LIMIT %s)""",
        (older_than_days, limit),
    ).rowcount
