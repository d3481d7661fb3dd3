"""The money: our ledger by itself, and our ledger against the provider's own books."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.demo.proof.invariant import Invariant, invariant
from tests.simulator.books import Sums

if TYPE_CHECKING:
    from tests.demo.proof.evidence import Evidence, Row

_MOVEMENTS = """
    SELECT movement_id, currency, sum(amount_minor) AS sum_minor FROM ledger_entries
    GROUP BY movement_id, currency
"""
_BALANCES = """
    WITH ledger AS (
        SELECT substr(account, length('customer_credit:') + 1) AS customer_id, currency,
               sum(amount_minor) AS minor
        FROM ledger_entries WHERE account LIKE 'customer\\_credit:%' GROUP BY 1, 2
    ), statement AS (
        SELECT DISTINCT ON (customer_id, currency) customer_id, currency,
               balance_after_minor AS minor, customer_version
        FROM sms_transactions ORDER BY customer_id, currency, customer_version DESC
    )
    SELECT customer_id, currency, b.balance_minor, l.minor AS ledger_minor,
           s.minor AS statement_minor, b.version, s.customer_version
    FROM customer_balances b
    FULL JOIN ledger l USING (customer_id, currency)
    FULL JOIN statement s USING (customer_id, currency)
"""
_STATEMENT = """
    SELECT customer_id, currency, customer_version, amount_minor, balance_after_minor
    FROM sms_transactions ORDER BY customer_id, currency, customer_version
"""
_BY_PAYMENT = """
    SELECT p.reference, e.currency, replace(e.effect, '_adjustment', '') AS effect,
           sum(e.amount_minor) AS minor
    FROM ledger_entries e JOIN payment_logs p ON p.id = e.payment_id
    WHERE e.account LIKE 'provider\\_clearing:%' GROUP BY 1, 2, 3
"""
_HOUSE = """
    SELECT account, currency, sum(amount_minor) AS minor FROM ledger_entries
    WHERE account NOT LIKE 'customer\\_credit:%' GROUP BY 1, 2
"""
_CREDITED = """
    SELECT p.reference, p.currency, p.amount_minor,
        (SELECT count(*) FROM sms_transactions s
         WHERE s.payment_log_id = p.id AND s.kind = 'top_up') AS top_ups,
        (SELECT coalesce(sum(e.amount_minor), 0) FROM ledger_entries e
         WHERE e.payment_id = p.id AND e.account LIKE 'customer\\_credit:%'
           AND e.effect IN ('capture', 'capture_adjustment')) AS credited_minor
    FROM payment_logs p
"""

_ROWS = "SELECT reference, currency, captured_minor, refunded_minor FROM payment_logs"


def movements_sum_to_zero(evidence: Evidence) -> Invariant:
    """Double entry: nothing comes from nowhere."""
    rows = evidence.rows(_MOVEMENTS)
    problems = [
        f"movement {row['movement_id']} sums to {row['sum_minor']} {row['currency']}"
        for row in rows
        if row["sum_minor"]
    ]
    return invariant("every movement sums to zero in its currency", len(rows), problems)


def balances_are_the_ledger(evidence: Evidence) -> Invariant:
    """A balance, the sum of its entries and the last line of the statement are one number."""
    rows = evidence.rows(_BALANCES)
    problems = [
        f"{row['customer_id']} {row['currency']}: balance {row['balance_minor']}, ledger "
        f"{row['ledger_minor']}, statement {row['statement_minor']}"
        for row in rows
        if len({row["balance_minor"], row["ledger_minor"], row["statement_minor"]}) > 1
        or row["version"] != row["customer_version"]
    ]
    name = "each customer's balance is the sum of the ledger and the end of the statement"
    return invariant(name, len(rows), problems)


def statements_have_no_gap(evidence: Evidence) -> Invariant:
    """Each line begins where the one before it ended."""
    lines: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    problems = []
    rows = evidence.rows(_STATEMENT)
    for row in rows:
        owner = (row["customer_id"], row["currency"])
        version, balance_minor = lines[owner]
        expected = (version + 1, balance_minor + row["amount_minor"])
        lines[owner] = (row["customer_version"], row["balance_after_minor"])
        if lines[owner] != expected:
            problems.append(f"{owner}: line {lines[owner]}, expected {expected}")
    return invariant("each statement is one chain without a gap", len(rows), problems)


def double_credits(evidence: Evidence) -> list[str]:
    """Return payments that credited a customer twice, or with more than the provider took."""
    booked = evidence.books.by_payment()
    return [
        f"{row['reference']}: {row['top_ups']} top-ups, {row['credited_minor']} credited"
        for row in evidence.rows(_CREDITED)
        if row["top_ups"] > 1
        or row["credited_minor"] > row["amount_minor"]
        or row["credited_minor"] > booked.get((row["reference"], row["currency"]), Sums()).captured
    ]


def nobody_is_credited_twice(evidence: Evidence) -> Invariant:
    """By our ledger, and by the provider's books."""
    checked = len(evidence.rows("SELECT id FROM payment_logs"))
    return invariant("no payment credits its customer twice", checked, double_credits(evidence))


def payments_are_as_booked(evidence: Evidence) -> Invariant:
    """Captured, refunded, charged back and fees of each payment are the provider's own figures."""
    ours: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for row in evidence.rows(_BY_PAYMENT):
        _count(ours[row["reference"], row["currency"]], row["effect"], int(row["minor"]))
    announced = evidence.announced
    booked = {key: sums for key, sums in evidence.books.by_payment().items() if key[0] in announced}
    keys = ours.keys() | booked.keys()
    problems = [
        f"{' '.join(key)}: we have {ours.get(key)}, the provider {booked.get(key)}"
        for key in keys
        if ours.get(key) != booked.get(key)
    ]
    return invariant("each payment's money is what the provider booked", len(keys), problems)


def houses_are_as_booked(evidence: Evidence) -> Invariant:
    """What each provider still holds for us, and has kept, is what its books say."""
    ours = {(row["account"], row["currency"]): int(row["minor"]) for row in evidence.rows(_HOUSE)}
    books = evidence.books
    problems = []
    booked = books.by_provider(without_fees_of=evidence.never_announced)
    for (provider, currency), sums in booked.items():
        clearing = ours.get((f"provider_clearing:{provider}", currency), 0)
        fees = ours.get((f"fees:{provider}", currency), 0)
        if (clearing, fees) != (-sums.held, -sums.fees):
            problems.append(
                f"{provider} {currency}: clearing {clearing} and fees {fees}, booked {sums}"
            )
    return invariant("house accounts are what the provider's books say", len(booked), problems)


def rows_are_as_booked(evidence: Evidence) -> Invariant:
    """What a payment's own row shows, in its own currency."""
    booked = evidence.books.by_payment()

    def is_as_booked(row: Row) -> bool:
        sums = booked.get((row["reference"], row["currency"]), Sums())
        return (row["captured_minor"], row["refunded_minor"]) == (sums.captured, sums.refunded)

    rows = evidence.rows(_ROWS)
    problems = [
        f"{row['reference']}: captured {row['captured_minor']}, refunded {row['refunded_minor']}"
        for row in rows
        if not is_as_booked(row)
    ]
    name = "captured and refunded on each payment are the provider's figures"
    return invariant(name, len(rows), problems)


def _count(sums: Sums, effect: str, clearing_minor: int) -> None:
    if effect == "capture":
        sums.captured -= clearing_minor
    elif effect in ("refund", "refund_total"):
        sums.refunded += clearing_minor
    elif effect == "chargeback":
        sums.charged_back += clearing_minor
    elif effect == "fee":
        sums.fees += clearing_minor


CHECKS = (
    movements_sum_to_zero,
    balances_are_the_ledger,
    statements_have_no_gap,
    nobody_is_credited_twice,
    payments_are_as_booked,
    rows_are_as_booked,
    houses_are_as_booked,
)
