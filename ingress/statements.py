"""The statements of the ingress, and how their parameters are packed.

One statement keeps a whole batch: key, event and work of each new one, or nothing of any. Its
rows come sorted by key, because two batches that insert the same keys in different orders would
wait for each other in a circle. Integers of rows count from 1, in the order of the parameters.
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from psycopg.adapt import Dumper
from psycopg.pq import Format

from domain.wakeup import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import AsyncConnection

    from ingress.entry import Entry

FIRST_RING_GRACE_S = 3
"""Seconds after which the relay rings for an event whose own ring was not enough."""

KEEP = f"""
WITH input AS MATERIALIZED (
    SELECT nextval('inbound_event_ids') AS event_id, given.*
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[],
                %s::bytea[], %s::text[], %s::text[], %s::text[], %s::text[])
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
"""
"""Keep what is new; returns (row, event id) of the new ones, none of those known before."""

FIRST = """
SELECT given.row, first.event_id, first.body_sha256 = given.body_sha256, work.lane,
       event.request_id,
       CASE WHEN first.body_sha256 <> given.body_sha256 THEN event.body END
FROM unnest(%s::text[], %s::text[], %s::text[], %s::bytea[])
    WITH ORDINALITY AS given (source, account, event_key, body_sha256, row)
JOIN inbound_dedup AS first USING (source, account, event_key)
LEFT JOIN inbound_events AS event
    ON event.id = first.event_id AND event.received_at = first.received_at
LEFT JOIN inbound_work AS work ON work.event_id = first.event_id
"""
"""Who came first: (row, event id, same bytes?, lane of unfinished work or NULL, request id of the
first delivery, its body where the bytes differ)."""

KEEP_VARIANTS = """
INSERT INTO inbound_variants (event_id, body_sha256, body)
SELECT * FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[])
ON CONFLICT DO NOTHING
"""
"""Keep other bytes of an event that claim the same about money."""

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

HEALTH = "SELECT to_regclass('inbound_work') IS NOT NULL"
"""Whether the schema is there; asked, it also says that Postgres is."""

DURABILITY = """
SELECT name, setting FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
"""
"""What a commit is worth on this server."""


class Packed:
    """A column of a batch in Postgres' own binary form, made in one go.

    Some ten times cheaper than letting the driver find a form for every single value.
    """

    __slots__ = ("values",)

    def __init__(self, values: Sequence[bytes | None]) -> None:
        self.values = values


class Texts(Packed):
    """A column of text."""


class Blobs(Packed):
    """A column of bytea."""


class _PackedDumper(Dumper):
    """Writes a one-dimensional array (`array_recv` in the server's source)."""

    format = Format.BINARY
    element_oid = 0

    def dump(self, obj: Packed) -> bytes:
        """Return header, then length and bytes of each element; length -1 is NULL."""
        parts = [b""]
        for value in obj.values:
            if value is None:
                parts.append(b"\xff\xff\xff\xff")
            else:
                parts += (len(value).to_bytes(4), value)
        count = len(obj.values)
        parts[0] = pack("!iiIii", 1, 1, self.element_oid, count, 1)
        return b"".join(parts)


class _TextsDumper(_PackedDumper):
    oid = 1009
    element_oid = 25


class _BlobsDumper(_PackedDumper):
    oid = 1001
    element_oid = 17


def teach(connection: AsyncConnection) -> None:
    """Make the connection able to send `Texts` and `Blobs`."""
    connection.adapters.register_dumper(Texts, _TextsDumper)
    connection.adapters.register_dumper(Blobs, _BlobsDumper)


def keep_parameters(entries: Sequence[Entry]) -> tuple[Packed, ...]:
    """Return the parameters of `KEEP`. Raises UnicodeEncodeError for half a surrogate pair."""
    return (
        Texts([entry.source.encode() for entry in entries]),
        Texts([entry.account.encode() for entry in entries]),
        Texts([entry.key.encode() for entry in entries]),
        Texts([_encoded(entry.reference) for entry in entries]),
        Texts([_encoded(entry.mode) for entry in entries]),
        Blobs([entry.body for entry in entries]),
        Blobs([entry.sha256 for entry in entries]),
        Texts([entry.headers for entry in entries]),
        Texts([entry.key_id.encode() for entry in entries]),
        Texts([entry.request_id.encode() for entry in entries]),
        Texts([_encoded(entry.traceparent) for entry in entries]),
    )


def first_parameters(entries: Sequence[Entry]) -> tuple[Packed, ...]:
    """Return the parameters of `FIRST`."""
    return (
        Texts([entry.source.encode() for entry in entries]),
        Texts([entry.account.encode() for entry in entries]),
        Texts([entry.key.encode() for entry in entries]),
        Blobs([entry.sha256 for entry in entries]),
    )


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
