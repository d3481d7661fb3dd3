"""The ledger: it is even, balances are its sums, and nothing is given back twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.proof.evidence import NAMED_MAX
from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.chaos.proof.evidence import Evidence

REQUEST_S_MAX = 2
"""How long a request for a refund may take: others may fail meanwhile, and make room for it."""

_UNEVEN = f"""
    SELECT movement_id, currency, sum(amount_minor) AS minor FROM ledger_entries
    GROUP BY 1, 2 HAVING sum(amount_minor) <> 0 LIMIT {NAMED_MAX}
"""
_UNBALANCED = f"""
    WITH ledger AS (
        SELECT substr(account, length('customer_credit:') + 1) AS customer_id, currency,
               sum(amount_minor) AS minor
        FROM ledger_entries WHERE starts_with(account, 'customer_credit:') GROUP BY 1, 2
    )
    SELECT customer_id, currency, b.balance_minor, l.minor AS ledger_minor
    FROM customer_balances b FULL JOIN ledger l USING (customer_id, currency)
    WHERE coalesce(b.balance_minor, 0) <> coalesce(l.minor, 0) LIMIT {NAMED_MAX}
"""
_REFUNDED = f"""
    SELECT p.reference, p.captured_minor, sum(r.amount_minor) AS asked_minor
    FROM refunds r JOIN payment_logs p ON p.id = r.payment_id WHERE r.status <> 'failed'
    GROUP BY 1, 2 HAVING sum(r.amount_minor) > p.captured_minor LIMIT {NAMED_MAX}
"""
_ACCEPTED = f"""
    SELECT p.reference, p.captured_minor, r.reference AS refund, before.minor AS asked_minor
    FROM refunds r JOIN payment_logs p ON p.id = r.payment_id
    CROSS JOIN LATERAL (
        SELECT sum(o.amount_minor) AS minor FROM refunds o
        WHERE o.payment_id = r.payment_id AND o.id <= r.id
          AND (o.id = r.id OR o.status <> 'failed'
               OR o.settled_at > r.created_at + interval '{REQUEST_S_MAX} s')) AS before
    WHERE before.minor > p.captured_minor LIMIT {NAMED_MAX}
"""
"""Refunds that were accepted beyond the capture, whoever refused them later."""

_GIVEN_BACK = f"""
    SELECT reference, currency, captured, refunded + charged_back AS returned FROM chaos_booked
    WHERE refunded + charged_back > captured LIMIT {NAMED_MAX}
"""


def legs_sum_to_zero(evidence: Evidence) -> Invariant:
    """Double entry: nothing comes from nowhere."""
    problems = [
        f"movement {row['movement_id']} sums to {row['minor']} {row['currency']}"
        for row in evidence.rows(_UNEVEN)
    ]
    checked = evidence.count("SELECT count(*) FROM ledger_entries")
    return invariant("the legs of every movement sum to zero", checked, problems)


def balances_are_the_ledger(evidence: Evidence) -> Invariant:
    """At the end, and in every snapshot that was taken in the middle of things."""
    problems = [
        f"{row['customer_id']} has {row['balance_minor']} {row['currency']}, the ledger says "
        f"{row['ledger_minor']}"
        for row in evidence.rows(_UNBALANCED)
    ]
    seen = evidence.seen.snapshots
    problems += seen.problems
    checked = evidence.count("SELECT count(*) FROM customer_balances")
    name = f"balances are the sum of the ledger, also in {seen.checked} snapshots"
    return invariant(name, checked if seen.checked else 0, problems)


def refunds_stay_within_captures(evidence: Evidence) -> Invariant:
    """By what was asked here, by what went back there, and by what the API answered."""
    problems = [
        f"{row['reference']}: {row['asked_minor']} of {row['captured_minor']} is refunded"
        for row in evidence.rows(_REFUNDED)
    ]
    problems += [
        f"{row['reference']}: {row['refund']} was accepted with {row['asked_minor']} asked for in "
        f"all, of {row['captured_minor']}"
        for row in evidence.rows(_ACCEPTED)
    ]
    problems += [
        f"{row['reference']}: {row['returned']} {row['currency']} of {row['captured']} went back"
        for row in evidence.rows(_GIVEN_BACK)
    ]
    problems += evidence.asked.within_capture.problems
    checked = evidence.count("SELECT count(*) FROM refunds") + evidence.count(
        "SELECT count(*) FROM chaos_booked WHERE refunded > 0"
    )
    return invariant("no refund goes beyond its capture", checked, problems)


CHECKS = (legs_sum_to_zero, balances_are_the_ledger, refunds_stay_within_captures)
