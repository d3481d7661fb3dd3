"""What the shop asked for: each acknowledgement is a payment, and each key has one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.soak.proof.evidence import Evidence

_PAYMENTS = "SELECT reference, customer_id, amount_minor, currency FROM payment_logs"
_KEYS = """
    SELECT count(*) AS n, count(*) FILTER (WHERE status IS NULL) AS unanswered
    FROM idempotency_keys WHERE route = '/v1/payments'
"""


def every_acknowledgement_is_a_payment(evidence: Evidence) -> Invariant:
    """As it was asked for; and nothing else became one."""
    there = {
        row["reference"]: (row["customer_id"], row["amount_minor"], row["currency"])
        for row in evidence.rows(_PAYMENTS)
    }
    asked = {
        reference: (intent.customer_id, intent.amount_minor, intent.currency)
        for reference, intent in evidence.shop.payments.items()
    }
    problems = [
        f"{reference}: asked {asked.get(reference)}, kept {there.get(reference)}"
        for reference in asked.keys() | there.keys()
        if asked.get(reference) != there.get(reference)
    ]
    name = "every acknowledged request is one payment, and nothing else is"
    return invariant(name, len(asked), problems)


def every_key_is_one_payment(evidence: Evidence) -> Invariant:
    """However often a request was repeated, its key is there once, with its answer."""
    (row,) = evidence.rows(_KEYS)
    asked = len({intent.key for intent in evidence.shop.payments.values()})
    problems = []
    if row["n"] != asked or row["unanswered"]:
        problems.append(f"{asked} keys were used; {row['n']} are kept, {row['unanswered']} open")
    return invariant("every Idempotency-Key is one request with its answer", asked, problems)


def repeats_are_answered_alike(evidence: Evidence) -> Invariant:
    """Byte for byte, also when the first answer was lost with its process."""
    shop = evidence.shop
    name = "a repeated request gets the first answer byte for byte"
    return invariant(name, shop.repeats, shop.differing)


CHECKS = (
    every_acknowledgement_is_a_payment,
    every_key_is_one_payment,
    repeats_are_answered_alike,
)
