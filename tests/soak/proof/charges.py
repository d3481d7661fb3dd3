"""The charges: the same at the provider and here, none of them twice on either side."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from tests.demo.proof.invariant import Invariant, invariant
from tests.simulator.books import RefundStatus
from tests.soak.proof.evidence import Charge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.soak.proof.evidence import Evidence

_HEARD = """
    SELECT p.reference, f.object_id, f.amount_minor, f.currency
    FROM payment_facts f JOIN payment_logs p ON p.id = f.payment_id WHERE f.kind = 'succeeded'
"""
_CREDITED = """
    SELECT p.reference, e.object_id, e.amount_minor, e.currency
    FROM ledger_entries e JOIN payment_logs p ON p.id = e.payment_id
    WHERE e.effect = 'capture' AND e.account = 'customer_credit:' || p.customer_id
"""
_BALANCES = "SELECT customer_id, currency, balance_minor FROM customer_balances"
_REFUNDED = "SELECT reference, captured_minor, refunded_minor FROM payment_logs"
_REFUNDS = """
    SELECT p.reference, r.reference AS refund, r.amount_minor, r.status
    FROM refunds r JOIN payment_logs p ON p.id = r.payment_id
"""


def every_intent_is_one_transaction(evidence: Evidence) -> Invariant:
    """At the provider: also where the answer was lost and the worker died."""
    there = Counter(sale.reference for sale in evidence.sales())
    problems = [f"{name} was opened {count} times" for name, count in there.items() if count > 1]
    problems += [f"{name} was never opened" for name in evidence.shop.payments.keys() - there]
    problems += [f"{name} is not ours" for name in there.keys() - evidence.shop.payments.keys()]
    name = "every intent is one transaction at the provider"
    return invariant(name, len(evidence.shop.payments), problems)


def both_sides_know_the_same_charges(evidence: Evidence) -> Invariant:
    """By reference, transaction, amount and currency; and each is credited to the customer."""
    there = evidence.charges_there()
    problems = [
        *_different("heard", there, _charges(evidence, _HEARD)),
        *_different("credited", there, _charges(evidence, _CREDITED)),
    ]
    return invariant("provider and ledger have the same set of charges", len(there), problems)


def no_payment_is_charged_twice(evidence: Evidence) -> Invariant:
    """On either side."""
    sides = {
        "charged": evidence.charges_there(),
        "heard of": _charges(evidence, _HEARD),
        "credited": _charges(evidence, _CREDITED),
    }
    problems = [
        f"{reference} was {how} {count} times"
        for how, charges in sides.items()
        for reference, count in Counter(charge.reference for charge in charges).items()
        if count > 1
    ]
    return invariant("no payment is charged twice", len(sides["charged"]), problems)


def every_refund_is_made_once(evidence: Evidence) -> Invariant:
    """What the shop gave back left the provider once, and ended here as it ended there."""
    there: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for capture in evidence.captures():
        for refund in capture.refunds:
            there[capture.sale.reference].append((refund.amount_minor, str(refund.status)))
    ours: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in evidence.rows(_REFUNDS):
        ours[row["reference"]].append((row["amount_minor"], row["status"]))
    asked = {reference: amount for reference, (_, amount) in evidence.shop.refunds.items()}
    problems = [
        f"{name}: asked {asked.get(name)}, there {there.get(name)}, here {ours.get(name)}"
        for name in asked.keys() | there.keys() | ours.keys()
        if name not in asked
        or there.get(name) != ours.get(name)
        or [amount for amount, _ in there.get(name, ())] != [asked[name]]
    ]
    return invariant("every refund is made once and ends alike", len(asked), problems)


def credit_is_what_the_provider_holds(evidence: Evidence) -> Invariant:
    """Captured less refunded, customer by customer; and the same on each payment."""
    credit: Counter[tuple[str, str]] = Counter()
    sums: dict[str, tuple[int, int]] = {}
    for capture in evidence.captures():
        reference = capture.sale.reference
        intent = evidence.shop.payments.get(reference)
        refunded = sum(
            refund.amount_minor
            for refund in capture.refunds
            if refund.status is RefundStatus.SUCCEEDED
        )
        sums[reference] = (capture.amount_minor, refunded)
        if intent is not None:
            credit[intent.customer_id, capture.currency] += capture.amount_minor - refunded
    ours = {
        (row["customer_id"], row["currency"]): row["balance_minor"]
        for row in evidence.rows(_BALANCES)
    }
    problems = [
        f"{' '.join(owner)} has {ours.get(owner, 0)}, the provider {credit.get(owner, 0)}"
        for owner in credit.keys() | ours.keys()
        if credit.get(owner, 0) != ours.get(owner, 0)
    ]
    problems += [
        f"{row['reference']}: captured {row['captured_minor']}, refunded {row['refunded_minor']}"
        for row in evidence.rows(_REFUNDED)
        if (row["captured_minor"], row["refunded_minor"]) != sums.get(row["reference"], (0, 0))
    ]
    name = "each customer's credit is what the provider captured less what it refunded"
    return invariant(name, len(credit), problems)


def _charges(evidence: Evidence, query: str) -> list[Charge]:
    return [Charge(*row.values()) for row in evidence.rows(query)]


def _different(how: str, there: Iterable[Charge], here: Iterable[Charge]) -> list[str]:
    taken, known = set(there), set(here)
    return [
        *(f"{tuple(charge)} was charged and not {how}" for charge in taken - known),
        *(f"{tuple(charge)} was {how} and not charged" for charge in known - taken),
    ]


CHECKS = (
    every_intent_is_one_transaction,
    both_sides_know_the_same_charges,
    no_payment_is_charged_twice,
    every_refund_is_made_once,
    credit_is_what_the_provider_holds,
)
