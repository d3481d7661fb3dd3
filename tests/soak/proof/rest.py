"""At rest: nothing is unknown, nothing is owed, and every call has an end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.soak.proof.evidence import Evidence

KNOWN = frozenset({"completed", "failed", "partially_refunded", "refunded"})
_STATES = "SELECT reference, state, captured_minor FROM payment_logs"
_OWED = """
    SELECT (SELECT count(*) FROM inbound_work) AS "work rows",
           (SELECT count(*) FROM claims) AS claims,
           (SELECT count(*) FROM provider_calls WHERE ended_at IS NULL) AS "live calls",
           (SELECT count(*) FROM refunds WHERE settled_at IS NULL) AS "open refunds",
           (SELECT count(*) FROM waiting_captures) AS "waiting captures",
           (SELECT count(*) FROM dead_letters WHERE status IN ('open', 'replaying'))
               AS "open dead letters",
           (SELECT count(*) FROM verifications v JOIN payment_logs p ON p.id = v.payment_id
            WHERE p.state IN ('pending', 'processing')) AS "payments to be verified",
           (SELECT count(*) FROM (SELECT FROM ledger_entries WHERE account = 'refunds_held'
            GROUP BY currency HAVING sum(amount_minor) <> 0) h) AS "held sums"
"""
_FENCES = """
    SELECT debt, count(*) AS calls, max(fence) AS last,
           count(*) FILTER (WHERE outcome IS NULL) AS live
    FROM provider_calls GROUP BY debt
"""


def nothing_is_unknown(evidence: Evidence) -> Invariant:
    """Every payment has an outcome, and it is money exactly where money arrived."""
    charged = {charge.reference for charge in evidence.charges_there()}
    rows = evidence.rows(_STATES)
    problems = [
        f"{row['reference']} is {row['state']} with {row['captured_minor']} captured"
        for row in rows
        if row["state"] not in KNOWN or (row["state"] == "failed") == (row["reference"] in charged)
    ]
    return invariant("no payment's outcome is unknown or wrong", len(rows), problems)


def nothing_is_owed(evidence: Evidence) -> Invariant:
    """No work, no claim, no live call, no refund between two states, no letter."""
    (row,) = evidence.rows(_OWED)
    problems = [f"{count} {name}" for name, count in row.items() if count]
    return invariant("nothing is owed any more", len(row), problems)


def calls_about_one_debt_are_in_a_row(evidence: Evidence) -> Invariant:
    """Each has the next fence, and all have ended."""
    rows = evidence.rows(_FENCES)
    problems = [
        f"{row['debt']}: {row['calls']} calls, the last fence {row['last']}, {row['live']} live"
        for row in rows
        if row["calls"] != row["last"] or row["live"]
    ]
    return invariant("calls about one debt are numbered without a gap", len(rows), problems)


def no_call_had_its_effect_twice(evidence: Evidence) -> Invariant:
    """By the provider's own journal: what was repeated was looked up, or had the same key."""
    effects = Counter(
        (call.operation, call.about)
        for call in evidence.calls
        if call.effect and not call.replayed and call.operation in ("initialize", "refund")
    )
    problems = [
        f"{operation} of {about} had {count} effects"
        for (operation, about), count in effects.items()
        if count > 1
    ]
    return invariant("no call had its effect twice at the provider", len(effects), problems)


CHECKS = (
    nothing_is_unknown,
    nothing_is_owed,
    calls_about_one_debt_are_in_a_row,
    no_call_had_its_effect_twice,
)
