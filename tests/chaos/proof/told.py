"""The told: whatever is kept in a service's name, that service was told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.proof.evidence import NAMED_MAX
from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.chaos.proof.evidence import Evidence

_KEPT = """
    SELECT 'payment' AS what, reference FROM payment_logs WHERE client_id = %(client)s
    UNION ALL
    SELECT 'refund', reference FROM refunds WHERE client_id = %(client)s
    UNION ALL
    SELECT 'debit', reference FROM sms_transactions
    WHERE client_id = %(client)s AND kind = 'sms_debit'
    UNION ALL
    SELECT 'reversal of', d.reference
    FROM sms_transactions s JOIN sms_transactions d ON d.id = s.reverses_id
    WHERE s.client_id = %(client)s AND s.kind = 'sms_reversal'
"""


def what_is_kept_was_told(evidence: Evidence) -> Invariant:
    """No payment, refund, debit or reversal is kept that an answer did not name: not one too many.

    A request that got no answer was asked again under its key until it got one, so that what it did
    at first is what its last answer names. Only said of a run in which everything was answered.
    """
    asked = evidence.asked
    told = {
        "payment": asked.payments.keys(),
        "refund": asked.refunds.keys(),
        "debit": asked.debits.keys(),
        "reversal of": asked.reversed,
    }
    rows = evidence.rows_by(_KEPT, {"client": asked.client_id})
    untold = [
        f"{r['what']} {r['reference']}" for r in rows if r["reference"] not in told[r["what"]]
    ]
    problems = [f"{each} is kept, and nobody was told of it" for each in untold[:NAMED_MAX]]
    name = "nothing is kept for a service that it was not told of"
    return invariant(name, len(rows), problems if asked.is_over else [])


CHECKS = (what_is_kept_was_told,)
