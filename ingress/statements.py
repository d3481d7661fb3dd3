"""The statements of the ingress, and how their parameters are packed.

One statement keeps a whole batch: key, event and work of each new one, or nothing of any. Its
rows come sorted by key, because two batches that insert the same keys in different orders would
wait for each other in a circle. Integers of rows count from 1, in the order of the parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Blobs, Int8s, Texts
from domain.wakeup import Lane
from ingress.wire import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.arrays import Packed
    from ingress.entry import Entry
    from ingress.wire import Row

TRUE = b"\x01"

VARIANTS_MAX = 20
"""Other bodies that are kept of one event. Where not all of a body is signed, whoever has seen one
delivery can make any number of them; a provider's own retries make a few."""

FIRST_RING_GRACE_S = 3
"""Seconds after which the relay rings for an event whose own ring was not enough."""

KEEP = Statement(
    b"keep",
    f"""
WITH input AS MATERIALIZED (
    SELECT nextval('inbound_event_ids') AS event_id, given.*
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[],
                $7::bytea[], $8::text[], $9::text[], $10::text[], $11::text[])
        WITH ORDINALITY AS given (source, account, event_key, reference, mode, body,
                                  body_sha256, headers, key_id, request_id, traceparent, row)
), fresh AS (
    INSERT INTO inbound_dedup (source, account, event_key, body_sha256, event_id, received_at)
    SELECT source, account, event_key, body_sha256, event_id, now() FROM input
    ON CONFLICT DO NOTHING
    RETURNING event_id
), event AS (
    INSERT INTO inbound_events (id, received_at, source, account, event_key, reference, mode, body,
                                headers, key_id, request_id, traceparent)
    SELECT event_id, now(), source, account, event_key, reference, mode, body,
           headers::jsonb, key_id, request_id, traceparent
    FROM input JOIN fresh USING (event_id)
), work AS (
    INSERT INTO inbound_work (event_id, received_at, lane, next_at)
    SELECT event_id, now(), '{Lane.EVENTS}', now() + interval '{FIRST_RING_GRACE_S} s' FROM fresh
)
SELECT row, event_id FROM input JOIN fresh USING (event_id)
""",
)
"""Keep what is new; returns (row, event id) of the new ones, none of those known before."""

FIRST = Statement(
    b"first",
    """
SELECT given.row, first.event_id, first.body_sha256 = given.body_sha256, work.lane,
       event.request_id,
       CASE WHEN first.body_sha256 <> given.body_sha256 THEN event.body END
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
    WITH ORDINALITY AS given (source, account, event_key, body_sha256, row)
JOIN inbound_dedup AS first USING (source, account, event_key)
LEFT JOIN inbound_events AS event
    ON event.id = first.event_id AND event.received_at = first.received_at
LEFT JOIN inbound_work AS work ON work.event_id = first.event_id
""",
)
"""Who came first; returns a row for each `First`."""

KEEP_VARIANTS = Statement(
    b"keep_variants",
    f"""
INSERT INTO inbound_variants (event_id, body_sha256, body)
SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) AS other (event_id, body_sha256, body)
WHERE (SELECT count(*) FROM inbound_variants AS kept WHERE kept.event_id = other.event_id)
      < {VARIANTS_MAX}
ON CONFLICT DO NOTHING
""",
)
"""Keep other bytes of an event that claim the same about money, but for what is beyond
`VARIANTS_MAX`; those of one statement are not counted for each other."""

KEEP_REFUSED = """
INSERT INTO refused_requests (source, account, address, code, diagnosis, request_id, body_bytes)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                     %s::int[])
"""
"""Keep what was refused, for operators."""

TRIM_REFUSED = """
DELETE FROM refused_requests
WHERE id <= (SELECT id FROM refused_requests ORDER BY id DESC OFFSET %s LIMIT 1)
"""
"""Forget all but the newest refused requests."""

KEEP_KEYS = """
WITH said AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::smallint[], %s::text[])
        AS given (source, account, key_id, place, mode)
), gone AS (
    DELETE FROM source_keys k WHERE NOT EXISTS (
        SELECT 1 FROM said
        WHERE (said.source, said.account, said.key_id) = (k.source, k.account, k.key_id))
)
INSERT INTO source_keys (source, account, key_id, place, mode)
SELECT source, account, key_id, place, mode FROM said ORDER BY source, account, key_id
ON CONFLICT (source, account, key_id)
DO UPDATE SET place = excluded.place, mode = excluded.mode, seen_at = now()
"""
"""Say by which secrets providers are known here, by their names; forget all others."""

HEALTH = "SELECT to_regclass('inbound_work') IS NOT NULL"
"""Whether the schema is there; asked, it also says that Postgres is."""

SCHEMA_THERE = "SELECT to_regclass('alembic_version') IS NOT NULL"
SCHEMA_REVISION = "SELECT version_num FROM alembic_version"
"""Which migration was the last."""

DURABILITY = """
SELECT name, setting FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
"""
"""What a commit is worth on this server."""


class First(NamedTuple):
    """Who came before the delivery of that row.

    `lane` is that of unfinished work, None when it is done. `request_id` is that of the first
    delivery; `body` is its body where the bytes differ.
    """

    row: int
    event_id: int
    is_same: bool
    lane: Lane | None
    request_id: str | None
    body: bytes | None


def keep_parameters(entries: Sequence[Entry]) -> tuple[Packed, ...]:
    """Return the parameters of `KEEP`. Raises UnicodeEncodeError for half a surrogate pair."""
    return (
        Texts([entry.source for entry in entries]),
        Texts([entry.account for entry in entries]),
        Texts([entry.key for entry in entries]),
        Texts([entry.reference for entry in entries]),
        Texts([entry.mode for entry in entries]),
        Blobs([entry.body for entry in entries]),
        Blobs([entry.sha256 for entry in entries]),
        Texts([entry.headers.decode() for entry in entries]),
        Texts([entry.key_id for entry in entries]),
        Texts([entry.request_id for entry in entries]),
        Texts([entry.traceparent for entry in entries]),
    )


def kept(row: Row) -> tuple[int, int]:
    """Return what a row of `KEEP` says."""
    number, event_id = row
    return int.from_bytes(number), int.from_bytes(event_id)


def first_parameters(entries: Sequence[Entry]) -> tuple[Packed, ...]:
    """Return the parameters of `FIRST`."""
    return (
        Texts([entry.source for entry in entries]),
        Texts([entry.account for entry in entries]),
        Texts([entry.key for entry in entries]),
        Blobs([entry.sha256 for entry in entries]),
    )


def first(row: Row) -> First:
    """Return what a row of `FIRST` says."""
    number, event_id, is_same, lane, request_id, body = row
    return First(
        row=int.from_bytes(number),
        event_id=int.from_bytes(event_id),
        is_same=is_same == TRUE,
        lane=None if lane is None else Lane(lane.decode()),
        request_id=None if request_id is None else request_id.decode(),
        body=body,
    )


def variant_parameters(variants: Sequence[tuple[int, Entry]]) -> tuple[Packed, ...]:
    """Return the parameters of `KEEP_VARIANTS`."""
    return (
        Int8s([event_id for event_id, _ in variants]),
        Blobs([entry.sha256 for _, entry in variants]),
        Blobs([entry.body for _, entry in variants]),
    )
