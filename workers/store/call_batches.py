"""First calls about payments, many in one statement. One by one it is `provider_calls`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Blobs, Int8s, Texts
from domain.tries import Asked, Outcome
from workers.columns import pack
from workers.store.provider_calls import ANSWER_BYTES_MAX, message_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Transaction
    from workers.store.provider_calls import Begun

_UNTRIED = """
    SELECT w.event_id, e.body
    FROM inbound_work w
    JOIN inbound_events e ON e.id = w.event_id AND e.received_at = w.received_at
    WHERE w.event_id = ANY(%b::bigint[]) AND w.lane = 'calls'
      AND w.attempts = 0 AND w.crashes = 0 AND w.replay_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM provider_calls c WHERE c.event_id = w.event_id)
"""


def untried(tx: Transaction, event_ids: Sequence[int]) -> dict[int, bytes]:
    """Return the bodies of those commands for which nothing has been tried, without a lock."""
    rows = tx.execute(_UNTRIED, (Int8s(event_ids),), binary=True).fetchall()
    return {row[0]: row[1] for row in rows}


_BEGIN = """
    WITH n AS MATERIALIZED (
        SELECT * FROM unnest(%b::text[], %b::bigint[], %b::bigint[], %b::text[], %b::text[],
                             %b::text[], %b::text[], %b::text[], %b::text[])
            AS n(debt, event_id, payment_id, kind, provider, account, provider_key, worker, mode)
    ), pinned AS (
        INSERT INTO source_modes (source, account, mode, event_id)
        SELECT DISTINCT ON (provider, account) provider, account, mode, event_id
        FROM n WHERE mode IS NOT NULL ORDER BY provider, account, event_id
        ON CONFLICT DO NOTHING
    )
    INSERT INTO provider_calls (debt, fence, event_id, payment_id, kind, provider, account,
                                provider_key, worker, started_at)
    SELECT debt, 1, event_id, payment_id, kind, provider, account, provider_key, worker,
           clock_timestamp()
    FROM n
    ON CONFLICT DO NOTHING
    RETURNING event_id, id
"""
_BEGUN_KINDS = (Texts, Int8s, Int8s, Texts, Texts, Texts, Texts, Texts, Texts)


def begin(tx: Transaction, begun: Sequence[Begun]) -> dict[int, int]:
    """Write that the first calls about these debts are about to be made; return ids by event.

    What is missing was not written: there is a call about its debt already, live or ended. The
    worlds of accounts are pinned as by `provider_calls.begin`.
    """
    rows = tx.execute(_BEGIN, pack(begun, _BEGUN_KINDS), binary=True).fetchall()
    return {row[0]: row[1] for row in rows}


class Answered(NamedTuple):
    """A call that was answered as it should be."""

    call_id: int
    message: str | None
    answer: bytes | None


_END = f"""
    UPDATE provider_calls c
    SET ended_at = clock_timestamp(), outcome = '{Outcome.ANSWERED}', message = n.message,
        answer = n.answer
    FROM unnest(%b::bigint[], %b::text[], %b::bytea[]) AS n(id, message, answer)
    WHERE c.id = n.id AND c.kind = '{Asked.INITIALIZE}' AND c.ended_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM provider_calls newer
                      WHERE newer.debt = c.debt AND newer.fence > c.fence)
"""


def end(tx: Transaction, answered: Sequence[Answered]) -> int:
    """Write the answers that still count; return how many there are.

    As for one by one: an answer counts while its call is live and no newer one was made. The
    caller holds the locks of the payments, so that none can begin meanwhile.
    """
    rows = [
        (
            each.call_id,
            message_of(each.message),
            each.answer[:ANSWER_BYTES_MAX] if each.answer else None,
        )
        for each in answered
    ]
    return tx.execute(_END, pack(rows, (Int8s, Texts, Blobs))).rowcount


class Page(NamedTuple):
    """Where a payment is paid, and what its provider calls it; None where it was not told."""

    payment_id: int
    url: str | None
    name: str | None


_TELL = """
    UPDATE payment_logs p
    SET authorization_url = coalesce(n.url, p.authorization_url),
        provider_reference = coalesce(p.provider_reference, n.name), updated_at = now()
    FROM unnest(%b::bigint[], %b::text[], %b::text[]) AS n(id, url, name)
    WHERE p.id = n.id
      AND ((n.url IS NOT NULL AND p.authorization_url IS DISTINCT FROM n.url)
           OR (n.name IS NOT NULL AND p.provider_reference IS NULL))
"""


def tell(tx: Transaction, pages: Sequence[Page]) -> None:
    """Write where payments are paid, and what their provider calls them if nobody knew."""
    if pages:
        tx.execute(_TELL, pack(pages, (Int8s, Texts, Texts)))
