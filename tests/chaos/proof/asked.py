"""The API: what services were told is kept, a key has one answer, a call has one effect."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.chaos.proof.evidence import Evidence

_PAYMENTS = """
    SELECT reference, customer_id, amount_minor, currency FROM payment_logs
    WHERE reference = ANY(%s)
"""
_REFUNDS = """
    SELECT r.reference, p.reference AS payment, r.amount_minor, r.status
    FROM refunds r JOIN payment_logs p ON p.id = r.payment_id
"""
_DEBITS = """
    SELECT s.reference, s.customer_id, -s.amount_minor AS amount_minor, s.currency,
           EXISTS (SELECT FROM sms_transactions v WHERE v.reverses_id = s.id) AS is_reversed
    FROM sms_transactions s WHERE s.kind = 'sms_debit'
"""
_KEYS = """
    SELECT count(*) AS n, count(*) FILTER (WHERE status IS NULL OR body IS NULL) AS unanswered,
           count(*) FILTER (WHERE status >= 500) AS failed
    FROM idempotency_keys
"""
_CALLS = """
    SELECT debt, count(*) AS calls, max(fence) AS last,
           count(*) FILTER (WHERE ended_at IS NULL) AS live
    FROM provider_calls GROUP BY debt
"""
_REFUSED = """
    SELECT p.reference, max(c.message) FILTER (WHERE c.outcome = 'refused') AS message
    FROM provider_calls c JOIN payment_logs p ON p.id = c.payment_id
    WHERE c.kind = 'initialize' AND c.outcome <> 'not_sent' GROUP BY p.reference
    HAVING bool_and(c.outcome = 'refused' AND c.error_class IS DISTINCT FROM 'ReferenceTaken')
"""
"""Payments whose every call to open them was refused. A repeat of one in doubt may well be."""

MADE_ONCE = ("initialize", "refund")
"""Operations that cost somebody money when they are made twice."""

OPEN = frozenset({"requested", "sent"})


def what_was_told_is_kept(evidence: Evidence) -> Invariant:
    """Each acknowledged payment, refund and debit is there as it was asked for, once."""
    asked = evidence.asked
    kept = {
        row["reference"]: (row["customer_id"], row["amount_minor"], row["currency"])
        for row in evidence.rows(_PAYMENTS, list(asked.payments))
    }
    problems = [
        f"{name}: asked {told}, kept {kept.get(name)}"
        for name, told in asked.payments.items()
        if kept.get(name) != told
    ]
    refunds = {row["reference"]: row for row in evidence.rows(_REFUNDS)}
    problems += [
        f"refund {name} of {payment} was acknowledged and is not kept as it was asked"
        for name, (payment, amount_minor) in asked.refunds.items()
        if name not in refunds
        or (refunds[name]["payment"], refunds[name]["amount_minor"]) != (payment, amount_minor)
    ]
    problems += _debits(evidence)
    checked = len(asked.payments) + len(asked.refunds) + len(asked.debits)
    return invariant("what services were told is kept as they asked", checked, problems)


def _debits(evidence: Evidence) -> list[str]:
    """Credit is spent as it was told. What got no answer may be there: it was never told."""
    asked = evidence.asked
    kept = {row["reference"]: row for row in evidence.rows(_DEBITS)}
    problems = []
    for name, debit in asked.debits.items():
        row = kept.get(name)
        if row is None or (row["customer_id"], row["amount_minor"], row["currency"]) != debit:
            problems.append(f"debit {name}: told {tuple(debit)}, kept {row}")
        elif name in asked.reversed and not row["is_reversed"]:
            problems.append(f"debit {name} was given back and is not")
    return problems


def a_key_has_one_answer(evidence: Evidence) -> Invariant:
    """Byte for byte, whenever it was asked again; and never an answer that says nothing."""
    (row,) = evidence.rows(_KEYS)
    problems = list(evidence.asked.same_bytes.problems)
    if row["unanswered"] or row["failed"]:
        problems.append(f"{row['unanswered']} keys are kept unanswered, {row['failed']} with a 5xx")
    checked = evidence.asked.same_bytes.checked if row["n"] else 0
    return invariant("the same key gives the same answer, byte for byte", checked, problems)


def a_key_is_for_one_request(evidence: Evidence) -> Invariant:
    """Another body under the same key is refused with 422, and nothing is done."""
    refused = evidence.asked.other_body_refused
    name = "the same key with another body is refused with 422"
    return invariant(name, refused.checked, refused.problems)


def services_are_answered_as_they_may_expect(evidence: Evidence) -> Invariant:
    """Every final answer is one that the contract has for that request."""
    unexpected = evidence.asked.unexpected
    name = "every service is answered as the contract says"
    return invariant(name, unexpected.checked, unexpected.problems)


def an_intent_has_one_effect(evidence: Evidence) -> Invariant:
    """At the provider, by its own journal and books: whatever was lost, repeated or killed.

    What a provider has done twice though it was asked once is no effect of ours.
    """
    effects = evidence.made.effects
    rows = evidence.rows(_REFUNDS)
    problems = [
        f"{name} was opened {count} times at the provider"
        for (operation, name), count in effects.items()
        if operation == "initialize" and count > 1
    ]
    here: dict[str, Counter[int]] = defaultdict(Counter)
    there: dict[str, Counter[int]] = defaultdict(Counter)
    for row in rows:
        here[row["payment"]][row["amount_minor"]] += 1
    for refund in evidence.made.refunds:
        there[refund.payment][refund.amount_minor] += 1
    problems += [
        f"{name}: refunds {dict(made)} were made at the provider, {dict(here[name])} were asked for"
        for name, made in there.items()
        if _is_more(made, here[name], evidence.made.doubled.get(name, 0))
    ]
    checked = sum(operation in MADE_ONCE for operation, _ in effects)
    return invariant("an intent has one effect at its provider", checked, problems)


def _is_more(made: Counter[int], asked: Counter[int], doubled: int) -> bool:
    """Say whether more was made than was asked for, and than the provider doubled of that."""
    extra = made - asked
    return extra.total() > doubled or not extra.keys() <= asked.keys()


def refunds_end_as_booked(evidence: Evidence) -> Invariant:
    """Each that is settled here ended there, and ended alike."""
    here: dict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
    for row in evidence.rows(_REFUNDS):
        if row["status"] not in OPEN:
            here[row["payment"]][row["amount_minor"], row["status"]] += 1
    there: dict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
    for refund in evidence.made.refunds:
        there[refund.payment][refund.amount_minor, refund.status] += 1
    problems = [
        f"{name}: {dict(ended)} here, {dict(there[name])} there"
        for name, ended in here.items()
        if _succeeded(ended) - _succeeded(there[name])
    ]
    problems += _failed_here_alone(evidence, there)
    checked = sum(map(len, here.values()))
    return invariant("no refund ends here otherwise than at its provider", checked, problems)


def _succeeded(ended: Counter[tuple[int, str]]) -> Counter[int]:
    return Counter({minor: n for (minor, status), n in ended.items() if status == "succeeded"})


def _failed_here_alone(
    evidence: Evidence, there: Mapping[str, Counter[tuple[int, str]]]
) -> list[str]:
    """Name payments whose refunds have failed here, and have succeeded all the same."""
    asked: dict[str, Counter[int]] = defaultdict(Counter)
    standing: dict[str, Counter[int]] = defaultdict(Counter)
    for row in evidence.rows(_REFUNDS):
        asked[row["payment"]][row["amount_minor"]] += 1
        standing[row["payment"]][row["amount_minor"]] += row["status"] != "failed"
    return [
        f"{name}: {dict(_succeeded(ended))} went back, only {dict(standing[name])} has not failed"
        for name, ended in there.items()
        if (_succeeded(ended) & asked[name]) - standing[name]
    ]


def a_refusal_has_no_effect(evidence: Evidence) -> Invariant:
    """No call is taken for refused that had its effect: silence is not an answer."""
    effects = evidence.made.effects
    problems = [
        f"opening {row['reference']} was taken for refused ({row['message']}), and it is open there"
        for row in evidence.rows(_REFUSED)
        if effects.get(("initialize", row["reference"]))
    ]
    checked = evidence.count("SELECT count(*) FROM provider_calls")
    return invariant("no call is taken for refused that had its effect", checked, problems)


def calls_are_made_one_at_a_time(evidence: Evidence) -> Invariant:
    """About one debt, each with the next fence; an end is known of all but the newest."""
    rows = evidence.rows(_CALLS)
    problems = [
        f"{row['debt']}: {row['calls']} calls, the last fence {row['last']}, {row['live']} live"
        for row in rows
        if row["calls"] != row["last"] or row["live"] > 1
    ]
    return invariant("calls about one debt are made one at a time", len(rows), problems)


CHECKS = (
    what_was_told_is_kept,
    a_key_has_one_answer,
    a_key_is_for_one_request,
    services_are_answered_as_they_may_expect,
    an_intent_has_one_effect,
    refunds_end_as_booked,
    a_refusal_has_no_effect,
    calls_are_made_one_at_a_time,
)
