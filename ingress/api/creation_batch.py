"""Creation of many payments in one statement: key, payment, command, work and answer of each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from pydantic_core import to_json

from domain.arrays import Blobs, Int8s, Texts
from domain.commands import INTERNAL
from domain.sql import FIRST_RING_GRACE_S
from domain.wakeup import Lane
from ingress.api import answer, creation
from ingress.api.answer import Answer
from ingress.api.as_kept import NotKnown, as_kept
from ingress.api.idempotency import KEPT_DAYS
from ingress.api.together import Batch
from ingress.wire import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.arrays import Packed
    from ingress.api.creation import Asked
    from ingress.api.operation import Call
    from ingress.api.transactions import Doing
    from ingress.wire import Row

SCOPE = "payments:write"
"""What a client must be allowed."""

_CREATE = Statement(
    b"create_payments",
    f"""
WITH input AS MATERIALIZED (
    SELECT given.*, nextval('inbound_event_ids') AS event_id,
           convert_to(begins || stamp || between || stamp || ends, 'UTF8') AS answer
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[],
                $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::bytea[],
                $14::text[], $15::bytea[], $16::text[], $17::text[], $18::text[], $19::text[],
                $20::text[], $21::text[], $22::text[], $23::bytea[])
        WITH ORDINALITY AS given (
            client_id, method, route, key, fingerprint, reference, customer_id,
            provider, amount_minor, currency, metadata, actor, head_hash,
            event_key, command, request_id, traceparent, location, begins,
            between, ends, prefix, key_hash, row),
        to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS stamp
    WHERE (SELECT 1 FROM payment_logs p WHERE p.reference = given.reference) IS NULL
      AND (SELECT 1 FROM idempotency_keys k
           WHERE (k.client_id, k.method, k.route, k.key)
               = (given.client_id, given.method, given.route, given.key::uuid)) IS NULL
      AND (SELECT 1 FROM api_keys a JOIN api_clients c ON c.id = a.client_id
           WHERE a.prefix = given.prefix AND a.key_hash = given.key_hash
             AND a.client_id = given.client_id AND '{SCOPE}' = ANY (c.scopes)
             AND a.revoked_at IS NULL AND c.revoked_at IS NULL
             AND (a.expires_at IS NULL OR a.expires_at > now())) IS NOT NULL
), answered AS (
    INSERT INTO idempotency_keys (client_id, method, route, key, fingerprint, status, headers,
                                  body, expires_at)
    SELECT client_id, method, route, key::uuid, fingerprint, 202,
           jsonb_build_object('location', location), answer, now() + interval '{KEPT_DAYS} days'
    FROM input WHERE key IS NOT NULL
), announced AS (
    INSERT INTO payment_logs (reference, client_id, customer_id, provider, account, amount_minor,
                              currency, metadata, announced_by, head_hash)
    SELECT reference, client_id, customer_id, provider, '{creation.ACCOUNT}', amount_minor,
           currency, metadata::jsonb, actor, head_hash
    FROM input
), fresh AS (
    INSERT INTO inbound_dedup (source, account, event_key, body_sha256, event_id, received_at)
    SELECT '{INTERNAL}', 'default', event_key, sha256(command), event_id, now() FROM input
), event AS (
    INSERT INTO inbound_events (id, received_at, source, account, event_key, reference, body,
                                headers, key_id, request_id, traceparent)
    SELECT event_id, now(), '{INTERNAL}', 'default', event_key, reference, command, '{{}}',
           '{INTERNAL}', request_id, traceparent
    FROM input
), work AS (
    INSERT INTO inbound_work (event_id, received_at, lane, next_at)
    SELECT event_id, now(), '{Lane.CALLS}', now() + interval '{FIRST_RING_GRACE_S} s' FROM input
)
SELECT row, event_id, answer FROM input
""",
)
"""Create what is new in key and reference, and asked by a key that is good: returns (row, event
id, answer) of each.

Nothing is passed over: what another transaction brings meanwhile fails the whole, so that a key is
never kept without its payment. What is known already is looked for value by value, since a join
might be planned to read all there is.
"""

_SOMEWHEN = datetime(2000, 1, 1, tzinfo=UTC)
_WRITTEN = '"created_at":"2000-01-01T00:00:00.000000Z","updated_at":"2000-01-01T00:00:00.000000Z"'
_BEFORE, _BETWEEN, _AFTER = '"created_at":"', '","updated_at":"', '"'
"""A time that stands where the store's own will, how an answer has it, and what is around it. The
names belong to it: a customer may be called like a time, but by nothing that has a quote."""


class Item(NamedTuple):
    """One payment to be created. `shown` is its answer, without the times between its parts."""

    doing: Doing
    asked: Asked
    location: str
    shown: tuple[str, str, str]
    metadata: str


def _item(doing: Doing) -> Item | None:
    """Return what the request comes to; None where only the store knows how it is shown."""
    asked = creation.of(doing.call)
    try:
        metadata = as_kept(asked.columns["metadata"])
    except NotKnown:
        return None
    times = {"metadata": metadata, "created_at": _SOMEWHEN, "updated_at": _SOMEWHEN}
    given = answer.of(creation.made(asked, times, ()))
    begins, ends = given.body.decode().split(_WRITTEN, 1)
    shown = (begins + _BEFORE, _BETWEEN, _AFTER + ends)
    return Item(doing, asked, given.location or "", shown, to_json(metadata).decode())


def _reference(item: Item) -> str:
    reference: str = item.asked.columns["reference"]
    return reference


def _columns(items: Sequence[Item]) -> tuple[Packed, ...]:
    calls: list[Call] = [each.doing.call for each in items]
    slots = [each.doing.slot for each in items]
    asked = [each.asked.columns for each in items]
    commands = [each.asked.command for each in items]
    return (
        Texts([each["client_id"] for each in asked]),
        Texts([None if each is None else each.method for each in slots]),
        Texts([None if each is None else each.route for each in slots]),
        Texts([None if each is None else str(each.key) for each in slots]),
        Blobs([None if each is None else each.fingerprint for each in slots]),
        Texts([each["reference"] for each in asked]),
        Texts([each["customer_id"] for each in asked]),
        Texts([each["provider"] for each in asked]),
        Int8s([each["amount_minor"] for each in asked]),
        Texts([each["currency"] for each in asked]),
        Texts([each.metadata for each in items]),
        Texts([each.client.actor for each in calls]),
        Blobs([each.asked.head_hash for each in items]),
        Texts([each.key for each in commands]),
        Blobs([each.body() for each in commands]),
        Texts([each.request_id for each in calls]),
        Texts([each.traceparent for each in calls]),
        Texts([each.location for each in items]),
        *(Texts([each.shown[part] for each in items]) for part in range(3)),
        Texts([each.proof.prefix for each in calls]),
        Blobs([each.proof.key_hash for each in calls]),
    )


def _answer(item: Item, row: Row) -> Answer:
    _, event_id, body = row
    return Answer(202, body, item.location, (int.from_bytes(event_id),))


BATCH = Batch(
    item=_item,
    name=_reference,
    statement=_CREATE,
    columns=_columns,
    answer=_answer,
)
