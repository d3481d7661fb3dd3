"""Statements that both sides execute, each with its own driver mode. Parameters are named."""

from __future__ import annotations

from domain.commands import INTERNAL
from domain.wakeup import Lane

FIRST_RING_GRACE_S = 3
"""Seconds after which the relay rings for a command whose own ring was not enough."""

KEEP_COMMANDS = f"""
    WITH input AS MATERIALIZED (
        SELECT nextval('inbound_event_ids') AS event_id, given.*
        FROM unnest(%(keys)s::text[], %(references)s::text[], %(bodies)s::bytea[])
            WITH ORDINALITY AS given (event_key, reference, body, row)
    ), fresh AS (
        INSERT INTO inbound_dedup (source, account, event_key, body_sha256, event_id, received_at)
        SELECT '{INTERNAL}', 'default', event_key, sha256(body), event_id, now()
        FROM input ORDER BY event_key
        ON CONFLICT DO NOTHING
        RETURNING event_id
    ), event AS (
        INSERT INTO inbound_events (id, received_at, source, account, event_key, reference, body,
                                    headers, key_id, request_id, traceparent)
        SELECT event_id, now(), '{INTERNAL}', 'default', event_key, reference, body, '{{}}',
               '{INTERNAL}', %(request_id)s, %(traceparent)s
        FROM input JOIN fresh USING (event_id)
    ), work AS (
        INSERT INTO inbound_work (event_id, received_at, lane, next_at)
        SELECT event_id, now(), '{Lane.CALLS}', now() + interval '{FIRST_RING_GRACE_S} s'
        FROM fresh
    )
    SELECT row::int, event_id FROM input JOIN fresh USING (event_id)
"""
"""Keep commands and the work they owe; returns (row from 1, event id) of those that are new.

Parameters: keys, references, bodies (lists of equal length), request_id, traceparent (or None).
"""

ANNOUNCE = """
    INSERT INTO payment_logs (reference, client_id, customer_id, provider, account, amount_minor,
                              currency, idempotency_key, metadata, announced_by, head_hash)
    VALUES (%(reference)s, %(client_id)s, %(customer_id)s, %(provider)s, %(account)s,
            %(amount_minor)s, %(currency)s, %(idempotency_key)s, %(metadata)s::jsonb, %(actor)s,
            %(head_hash)s)
    ON CONFLICT ON CONSTRAINT payment_logs_reference_once DO NOTHING
    RETURNING id, created_at, updated_at
"""
"""Announce one payment; returns no row when its reference is in use.

`head_hash` is `audit.genesis(genesis_fields(announcement, actor))`.
"""
