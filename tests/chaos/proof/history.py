"""The history: nothing is applied twice, every step is legal, versions and hashes are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.transitions import LEGAL
from tests.chaos.proof.evidence import NAMED_MAX
from tests.demo.proof.invariant import Invariant, invariant

if TYPE_CHECKING:
    from tests.chaos.proof.evidence import Evidence

_TWICE = {
    "event {0} was applied {1} times": """
        SELECT event_id::text AS what, count(DISTINCT at) AS n FROM payment_transitions
        WHERE event_id IS NOT NULL AND starts_with(actor, 'provider:')
        GROUP BY event_id, payment_id HAVING count(DISTINCT at) > 1
    """,
    "effect {0} is {1} times in the ledger": """
        SELECT concat_ws(' ', payment_id, effect, object_id, leg) AS what, count(*) AS n
        FROM ledger_entries GROUP BY payment_id, effect, object_id, leg HAVING count(*) > 1
    """,
    "fact {0} is known {1} times": """
        SELECT concat_ws(' ', payment_id, kind, object_id, status) AS what, count(*) AS n
        FROM payment_facts
        GROUP BY payment_id, kind, object_id, status, amount_minor, currency, capture_id
        HAVING count(*) > 1
    """,
    "payment {0} was topped up {1} times": """
        SELECT payment_log_id::text AS what, count(*) AS n FROM sms_transactions
        WHERE kind = 'top_up' GROUP BY payment_log_id HAVING count(*) > 1
    """,
    "event {0} moved {1} payments": """
        SELECT event_id::text AS what, count(DISTINCT payment_id) AS n FROM payment_transitions
        WHERE event_id IS NOT NULL GROUP BY event_id HAVING count(DISTINCT payment_id) > 1
    """,
}
"""What must be there once: the sentence about what is not, and how to find it.

A command of a service takes one step when it is asked and one when the provider has answered; only
the second is the provider's.
"""

_STEPS_TAKEN = """
    SELECT from_state, event, to_state, count(*) AS n, min(payment_id) AS payment_id
    FROM payment_transitions GROUP BY 1, 2, 3
"""
_STEPS = "SELECT count(*) FROM payment_transitions"
_PAYMENTS = "SELECT count(*) FROM payment_logs"
_GAPS = f"""
    SELECT payment_id, version, from_state, before FROM (
        SELECT payment_id, version, from_state,
               lag(to_state, 1, 'pending') OVER each AS before,
               lag(version, 1, 0) OVER each AS version_before
        FROM payment_transitions WINDOW each AS (PARTITION BY payment_id ORDER BY version)) s
    WHERE version <> version_before + 1 OR from_state <> before LIMIT {NAMED_MAX}
"""
_APART = f"""
    SELECT p.reference, p.state, p.lock_version FROM payment_logs p
    LEFT JOIN payment_transitions t ON t.payment_id = p.id AND t.version = p.lock_version
    WHERE (p.lock_version > 0 AND t.to_state IS DISTINCT FROM p.state)
       OR (p.lock_version = 0 AND p.state <> 'pending')
       OR EXISTS (SELECT FROM payment_transitions l
                  WHERE l.payment_id = p.id AND l.version > p.lock_version)
    LIMIT {NAMED_MAX}
"""


def nothing_is_applied_twice(evidence: Evidence) -> Invariant:
    """By audit and by ledger, per event and leg."""
    problems = [
        sentence.format(row["what"], row["n"])
        for sentence, query in _TWICE.items()
        for row in evidence.rows(f"{query} LIMIT {NAMED_MAX}")
    ]
    return invariant("nothing is applied twice", evidence.count(_STEPS), problems)


def doubled(evidence: Evidence) -> int:
    """Count what was applied twice."""
    return sum(evidence.count(f"SELECT count(*) FROM ({query}) AS t") for query in _TWICE.values())


def every_step_ever_taken_is_legal(evidence: Evidence) -> Invariant:
    """By the domain's own table, over the whole history, not only where payments ended."""
    legal = {(str(edge.from_state), str(edge.event), str(edge.to_state)) for edge in LEGAL}
    problems = [
        f"{row['from_state']} {row['event']} {row['to_state']}, {row['n']} times, as payment "
        f"{row['payment_id']} has it"
        for row in evidence.rows(_STEPS_TAKEN)
        if (row["from_state"], row["event"], row["to_state"]) not in legal
    ]
    name = "no illegal transition was ever persisted"
    return invariant(name, evidence.count(_STEPS), problems)


def versions_have_no_gap(evidence: Evidence) -> Invariant:
    """Each step begins where the one before it ended; the payment stands at the last."""
    problems = [
        f"payment {row['payment_id']} version {row['version']} begins in {row['from_state']}, "
        f"not in {row['before']}, or misses the one before"
        for row in evidence.rows(_GAPS)
    ]
    problems += [
        f"{row['reference']} is {row['state']} at {row['lock_version']}, its history ends elsewhere"
        for row in evidence.rows(_APART)
    ]
    name = "versions have no gap, and each step begins where the last one ended"
    return invariant(name, evidence.count(_PAYMENTS), problems)


def the_audit_is_whole(evidence: Evidence) -> Invariant:
    """`payratchet audit verify`: every hash, sum and fold recomputed by the operator's command."""
    audit = evidence.audit
    problems = [str(problem) for problem in audit.get("problems", ())]
    if not audit.get("ok") and not problems:
        problems = [str(audit.get("error", "it is not content"))]
    return invariant("`payratchet audit verify` agrees", int(audit.get("checked", 0)), problems)


CHECKS = (
    nothing_is_applied_twice,
    every_step_ever_taken_is_legal,
    versions_have_no_gap,
    the_audit_is_whole,
)
