"""The statement that finds all that ever happened about one payment; see `domain.timeline`.

One statement, so that what it finds is of one moment. It reads no body but those of our own
commands, and no answer of a provider.
"""

from __future__ import annotations

from domain.commands import INTERNAL
from domain.ledger import CUSTOMER_PREFIX, SUSPENSE

ORDERED_BY = ":(?:refetch|nudge)-([0-9]{1,18})(?:[.][0-9]+)?$"
"""How the key of a question ends that an event has ordered: the id is the event's."""

_PAYMENT = """
    payment AS MATERIALIZED (
        SELECT id, reference, provider, account, provider_reference, amount_minor, currency,
               announced_by, created_at
        FROM payment_logs WHERE reference = %(reference)s
    )"""

_KNOWN = f"""
    heard AS MATERIALIZED (
        SELECT e.id FROM payment p JOIN inbound_events e ON e.reference = p.reference
        WHERE e.source = '{INTERNAL}' OR (e.source = p.provider AND e.account = p.account)
        UNION
        SELECT f.event_id FROM payment p JOIN payment_facts f ON f.payment_id = p.id
        UNION
        SELECT t.event_id FROM payment p JOIN payment_transitions t ON t.payment_id = p.id
        WHERE t.event_id IS NOT NULL
        UNION
        SELECT c.event_id FROM payment p JOIN provider_calls c ON c.payment_id = p.id
        UNION
        SELECT d.event_id FROM payment p JOIN dead_letters d ON d.reference = p.reference
        WHERE d.status = 'open' AND d.source = p.provider AND d.account = p.account
        UNION
        SELECT d.event_id FROM payment p
        JOIN dead_letters d ON d.provider_reference = p.provider_reference
        WHERE d.status = 'open' AND d.source = p.provider AND d.account = p.account
        ORDER BY 1 DESC LIMIT %(limit)s
    ), known AS MATERIALIZED (
        SELECT id FROM heard
        UNION
        SELECT substring(e.event_key FROM '{ORDERED_BY}')::bigint
        FROM heard JOIN inbound_events e USING (id)
        WHERE e.source = '{INTERNAL}' AND e.event_key ~ '{ORDERED_BY}'
        ORDER BY 1 DESC LIMIT %(limit)s
    )"""
"""Events that name the payment, that told facts of it, that moved it or that it was called for; and
those that had the provider asked about it."""

_MOVEMENTS = f"""
    moved AS MATERIALIZED (
        SELECT movement_id, effect, object_id, account, amount_minor, currency, event_id, at
        FROM ledger_entries WHERE payment_id = (SELECT id FROM payment)
        UNION ALL
        SELECT l.movement_id, l.effect, l.object_id, l.account, l.amount_minor, l.currency,
               l.event_id, l.at
        FROM refunds r
        JOIN ledger_entries l ON l.payment_id IS NULL
            AND l.effect IN ('refund_hold', 'refund_release') AND l.object_id = r.reference
        WHERE r.payment_id = (SELECT id FROM payment)
        UNION ALL
        SELECT movement_id, effect, object_id, account, amount_minor, currency, event_id, at
        FROM ledger_entries
        WHERE payment_id IS NULL AND effect = 'write_off'
          AND object_id = (SELECT reference FROM payment)
    ), movement AS (
        SELECT movement_id, effect, object_id, currency, event_id, at,
               coalesce(sum(amount_minor) FILTER (
                   WHERE starts_with(account, '{CUSTOMER_PREFIX}')), 0) AS credit_minor,
               coalesce(sum(amount_minor) FILTER (
                   WHERE account = '{SUSPENSE}'), 0) AS suspense_minor,
               sum(amount_minor) FILTER (WHERE amount_minor > 0) AS moved_minor
        FROM moved GROUP BY 1, 2, 3, 4, 5, 6
        ORDER BY at DESC, movement_id DESC LIMIT %(limit)s
    )"""

_PARTS = f"""
    SELECT 'announced' AS part, created_at AS at, NULL::bigint AS event_id, 0::bigint AS place,
           jsonb_build_object('amount_minor', amount_minor, 'currency', currency,
               'provider', provider, 'account', account, 'actor', announced_by) AS told
    FROM payment
    UNION ALL
    SELECT 'event', e.received_at, e.id, e.id,
           jsonb_build_object('source', e.source, 'key', e.event_key, 'mode', e.mode,
               'command', CASE WHEN e.source = '{INTERNAL}' THEN encode(e.body, 'base64') END,
               'edited', starts_with(e.key_id, 'operator:'),
               'lane', w.lane, 'next_at', w.next_at)
    FROM known JOIN inbound_events e USING (id) LEFT JOIN inbound_work w ON w.event_id = e.id
    UNION ALL
    SELECT * FROM (
        SELECT 'variant', v.received_at, v.event_id, 0::bigint,
               jsonb_build_object('sha256', encode(v.body_sha256, 'hex'))
        FROM known JOIN inbound_variants v ON v.event_id = known.id
        ORDER BY v.received_at DESC LIMIT %(limit)s) AS variants
    UNION ALL
    SELECT * FROM (
        SELECT 'attempt', a.ended_at, a.event_id, a.id,
               jsonb_build_object('number', a.number, 'outcome', a.outcome,
                   'error_class', a.error_class, 'message', a.message, 'replay_id', a.replay_id)
        FROM known JOIN attempts a ON a.event_id = known.id
        ORDER BY a.id DESC LIMIT %(limit)s) AS tries
    UNION ALL
    SELECT * FROM (
        SELECT 'transition', t.at, t.event_id, t.version::bigint,
               jsonb_build_object('from_state', t.from_state, 'event', t.event,
                   'to_state', t.to_state, 'actor', t.actor, 'reason', t.reason,
                   'captured_minor', t.captured_minor, 'refunded_minor', t.refunded_minor,
                   'disputed_minor', t.disputed_minor, 'currency', p.currency)
        FROM payment p JOIN payment_transitions t ON t.payment_id = p.id
        ORDER BY t.version DESC LIMIT %(limit)s) AS steps
    UNION ALL
    SELECT * FROM (
        SELECT 'call', c.started_at, c.event_id, c.id,
               jsonb_build_object('kind', c.kind, 'provider', c.provider, 'outcome', c.outcome,
                   'http_status', c.http_status, 'error_class', c.error_class,
                   'message', c.message, 'elapsed_ms',
                   (extract(epoch FROM c.ended_at - c.started_at) * 1000)::bigint)
        FROM (SELECT c.id FROM payment p JOIN provider_calls c ON c.payment_id = p.id
              UNION
              SELECT c.id FROM known JOIN provider_calls c ON c.event_id = known.id) made
        JOIN provider_calls c USING (id)
        ORDER BY c.id DESC LIMIT %(limit)s) AS calls
    UNION ALL
    SELECT * FROM (
        SELECT asked.part, asked.at, NULL::bigint, r.id,
               jsonb_build_object('reference', r.reference, 'amount_minor', r.amount_minor,
                   'currency', r.currency, 'status', r.status, 'reason', r.reason,
                   'actor', 'client:' || r.client_id)
        FROM payment p JOIN refunds r ON r.payment_id = p.id
        CROSS JOIN LATERAL (VALUES ('refund_asked', r.created_at),
                                   ('refund_settled', r.settled_at)) AS asked(part, at)
        WHERE asked.at IS NOT NULL
        ORDER BY r.id DESC LIMIT %(limit)s) AS refunded
    UNION ALL
    SELECT 'movement', at, event_id, movement_id,
           jsonb_build_object('effect', effect, 'object_id', object_id, 'currency', currency,
               'credit_minor', credit_minor, 'suspense_minor', suspense_minor,
               'moved_minor', moved_minor)
    FROM movement
    UNION ALL
    SELECT * FROM (
        SELECT 'letter_' || a.action, a.at, d.event_id, a.id,
               jsonb_build_object('letter_id', d.id, 'reason', a.reason, 'actor', a.actor,
                   'replay_id', a.replay_id)
        FROM known JOIN dead_letters d ON d.event_id = known.id
        JOIN dead_letter_actions a ON a.dead_letter_id = d.id
        ORDER BY a.id DESC LIMIT %(limit)s) AS letters
"""

_BY_PEOPLE = """
    SELECT * FROM (
        SELECT 'correction', c.at, NULL::bigint, c.version::bigint,
               jsonb_build_object('to_state', c.to_state, 'accepted', c.accepted,
                   'given_back', c.given_back, 'actor', c.actor, 'approved_by', c.approved_by)
        FROM payment p JOIN payment_corrections c ON c.payment_id = p.id
        ORDER BY c.version DESC LIMIT %(limit)s) AS corrections
    UNION ALL
    SELECT * FROM (
        SELECT 'edit', x.at, x.child_event_id, x.child_event_id,
               jsonb_build_object('parent', x.parent_event_id, 'letter_id', x.dead_letter_id,
                   'actor', x.actor, 'approved_by', x.approved_by, 'reason', x.reason)
        FROM known JOIN event_edits x ON x.child_event_id = known.id
        ORDER BY x.child_event_id DESC LIMIT %(limit)s) AS edits
    UNION ALL
    SELECT * FROM (
        SELECT 'event_replayed', o.at, known.id, o.id,
               jsonb_build_object('actor', o.actor, 'reason', o.reason,
                   'replay_id', (o.details ->> 'replay_id')::bigint)
        FROM known JOIN operator_actions o ON o.subject = 'event:' || known.id
        WHERE o.action = 'event_replayed'
        ORDER BY o.id DESC LIMIT %(limit)s) AS again
    UNION ALL
    SELECT * FROM (
        SELECT asked.part, asked.at, NULL::bigint, a.id,
               jsonb_build_object('approval_id', a.id, 'kind', a.kind, 'status', a.status,
                   'amount_minor', a.amount_minor, 'currency', a.currency,
                   'replay_id', CASE WHEN a.kind = 'replay'
                                     THEN split_part(a.subject, ':', 2)::bigint END,
                   'actor', asked.actor, 'reason', asked.reason)
        FROM (SELECT 'payment:' || reference AS subject FROM payment
              UNION ALL
              SELECT 'dead-letter:' || d.id FROM known
              JOIN dead_letters d ON d.event_id = known.id
              UNION
              SELECT 'replay:' || i.replay_id FROM known
              JOIN dead_letters d ON d.event_id = known.id
              JOIN replay_items i ON i.dead_letter_id = d.id) about
        JOIN approvals a USING (subject)
        CROSS JOIN LATERAL (
            VALUES ('approval_asked', a.asked_at, a.asked_by, a.asked_reason),
                   ('approval_decided', a.decided_at, a.decided_by, a.decided_reason)
        ) AS asked(part, at, actor, reason)
        WHERE asked.at IS NOT NULL
        ORDER BY a.id DESC LIMIT %(limit)s) AS questions
"""

TIMELINE = f"""
    WITH {_PAYMENT}, {_KNOWN}, {_MOVEMENTS}
    {_PARTS} UNION ALL {_BY_PEOPLE}
"""
"""All that happened about the payment, in no order: the columns of `domain.timeline.Row`.

Parameters: reference; limit, the newest rows of each kind (`domain.timeline.ROWS_MAX`).
"""
