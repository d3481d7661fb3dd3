"""Credit and refunds: what customers have is what was booked, less what was spent and is held."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from tests.demo.proof.api import IS_THE_SHOPS, captures_of
from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.demo.proof.evidence import Evidence

    Owner = tuple[str, str]
    """A customer and a currency."""

_REFUNDS = """
    SELECT r.reference, p.reference AS payment, r.amount_minor, r.currency, r.status,
           coalesce((SELECT sum(amount_minor) FROM ledger_entries e
                     WHERE e.account = 'refunds_held' AND e.object_id = r.reference), 0)::bigint
               AS held_minor
    FROM refunds r JOIN payment_logs p ON p.id = r.payment_id
"""
_STRANGE_HOLDS = """
    SELECT object_id, sum(amount_minor)::bigint AS minor FROM ledger_entries
    WHERE account = 'refunds_held' AND object_id NOT IN (SELECT reference FROM refunds)
    GROUP BY object_id
"""
_REFUNDED = """
    SELECT p.reference, p.captured_minor,
           coalesce(sum(r.amount_minor) FILTER (WHERE r.status <> 'failed'), 0)::bigint
               AS asked_minor
    FROM refunds r JOIN payment_logs p ON p.id = r.payment_id
    GROUP BY p.reference, p.captured_minor
"""
_DEBITS = f"""
    SELECT reference, customer_id, -amount_minor AS amount_minor, currency
    FROM sms_transactions WHERE kind = 'sms_debit' AND {IS_THE_SHOPS}
"""
_BALANCES = "SELECT customer_id, currency, balance_minor FROM customer_balances"
_OPEN = ("requested", "sent")


def refunds_stay_within_captures(evidence: Evidence) -> Invariant:
    """By what was asked here, and by what went back there."""
    rows = evidence.rows(_REFUNDED)
    problems = [
        f"{row['reference']}: {row['asked_minor']} of {row['captured_minor']} is to be refunded"
        for row in rows
        if row["asked_minor"] > row["captured_minor"]
    ]
    problems += [
        f"{capture.sale.reference}: the provider gave back more than it took"
        for capture in evidence.taken.captures
        if capture.left_minor < 0
    ]
    return invariant("no refund goes beyond its capture", len(rows), problems)


def refunds_are_as_booked(evidence: Evidence) -> Invariant:
    """Each acknowledged refund was made once, and ended here as it ended there."""
    there = {
        reference: sorted((r.amount_minor, str(r.status)) for c in captures for r in c.refunds)
        for reference, captures in captures_of(evidence).items()
    }
    here: dict[str, list[tuple[int, str]]] = defaultdict(list)
    rows = evidence.rows(_REFUNDS)
    for row in rows:
        here[row["payment"]].append((row["amount_minor"], row["status"]))
    problems = [
        f"{reference}: here {sorted(here[reference])}, booked {there.get(reference)}"
        for reference in here.keys() | there.keys()
        if sorted(here[reference]) != there.get(reference, [])
    ]
    kept = {r["reference"]: (r["payment"], r["amount_minor"], r["currency"]) for r in rows}
    told = evidence.shop.refunds
    problems += [
        f"refund {reference}: told {told.get(reference)}, kept {kept.get(reference)}"
        for reference in kept.keys() | told.keys()
        if kept.get(reference) != told.get(reference)
    ]
    return invariant("every refund was made once, and ended as booked", len(rows), problems)


def holds_are_open_refunds(evidence: Evidence) -> Invariant:
    """Credit is held for a refund as long as it is open, and not a moment longer."""
    rows = evidence.rows(_REFUNDS)
    problems = [
        f"{row['held_minor']} is held for {row['reference']}, which is {row['status']}"
        for row in rows
        if row["held_minor"] != (row["amount_minor"] if row["status"] in _OPEN else 0)
    ]
    problems += [
        f"{row['minor']} is held for {row['object_id']}, which is no refund"
        for row in evidence.rows(_STRANGE_HOLDS)
    ]
    return invariant("credit is held for open refunds only", len(rows), problems)


def credit_is_booked_less_spent(evidence: Evidence) -> Invariant:
    """What the provider took less what went back, was spent and is held, customer by customer."""
    due = _booked(evidence)
    due.subtract(_spent(evidence))
    due.subtract(_held(evidence))
    customers = {order.customer_id for order in evidence.shop.payments.values()}
    ours = {
        (row["customer_id"], row["currency"]): row["balance_minor"]
        for row in evidence.rows(_BALANCES)
        if row["customer_id"] in customers
    }
    problems = [
        f"{' '.join(owner)} has {ours.get(owner, 0)}, due are {due[owner]}"
        for owner in due.keys() | ours.keys()
        if ours.get(owner, 0) != due[owner]
    ]
    name = "customers' credit is what was booked less what is spent and held"
    return invariant(name, len(due), problems)


def _booked(evidence: Evidence) -> Counter[Owner]:
    booked: Counter[Owner] = Counter()
    for reference, captures in captures_of(evidence).items():
        order = evidence.shop.payments.get(reference)
        for capture in captures:
            customer_id = order.customer_id if order else "nobody"
            booked[customer_id, capture.currency] += capture.amount_minor - capture.refunded_minor
    return booked


def _spent(evidence: Evidence) -> Counter[Owner]:
    spent: Counter[Owner] = Counter()
    for reference, (customer_id, amount_minor, currency) in evidence.shop.debits.items():
        if reference not in evidence.shop.reversed:
            spent[customer_id, currency] += amount_minor
    return spent


def _held(evidence: Evidence) -> Counter[Owner]:
    held: Counter[Owner] = Counter()
    for row in evidence.rows(_REFUNDS):
        order = evidence.shop.payments.get(row["payment"])
        if order is not None and row["status"] in _OPEN:
            held[order.customer_id, row["currency"]] += row["amount_minor"]
    return held


def every_debit_is_acknowledged(evidence: Evidence) -> Invariant:
    """Credit is spent as the shop was told, and once."""
    kept = {
        row["reference"]: (row["customer_id"], row["amount_minor"], row["currency"])
        for row in evidence.rows(_DEBITS)
    }
    told = evidence.shop.debits
    problems = [
        f"debit {reference}: told {told.get(reference)}, kept {kept.get(reference)}"
        for reference in kept.keys() | told.keys()
        if kept.get(reference) != told.get(reference)
    ]
    return invariant("every debit is one that the shop was told of", len(told), problems)


CHECKS = (
    refunds_stay_within_captures,
    refunds_are_as_booked,
    holds_are_open_refunds,
    credit_is_booked_less_spent,
    every_debit_is_acknowledged,
)
