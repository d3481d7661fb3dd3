"""The credit: whose money each capture became, worked out from the books and not by our fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.proof.evidence import NAMED_MAX
from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.chaos.proof.evidence import Evidence

_JUDGED = f"""
    WITH booked AS (
        SELECT p.id, p.amount_minor,
            coalesce(sum(b.captured) FILTER (WHERE b.currency = p.currency), 0) AS captured,
            coalesce(sum(b.refunded + b.charged_back) FILTER (WHERE b.currency = p.currency), 0)
                AS returned,
            coalesce(sum(b.captured) FILTER (WHERE b.currency <> p.currency), 0) AS foreign_minor
        FROM payment_logs p LEFT JOIN chaos_booked b ON b.reference = p.reference GROUP BY p.id
    ), held AS (
        SELECT payment_id, sum(amount_minor) AS minor FROM refunds
        WHERE settled_at IS NULL AND status <> 'failed' GROUP BY payment_id
    ), credited AS (
        SELECT payment_id, account, currency, sum(amount_minor) AS minor FROM ledger_entries
        WHERE starts_with(account, 'customer_credit:') AND payment_id IS NOT NULL GROUP BY 1, 2, 3
    ), judged AS (
        SELECT p.reference, p.state, p.reference = ANY(%(excused)s) AS is_excused,
            b.captured IN (0, b.amount_minor) AND b.foreign_minor = 0 AS is_as_asked,
            coalesce(c.minor, 0) AS credited,
            CASE WHEN b.foreign_minor > 0 THEN 0
                 WHEN b.captured = b.amount_minor
                     THEN b.captured - b.returned - coalesce(h.minor, 0)
                 WHEN b.captured = 2 * b.amount_minor THEN b.amount_minor
                 ELSE 0 END AS due
        FROM payment_logs p JOIN booked b ON b.id = p.id LEFT JOIN held h ON h.payment_id = p.id
        LEFT JOIN credited c ON c.payment_id = p.id AND c.currency = p.currency
                            AND c.account = 'customer_credit:' || p.customer_id
    )
    SELECT * FROM judged
    WHERE (credited <> due AND NOT (is_excused AND state = 'review' AND credited = 0))
       OR (is_as_asked AND state = 'review' AND NOT is_excused)
       OR (NOT is_as_asked AND state <> 'review')
    LIMIT {NAMED_MAX}
"""
"""What came as it was asked for is the customer's, less what went back or is held for a refund.
What came twice is so once; another amount or another money is nobody's. Both wait for a person,
and nothing else does, but what a provider has told untruths about, and money that came although its
payment was to be cancelled.
"""

_OTHERS = f"""
    SELECT p.reference, e.account, e.currency FROM ledger_entries e
    JOIN payment_logs p ON p.id = e.payment_id
    WHERE starts_with(e.account, 'customer_credit:')
      AND (e.account <> 'customer_credit:' || p.customer_id OR e.currency <> p.currency)
    LIMIT {NAMED_MAX}
"""
_NOT_KEPT = f"""
    SELECT b.reference, b.is_announced FROM chaos_booked b
    LEFT JOIN payment_logs p ON p.reference = b.reference
    WHERE (p.id IS NOT NULL) <> b.is_announced LIMIT {NAMED_MAX}
"""


def credit_is_what_was_paid(evidence: Evidence) -> Invariant:
    """Each payment has raised its customer's credit by what is theirs, and by nothing else."""
    excused = evidence.made.lied | evidence.asked.cancelled
    problems = [
        f"{row['reference']} is {row['state']} with {row['credited']} credited, "
        f"{row['due']} are due"
        for row in evidence.rows_by(_JUDGED, {"excused": list(excused)})
    ]
    problems += [
        f"{row['reference']} has raised {row['account']} in {row['currency']}"
        for row in evidence.rows(_OTHERS)
    ]
    checked = evidence.count("SELECT count(*) FROM payment_logs")
    name = "each payment has raised its customer's credit by what is theirs"
    return invariant(name, checked, problems)


def announced_payments_are_kept(evidence: Evidence) -> Invariant:
    """All of which money has come, and none that was never announced."""
    problems = [
        f"{row['reference']} was announced and is not kept"
        if row["is_announced"]
        else f"{row['reference']} is kept and was never announced"
        for row in evidence.rows(_NOT_KEPT)
    ]
    checked = evidence.count("SELECT count(*) FROM chaos_booked")
    return invariant("payments are kept as they were announced", checked, problems)


CHECKS = (credit_is_what_was_paid, announced_payments_are_kept)
