"""The commands: none is lost on its way, and each that has ended has left what it ended with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.proof.evidence import NAMED_MAX
from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.chaos.proof.evidence import Evidence

ASKABLE = ("paystack", "stripe")
"""Providers that can be asked; a question about a payment of any other ends with nothing."""

_WITHOUT_COMMAND = f"""
    SELECT 'payment' AS what, p.reference FROM payment_logs p
    WHERE p.client_id = %(client)s AND NOT EXISTS (
        SELECT FROM inbound_events e
        WHERE e.source = 'internal' AND e.event_key = 'initialize:' || p.reference)
    UNION ALL
    SELECT 'refund', r.reference FROM refunds r JOIN payment_logs p ON p.id = r.payment_id
    WHERE r.client_id = %(client)s AND NOT EXISTS (
        SELECT FROM inbound_events e
        WHERE e.source = 'internal'
          AND e.event_key = 'refund:' || p.reference || ':' || r.reference)
    LIMIT {NAMED_MAX}
"""
_WITHOUT_END = f"""
    WITH ended AS (
        SELECT e.event_key, split_part(e.event_key, ':', 1) AS kind,
               split_part(e.event_key, ':', 2) AS payment, split_part(e.event_key, ':', 3) AS refund
        FROM inbound_events e
        WHERE e.source = 'internal'
          AND NOT EXISTS (SELECT FROM inbound_work w WHERE w.event_id = e.id)
          AND NOT EXISTS (SELECT FROM provider_calls c WHERE c.event_id = e.id)
          AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.event_id = e.id)
          AND NOT EXISTS (SELECT FROM attempts a WHERE a.event_id = e.id)
          AND NOT EXISTS (SELECT FROM payment_transitions t WHERE t.event_id = e.id)
    )
    SELECT c.event_key, coalesce(p.state, 'unknown') AS state FROM ended c
    LEFT JOIN payment_logs p ON p.reference = c.payment
    LEFT JOIN refunds r ON r.reference = c.refund AND r.payment_id = p.id
    WHERE c.kind IN ('initialize', 'verify', 'refund', 'cancel') AND CASE
        WHEN p.id IS NULL THEN true
        WHEN c.kind = 'refund' THEN r.settled_at IS NULL
        ELSE p.state IN ('pending', 'processing') AND p.provider = ANY(%(askable)s) END
    LIMIT {NAMED_MAX}
"""
"""Commands that are over and have left nothing: no call, letter, attempt or step. That is right
only where there was nothing to do any more, because the payment had come to its end before."""

_COMMANDS = "SELECT count(*) FROM inbound_events WHERE source = 'internal'"


def every_command_comes_to_its_end(evidence: Evidence) -> Invariant:
    """What was asked for has a command; one that is over is done, refused or set aside."""
    named = {"client": evidence.asked.client_id, "askable": list(ASKABLE)}
    problems = [
        f"{row['what']} {row['reference']} has no command"
        for row in evidence.rows_by(_WITHOUT_COMMAND, named)
    ]
    problems += [
        f"{row['event_key']} is over without a trace, and its payment is {row['state']}"
        for row in evidence.rows_by(_WITHOUT_END, named)
    ]
    name = "every command comes to its end, and none without a trace"
    return invariant(name, evidence.count(_COMMANDS), problems)


CHECKS = (every_command_comes_to_its_end,)
