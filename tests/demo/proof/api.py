"""The API: what the shop was told, what is kept, and what the provider's books say, are one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.demo.proof.evidence import Evidence, Row
    from tests.simulator.books import Capture

CLIENT = "shop"
"""What the operator called the shop's client."""

IS_THE_SHOPS = f"client_id = (SELECT id FROM api_clients WHERE name = '{CLIENT}')"

_PAYMENTS = f"""
    SELECT reference, provider, customer_id, amount_minor, currency, metadata, state
    FROM payment_logs WHERE {IS_THE_SHOPS}
"""
_KEYS = f"SELECT key, status, body FROM idempotency_keys WHERE {IS_THE_SHOPS}"
_COMMANDS = """
    SELECT e.event_key,
           EXISTS (SELECT FROM inbound_work w WHERE w.event_id = e.id) AS is_unfinished,
           (SELECT d.reason FROM dead_letters d WHERE d.event_id = e.id
            AND d.status IN ('open', 'replaying')) AS letter
    FROM inbound_events e WHERE e.source = 'internal'
"""
_DEBTS = """
    SELECT debt, count(*) AS calls, max(fence) AS last,
           count(*) FILTER (WHERE ended_at IS NULL) AS live
    FROM provider_calls GROUP BY debt
"""


def every_acknowledgement_is_a_payment(evidence: Evidence) -> Invariant:
    """As it was asked for; and nothing else is a payment of this client."""
    kept = {row["reference"]: _asked(row) for row in evidence.rows(_PAYMENTS)}
    asked = {
        reference: (o.provider, o.customer_id, o.amount_minor, o.currency, o.metadata)
        for reference, o in evidence.shop.payments.items()
    }
    problems = [
        f"{reference}: asked {asked.get(reference)}, kept {kept.get(reference)}"
        for reference in asked.keys() | kept.keys()
        if asked.get(reference) != kept.get(reference)
    ]
    name = "every acknowledged request is one payment, and nothing else is"
    return invariant(name, len(asked), problems)


def _asked(row: Row) -> tuple[object, ...]:
    names = ("provider", "customer_id", "amount_minor", "currency", "metadata")
    return tuple([row[name] for name in names])


def every_key_has_one_answer(evidence: Evidence) -> Invariant:
    """The one that was given, byte for byte, however often it was given."""
    kept = {row["key"]: (row["status"], bytes(row["body"])) for row in evidence.rows(_KEYS)}
    posts = evidence.shop.posts

    def problems() -> Iterator[str]:
        for post in posts:
            given = {(answer.status, answer.body) for answer in post.answers}
            if given != {kept.get(post.key)}:
                yield f"{post.path}: given {given}, kept {kept.get(post.key)}"
        for key in kept.keys() - {post.key for post in posts}:
            yield f"key {key} is kept, and nobody was answered"

    return invariant("equal keys have equal answers, byte for byte", len(posts), problems())


def every_payment_is_one_sale(evidence: Evidence) -> Invariant:
    """At the provider: also where an answer was lost or a worker died."""
    sales = Counter(sale.reference for sale in evidence.taken.sales.values())
    shop = evidence.shop
    problems = [
        f"{reference} was opened {sales[reference]} times"
        for reference in shop.payments
        if sales[reference] != 1 and (sales[reference] or reference not in shop.given_up)
    ]
    problems += [f"nobody asked for {name}" for name in sales.keys() - shop.payments.keys()]
    return invariant("every intent is one transaction at its provider", len(sales), problems)


def payments_ended_as_booked(evidence: Evidence) -> Invariant:
    """What the shop can read of each payment is what the provider has booked."""
    captures = captures_of(evidence)
    rows = evidence.rows(_PAYMENTS)
    problems = [
        f"{row['reference']} is {row['state']}, booked: {_sums(captures.get(row['reference'], ()))}"
        for row in rows
        if row["state"] not in _ends(*_sums(captures.get(row["reference"], ())))
    ]
    return invariant("the shop's payments ended as the provider booked them", len(rows), problems)


def _sums(captures: Sequence[Capture]) -> tuple[int, int]:
    captured_minor = sum(capture.amount_minor for capture in captures)
    return captured_minor, sum(capture.refunded_minor for capture in captures)


def _ends(captured_minor: int, refunded_minor: int) -> frozenset[str]:
    """Return the states that a payment may end in with so much money."""
    if not captured_minor:
        return frozenset({"failed", "cancelled"})
    if not refunded_minor:
        return frozenset({"completed"})
    is_all = refunded_minor == captured_minor
    return frozenset({"refunded" if is_all else "partially_refunded"})


def every_command_is_performed(evidence: Evidence) -> Invariant:
    """What services and people asked for was done, or proven to be impossible."""
    rows = evidence.rows(_COMMANDS)
    problems = [
        f"{row['event_key']} is {'unfinished' if row['is_unfinished'] else row['letter']}"
        for row in rows
        if row["is_unfinished"] or row["letter"]
    ]
    return invariant("every command has been performed", len(rows), problems)


def every_call_has_ended(evidence: Evidence) -> Invariant:
    """And those about one debt were made one after the other."""
    rows = evidence.rows(_DEBTS)
    problems = [
        f"{row['debt']}: {row['calls']} calls, the last fence {row['last']}, {row['live']} live"
        for row in rows
        if row["live"] or row["calls"] != row["last"]
    ]
    return invariant("every call of a provider has ended, one at a time", len(rows), problems)


def what_was_never_told_is_mended(evidence: Evidence, reconciled: Mapping[str, Any]) -> Invariant:
    """The operator's reconciliation, by what its command reported, found that and nothing else."""
    forgotten = evidence.shop.forgotten
    states = {row["reference"]: row["state"] for row in evidence.rows(_PAYMENTS)}
    problems = [
        f"{reference} is {states.get(reference)}"
        for reference in forgotten
        if states.get(reference) != "completed"
    ]
    counts = tuple(reconciled.get(name) for name in ("missing_here", "mismatched", "mended"))
    if counts != (len(forgotten), 0, len(forgotten)):
        problems.append(f"{len(forgotten)} were never told, the command reports {counts}")
    name = "reconciliation found and mended what was never told"
    return invariant(name, len(forgotten), problems)


def captures_of(evidence: Evidence) -> dict[str, list[Capture]]:
    """Return the provider's captures by the reference that they are for."""
    captures: dict[str, list[Capture]] = {}
    for capture in evidence.taken.captures:
        captures.setdefault(capture.sale.reference, []).append(capture)
    return captures


CHECKS = (
    every_acknowledgement_is_a_payment,
    every_key_has_one_answer,
    every_payment_is_one_sale,
    payments_ended_as_booked,
    every_command_is_performed,
    every_call_has_ended,
)
