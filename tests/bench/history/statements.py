"""The statements that fill a grown database, each one table's share of a chunk of payments.

Nothing crosses the wire. What the rows say is what workers write for the same events.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.signing import key_id
from tests.bench.history.generated import (
    ACCOUNT,
    ACTOR,
    ANNOUNCED_BEFORE_US,
    APPLIED_AFTER_US,
    AT,
    CLIENT,
    DELIVERIES,
    EVENT_TYPE,
    GENERATED,
    GENESIS,
    PAID_AT,
    STEP,
    time,
)
from tests.bench.stage.supply import CURRENCY, PROVIDER, SECRET


class Lane(NamedTuple):
    """What one connection does: its statements, in this order for each chunk, and its tables."""

    statements: tuple[str, ...]
    tables: tuple[str, ...]


EVENTS = f"""
    INSERT INTO inbound_events (id, received_at, source, account, event_key, reference, mode, body,
                                headers, key_id, request_id)
    SELECT event_id, received_at, '{PROVIDER}', '{ACCOUNT}', event_key, reference, 'test', body,
           '{{"content-type": "application/json", "user-agent": "Paystack/2.0"}}',
           '{key_id(SECRET)}', '5b1e0c9a7d42-' || lpad(to_hex(number), 8, '0')
    FROM ({DELIVERIES}) deliveries
"""

KEYS = """
    INSERT INTO inbound_dedup (source, account, event_key, body_sha256, event_id, received_at)
    SELECT source, account, event_key, sha256(body), id, received_at FROM inbound_events
    WHERE id BETWEEN %(from_number)s::bigint + %(event_shift)s::bigint
                 AND %(to_number)s::bigint + %(event_shift)s::bigint
"""
"""Comes after `EVENTS`."""

PAYMENTS = f"""
    WITH asked AS (
        SELECT *, {GENESIS} AS prev_hash FROM ({GENERATED} OFFSET 0) payments
    ), sealed AS MATERIALIZED (
        SELECT *, sha256(prev_hash || {STEP}) AS hash, {AT} AS at
        FROM (SELECT * FROM asked OFFSET 0) asked
    ), payments AS (
        INSERT INTO payment_logs (id, reference, client_id, customer_id, provider, account,
            provider_reference, amount_minor, currency, state, captured_minor, lock_version,
            head_hash, announced_by, created_at, updated_at)
        OVERRIDING SYSTEM VALUE
        SELECT payment_id, reference, '{CLIENT}', customer_id, '{PROVIDER}', '{ACCOUNT}',
               object_id, amount_minor, '{CURRENCY}', 'completed', amount_minor, 1, hash,
               '{ACTOR}', {time(f"received_us - {ANNOUNCED_BEFORE_US}")}, at
        FROM sealed
    )
    INSERT INTO payment_transitions (payment_id, version, from_state, event, to_state, event_id,
        actor, reason, captured_minor, refunded_minor, disputed_minor, at, prev_hash, hash)
    SELECT payment_id, 1, 'pending', 'succeeded', 'completed', event_id, 'provider:{PROVIDER}',
           '{EVENT_TYPE}', amount_minor, 0, 0, at, prev_hash, hash
    FROM sealed
"""
"""Each payment with its history of one step: their hashes are computed once."""

FACTS = f"""
    INSERT INTO payment_facts (id, payment_id, kind, object_id, status, amount_minor, currency,
                               provider_at, event_id, created_at)
    OVERRIDING SYSTEM VALUE
    SELECT 2 * number + place + %(fact_shift)s::bigint, payment_id, kind, object_id, status, minor,
           '{CURRENCY}', {PAID_AT}, event_id, {AT}
    FROM ({GENERATED} OFFSET 0) payments
    CROSS JOIN LATERAL (VALUES (0, 'succeeded', 'succeeded', amount_minor),
                               (1, 'fee', 'known', fee_minor)) AS fact (place, kind, status, minor)
"""

ALIASES = f"""
    INSERT INTO provider_references (provider, account, provider_reference, payment_id)
    SELECT '{PROVIDER}', '{ACCOUNT}', object_id, payment_id FROM ({GENERATED}) payments
"""

ENTRIES = f"""
    INSERT INTO ledger_entries (movement_id, leg, payment_id, effect, object_id, account,
                                amount_minor, currency, event_id, at)
    SELECT 2 * number + place + %(movement_shift)s::bigint, leg, payment_id, effect, object_id,
           account, minor, '{CURRENCY}', event_id, {AT}
    FROM ({GENERATED} OFFSET 0) payments
    CROSS JOIN LATERAL (VALUES
        (0, 1, 'capture', 'provider_clearing:{PROVIDER}', -amount_minor),
        (0, 2, 'capture', 'customer_credit:' || customer_id, amount_minor),
        (1, 1, 'fee', 'provider_clearing:{PROVIDER}', fee_minor),
        (1, 2, 'fee', 'fees:{PROVIDER}', -fee_minor)) AS entry (place, leg, effect, account, minor)
"""

STATEMENT = f"""
    INSERT INTO sms_transactions (id, reference, client_id, customer_id, currency, kind,
        amount_minor, balance_after_minor, customer_version, payment_log_id, movement_id,
        created_at)
    OVERRIDING SYSTEM VALUE
    SELECT number + %(line_shift)s::bigint, reference || ':capture:' || object_id, 'payratchet',
           lines.customer_id, '{CURRENCY}', 'top_up', amount_minor,
           coalesce(before.balance_minor, 0) + so_far_minor, coalesce(before.version, 0) + line,
           payment_id, 2 * number + %(movement_shift)s::bigint, {AT}
    FROM (SELECT *, sum(amount_minor) OVER so_far AS so_far_minor, row_number() OVER so_far AS line
          FROM ({GENERATED} OFFSET 0) payments
          WINDOW so_far AS (PARTITION BY customer_id ORDER BY number ROWS UNBOUNDED PRECEDING)
         ) lines
    LEFT JOIN customer_balances before
        ON before.customer_id = lines.customer_id AND before.currency = '{CURRENCY}'
    ORDER BY number
"""
"""Comes before `BALANCES`: it goes on from where the customers stood before the chunk."""

BALANCES = f"""
    INSERT INTO customer_balances AS before (customer_id, currency, balance_minor, version,
                                             updated_at)
    SELECT customer_id, '{CURRENCY}', sum(amount_minor), count(*),
           {time(f"max(received_us) + {APPLIED_AFTER_US}")}
    FROM ({GENERATED} OFFSET 0) payments GROUP BY customer_id ORDER BY customer_id
    ON CONFLICT (customer_id, currency) DO UPDATE
    SET balance_minor = before.balance_minor + excluded.balance_minor,
        version = before.version + excluded.version,
        updated_at = excluded.updated_at
"""

LANES = (
    Lane(
        (EVENTS, KEYS, PAYMENTS),
        ("inbound_events", "inbound_dedup", "payment_logs", "payment_transitions"),
    ),
    Lane(
        (FACTS, ALIASES, ENTRIES, STATEMENT, BALANCES),
        (
            "payment_facts",
            "provider_references",
            "ledger_entries",
            "sms_transactions",
            "customer_balances",
        ),
    ),
)
"""What two connections do at the same time. A table is filled by one of them alone, so that its
indexes grow at their right edge, as they do when payments come one after the other."""
