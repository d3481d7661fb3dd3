"""The money: per payment, per currency and in sum it is what the providers have in their books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.proof.evidence import NAMED_MAX
from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.chaos.proof.evidence import Evidence

_BY_PAYMENT = f"""
    WITH ours AS (
        SELECT p.reference, e.currency,
            -coalesce(sum(e.amount_minor) FILTER (WHERE e.effect LIKE 'capture%'), 0) AS captured,
            coalesce(sum(e.amount_minor) FILTER (WHERE e.effect LIKE 'refund%'), 0) AS refunded,
            coalesce(sum(e.amount_minor) FILTER (WHERE e.effect LIKE 'chargeback%'), 0)
                AS charged_back,
            coalesce(sum(e.amount_minor) FILTER (WHERE e.effect LIKE 'fee%'), 0) AS fees
        FROM ledger_entries e JOIN payment_logs p ON p.id = e.payment_id
        WHERE starts_with(e.account, 'provider_clearing:') GROUP BY 1, 2
    ), theirs AS (
        SELECT b.* FROM chaos_booked b JOIN payment_logs p USING (reference)
    )
    SELECT reference, currency, o.captured, o.refunded, o.charged_back, o.fees,
           t.captured AS booked, t.refunded AS booked_refunded,
           t.charged_back AS booked_charged_back, t.fees AS booked_fees
    FROM ours o FULL JOIN theirs t USING (reference, currency)
    WHERE (coalesce(o.captured, 0), coalesce(o.refunded, 0), coalesce(o.charged_back, 0),
           coalesce(o.fees, 0))
       <> (coalesce(t.captured, 0), coalesce(t.refunded, 0), coalesce(t.charged_back, 0),
           coalesce(t.fees, 0))
    LIMIT {NAMED_MAX}
"""
_IN_SUM = """
    WITH ours AS (
        SELECT substr(account, strpos(account, ':') + 1) AS provider, currency,
            coalesce(sum(amount_minor) FILTER (WHERE starts_with(account, 'provider_clearing:')), 0)
                AS clearing,
            coalesce(sum(amount_minor) FILTER (WHERE starts_with(account, 'fees:')), 0) AS fees
        FROM ledger_entries
        WHERE starts_with(account, 'provider_clearing:') OR starts_with(account, 'fees:')
        GROUP BY 1, 2
    ), theirs AS (
        SELECT b.provider, b.currency,
            sum(CASE WHEN p.id IS NULL THEN captured ELSE captured - refunded - charged_back END)
                AS taken,
            coalesce(sum(fees) FILTER (WHERE p.id IS NOT NULL), 0) AS fees
        FROM chaos_booked b LEFT JOIN payment_logs p ON p.reference = b.reference
        GROUP BY 1, 2
    )
    SELECT provider, currency, coalesce(o.clearing, 0) AS clearing, coalesce(o.fees, 0) AS fees,
           coalesce(t.taken, 0) AS taken, coalesce(t.fees, 0) AS booked_fees
    FROM ours o FULL JOIN theirs t USING (provider, currency)
"""
_ROWS = f"""
    SELECT p.reference, p.currency, p.captured_minor, p.refunded_minor,
           coalesce(b.captured, 0) AS captured, coalesce(b.refunded, 0) AS refunded
    FROM payment_logs p
    LEFT JOIN chaos_booked b ON b.reference = p.reference AND b.currency = p.currency
    WHERE (p.captured_minor, p.refunded_minor)
       <> (coalesce(b.captured, 0), coalesce(b.refunded, 0))
    LIMIT {NAMED_MAX}
"""
_FINAL = f"""
    SELECT p.reference, p.state, b.currency, b.captured FROM payment_logs p
    JOIN chaos_booked b ON b.reference = p.reference AND b.captured > 0
    WHERE p.state IN ('failed', 'cancelled', 'pending', 'processing') LIMIT {NAMED_MAX}
"""
_WISHED = f"""
    SELECT p.reference, p.state FROM payment_logs p
    WHERE p.state IN ('completed', 'partially_refunded', 'refunded', 'disputed', 'charged_back')
      AND NOT EXISTS (SELECT FROM chaos_booked b
                      WHERE b.reference = p.reference AND b.captured > 0)
    LIMIT {NAMED_MAX}
"""


def each_payment_is_as_booked(evidence: Evidence) -> Invariant:
    """Captured, refunded, charged back and fees, by reference and currency.

    The only check that sees a double credit whose ledger agrees with itself.
    """
    problems = [
        f"{row['reference']} {row['currency']}: here {_four(row, '')}, booked "
        f"{_four(row, 'booked_')}"
        for row in evidence.rows(_BY_PAYMENT)
    ]
    checked = evidence.count("SELECT count(*) FROM chaos_booked")
    return invariant("each payment's money is what its provider booked", checked, problems)


def _four(row: dict[str, object], booked: str) -> str:
    first = "booked" if booked else "captured"
    names = (first, f"{booked}refunded", f"{booked}charged_back", f"{booked}fees")
    return "/".join(str(row[name] or 0) for name in names)


def the_sums_are_as_booked(evidence: Evidence) -> Invariant:
    """What each provider holds for us and has kept, in each currency.

    Money for a payment that nobody announced is held until somebody does; what becomes of it at the
    provider meanwhile waits in dead letters.
    """
    rows = evidence.rows(_IN_SUM)
    problems = [
        f"{row['provider']} {row['currency']}: clearing {row['clearing']} and fees {row['fees']}, "
        f"booked {row['taken']} less {row['booked_fees']}"
        for row in rows
        if (row["clearing"], row["fees"])
        != (row["booked_fees"] - row["taken"], -row["booked_fees"])
    ]
    name = "the sums by provider and currency are what the providers' books say"
    return invariant(name, len(rows), problems)


def each_row_is_as_booked(evidence: Evidence) -> Invariant:
    """What a payment's own row shows, in its own currency."""
    problems = [
        f"{row['reference']}: shows {row['captured_minor']} captured, {row['refunded_minor']} "
        f"refunded; booked {row['captured']}, {row['refunded']}"
        for row in evidence.rows(_ROWS)
    ]
    checked = evidence.count("SELECT count(*) FROM payment_logs")
    return invariant("captured and refunded on each payment are as booked", checked, problems)


def an_unknown_is_never_final(evidence: Evidence) -> Invariant:
    """No payment has failed, or still waits, whose money the provider has; nor the reverse."""
    problems = [
        f"{row['reference']} is {row['state']}, and the provider has {row['captured']} "
        f"{row['currency']}"
        for row in evidence.rows(_FINAL)
    ]
    problems += [
        f"{row['reference']} is {row['state']}, and the provider has nothing"
        for row in evidence.rows(_WISHED)
    ]
    checked = evidence.count("SELECT count(*) FROM payment_logs")
    name = "no payment is final otherwise than its provider's books say"
    return invariant(name, checked, problems)


CHECKS = (
    each_payment_is_as_booked,
    the_sums_are_as_booked,
    each_row_is_as_booked,
    an_unknown_is_never_final,
)
