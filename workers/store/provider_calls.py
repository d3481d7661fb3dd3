"""Calls to providers: one row each, committed before the call and closed once by its answer.

`fence` counts the calls about one debt. An answer counts only while its call is live and no newer
one was made: whoever was presumed dead comes too late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.tries import LIVE_S_MAX, Asked, Outcome, Try
from workers.store.inbox import RESTING
from workers.store.lives import IS_DEAD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.commands import Command
    from workers.database import Transaction

ANSWER_BYTES_MAX = 64 * 1024
"""Bytes of an answer that are kept as evidence."""

MESSAGE_LENGTH_MAX = 500
"""Characters kept of what went wrong."""


def debt_of(command: Command) -> str:
    """Name what only one call at a time may be about."""
    return f"{command.provider}:{command.account}:{command.reference}"


class Owed(NamedTuple):
    """A command that is owed, and whether somebody is calling for it right now.

    Nobody does whose worker is known to have died.

    `is_resting`: it was told to wait, its time has not come, and nobody has rung for it since.
    """

    body: bytes
    is_in_hand: bool
    is_resting: bool


_PEEK = f"""
    SELECT e.body, EXISTS (
        SELECT 1 FROM provider_calls c WHERE c.event_id = w.event_id AND c.ended_at IS NULL
          AND c.started_at > now() - make_interval(secs => %s)
          AND c.worker IS DISTINCT FROM %s AND NOT {IS_DEAD}), {RESTING}
    FROM inbound_work w
    JOIN inbound_events e ON e.id = w.event_id AND e.received_at = w.received_at
    WHERE w.event_id = %s AND w.lane = 'calls'
"""


def peek(tx: Transaction, event_id: int, *, sole_worker: str | None = None) -> Owed | None:
    """Look at a command without a lock; None when nothing is owed of it any more.

    `sole_worker` is the worker that asks, where none of its other threads can have the command: a
    call of its own is then one that was begun without its knowing, or whose answer was not written.
    """
    row = tx.execute(_PEEK, (LIVE_S_MAX, sole_worker, event_id)).fetchone()
    return Owed(*row) if row else None


_IS_BUSY = f"""
    SELECT EXISTS (
        SELECT 1 FROM provider_calls c WHERE debt = %s AND ended_at IS NULL
          AND started_at > now() - make_interval(secs => %s) AND NOT {IS_DEAD}
          AND NOT (c.event_id = %s AND c.worker IS NOT DISTINCT FROM %s))
"""


def is_busy(
    tx: Transaction, debt: str, *, event_id: int = 0, sole_worker: str | None = None
) -> bool:
    """Say, without a lock, whether somebody is calling about this debt right now.

    A call for `event_id` by its `sole_worker` is nobody's, as for `peek`.
    """
    row = tx.execute(_IS_BUSY, (debt, LIVE_S_MAX, event_id, sole_worker)).fetchone()
    return row is not None and row[0]


class Live(NamedTuple):
    """A call that nobody has closed. `is_dead`: its worker is known to have died."""

    id: int
    age_s: float
    event_id: int
    asked: Asked
    worker: str
    is_dead: bool


_LIVE = f"""
    SELECT id, extract(epoch FROM clock_timestamp() - started_at)::float, event_id, kind, worker,
           {IS_DEAD}
    FROM provider_calls c
    WHERE debt = %s AND ended_at IS NULL
    FOR UPDATE OF c
"""


def live(tx: Transaction, debt: str) -> Live | None:
    """Return the call about this debt that has not ended, its row locked."""
    row = tx.execute(_LIVE, (debt,)).fetchone()
    if row is None:
        return None
    call_id, age_s, event_id, kind, worker, is_dead = row
    return Live(call_id, age_s, event_id, Asked(kind), worker, is_dead)


_TRIES = """
    SELECT kind, outcome, extract(epoch FROM now() - started_at)::float,
           coalesce(error_class = 'ProviderForbids', false)
    FROM provider_calls WHERE event_id = %(event_id)s AND ended_at IS NOT NULL
      AND ((kind <> 'verify' AND outcome <> 'not_sent')
           OR id = (SELECT max(id) FROM provider_calls
                    WHERE event_id = %(event_id)s AND ended_at IS NOT NULL))
    ORDER BY id
"""


def tries(tx: Transaction, event_id: int) -> list[Try]:
    """Return the acts of a command that may have reached its provider, and its newest call.

    Oldest first, however long ago. Acts have no limit here: one that is left out would be made
    twice. Time limits them, since each in doubt is followed by a look-up or a wait.
    """
    rows = tx.execute(_TRIES, {"event_id": event_id}).fetchall()
    return [Try(Asked(row[0]), Outcome(row[1]), *row[2:]) for row in rows]


class Begun(NamedTuple):
    """A call to be written before it is made."""

    debt: str
    event_id: int
    payment_id: int | None
    asked: Asked
    provider: str
    account: str
    provider_key: str | None
    worker: str
    mode: str | None = None


_BEGIN = """
    WITH pinned AS (
        INSERT INTO source_modes (source, account, mode, event_id)
        SELECT %(provider)s, %(account)s, %(mode)s, %(event_id)s
        WHERE %(mode)s::text IS NOT NULL
        ON CONFLICT DO NOTHING
    )
    INSERT INTO provider_calls (debt, fence, event_id, payment_id, kind, provider, account,
                                provider_key, worker, started_at)
    SELECT %(debt)s, coalesce(max(fence), 0) + 1, %(event_id)s, %(payment_id)s, %(asked)s,
           %(provider)s, %(account)s, %(provider_key)s, %(worker)s, clock_timestamp()
    FROM provider_calls WHERE debt = %(debt)s
    RETURNING id
"""


def begin(tx: Transaction, begun: Begun) -> int:
    """Write that a call is about to be made; return its id.

    The first call of an account pins the world of its key: an answer may never come, and one that
    a key of the other world gets later must not be taken for it.

    Raises psycopg.errors.UniqueViolation when another about the same debt has just begun.
    """
    row = tx.execute(_BEGIN, begun._asdict()).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY always gives a row
    call_id: int = row[0]
    return call_id


_FIRST_ASKED = """
    SELECT extract(epoch FROM min(started_at))::float FROM provider_calls
    WHERE debt = %s AND kind = 'initialize' AND outcome IS DISTINCT FROM 'not_sent'
"""


def first_asked_at_s(tx: Transaction, debt: str) -> float | None:
    """Return when the provider may first have been asked to start the payment, Unix seconds."""
    row = tx.execute(_FIRST_ASKED, (debt,)).fetchone()
    return row[0] if row else None


_IS_CURRENT = """
    SELECT 1 FROM provider_calls c
    WHERE id = %s AND ended_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM provider_calls n WHERE n.debt = c.debt AND n.fence > c.fence)
    FOR UPDATE OF c
"""


def is_current(tx: Transaction, call_id: int) -> bool:
    """Say whether the answer to this call still counts; its row is locked if so."""
    return tx.execute(_IS_CURRENT, (call_id,)).fetchone() is not None


class Ended(NamedTuple):
    """How a call ended."""

    outcome: Outcome
    http_status: int | None = None
    error_class: str | None = None
    message: str | None = None
    answer: bytes | None = None


_END = """
    UPDATE provider_calls
    SET ended_at = clock_timestamp(), outcome = %s, http_status = %s, error_class = %s,
        message = %s, answer = %s
    WHERE id = %s
"""


def message_of(text: str | None) -> str | None:
    """Return what is kept of a message."""
    return text[:MESSAGE_LENGTH_MAX].replace("\0", "") if text else None


def end(tx: Transaction, call_id: int, ended: Ended) -> None:
    """Write how the call ended. One that has ended before is refused by the database."""
    message = message_of(ended.message)
    answer = ended.answer[:ANSWER_BYTES_MAX] if ended.answer else None
    values = (ended.outcome, ended.http_status, ended.error_class, message, answer, call_id)
    tx.execute(_END, values)


PRESUMED_DEAD = Ended(Outcome.UNKNOWN, error_class="WorkerDied", message="no answer was written")
UNWRITTEN = Ended(Outcome.UNKNOWN, error_class="Unwritten", message="no answer could be written")
NOT_BEGUN = Ended(Outcome.NOT_SENT, error_class="NotBegun", message="it was not known to be begun")

_DEATHS = """
    SELECT count(*) FROM provider_calls
    WHERE event_id = %(event_id)s AND error_class = 'WorkerDied' AND ended_at >= %(since)s
      AND id > (SELECT coalesce(max(id), 0) FROM provider_calls
                WHERE event_id = %(event_id)s AND ended_at IS NOT NULL
                  AND error_class IS DISTINCT FROM 'WorkerDied')
"""


def deaths(tx: Transaction, event_id: int, *, since: datetime) -> int:
    """Return how many workers in a row have died with this command in hand, noted since then.

    A call that came to an end says that the command kills nobody; `since` is when the work was
    given out, so that a replay begins anew.
    """
    row = tx.execute(_DEATHS, {"event_id": event_id, "since": since}).fetchone()
    return row[0] if row else 0


_ABANDON = """
    UPDATE provider_calls
    SET ended_at = clock_timestamp(), outcome = 'unknown', error_class = %s
    WHERE event_id = %s AND worker = %s AND ended_at IS NULL
"""


def abandon(tx: Transaction, event_id: int, *, worker: str, error_class: str) -> None:
    """End this worker's own call of a command whose answer it could not write."""
    tx.execute(_ABANDON, (error_class, event_id, worker))


_TAKE_BACK = """
    UPDATE provider_calls
    SET ended_at = clock_timestamp(), outcome = %s, error_class = %s, message = %s
    WHERE event_id = %s AND worker = %s AND ended_at IS NULL
"""


def take_back(tx: Transaction, event_id: int, *, worker: str) -> None:
    """End this worker's own call of a command that it has certainly not made, if there is one.

    That is where it does not know whether the call was begun: the store left it without a word.
    """
    how = (NOT_BEGUN.outcome, NOT_BEGUN.error_class, NOT_BEGUN.message)
    tx.execute(_TAKE_BACK, (*how, event_id, worker))


_MAY_EXIST = """
    SELECT EXISTS (SELECT 1 FROM provider_calls
                   WHERE debt = %(debt)s AND kind = 'initialize' AND outcome = 'answered')
        OR EXISTS (SELECT 1 FROM inbound_dedup d JOIN inbound_work w ON w.event_id = d.event_id
                   WHERE d.source = 'internal' AND d.account = 'default'
                     AND d.event_key = %(key)s)
"""


def may_exist(tx: Transaction, debt: str, *, initialize_key: str) -> bool:
    """Say whether the payment was handed over for certain, or still is to be.

    `initialize_key` is the key of the command that hands it over.
    """
    row = tx.execute(_MAY_EXIST, {"debt": debt, "key": initialize_key}).fetchone()
    return row is not None and row[0]


_REFUND_EVENTS = """
    SELECT p.reference, d.event_id, d.received_at, r.amount_minor, r.currency
    FROM refunds r
    JOIN payment_logs p ON p.id = r.payment_id
    JOIN inbound_dedup d ON d.source = 'internal' AND d.account = 'default'
        AND d.event_key = 'refund:' || p.reference || ':' || r.reference
    WHERE r.payment_id = ANY(%s) AND r.settled_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM inbound_work w WHERE w.event_id = d.event_id)
    ORDER BY d.event_id
"""


class RefundEvent(NamedTuple):
    """The command that asked for a refund whose end is not known."""

    payment_reference: str
    event_id: int
    received_at: datetime
    amount_minor: int
    currency: str


def refund_events(tx: Transaction, payment_ids: Sequence[int]) -> list[RefundEvent]:
    """Return the commands of these payments' open refunds about which nothing more is owed."""
    rows = tx.execute(_REFUND_EVENTS, (list(payment_ids),)).fetchall()
    return [RefundEvent(*row) for row in rows]
