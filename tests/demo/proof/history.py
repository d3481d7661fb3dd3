"""The history: every step legal, every version there, every hash right, every state explained."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from domain import audit
from domain.announcement import Announcement, genesis_fields
from domain.facts import Fact, FactKind, FactStatus
from domain.fold import fold
from domain.money import Money
from domain.payment import Asked
from domain.transitions import LEGAL, Edge, Event, State
from tests.demo.proof.invariant import Invariant, invariant
from workers.history import audit_fields
from workers.store.payments import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.demo.proof.evidence import Evidence, Row

_STEPS = """
    SELECT payment_id, version, from_state, event, to_state, event_id, actor, reason,
           captured_minor, refunded_minor, disputed_minor, at, prev_hash, hash
    FROM payment_transitions ORDER BY payment_id, version
"""
_PAYMENTS = """
    SELECT id, reference, client_id, customer_id, provider, account, amount_minor, currency, state,
           captured_minor, refunded_minor, disputed_minor, cancelled, lock_version, head_hash,
           announced_by
    FROM payment_logs
"""
_FACTS = """
    SELECT payment_id, kind, object_id, status, amount_minor, currency, capture_id
    FROM payment_facts ORDER BY id
"""
_STRAY = """
    SELECT 'step' AS what, event_id FROM payment_transitions WHERE event_id IS NOT NULL
    UNION SELECT 'fact', event_id FROM payment_facts
    UNION SELECT 'entry', event_id FROM ledger_entries WHERE event_id IS NOT NULL
    UNION SELECT 'dead letter', event_id FROM dead_letters
    UNION SELECT 'attempt', event_id FROM attempts
"""
_PAYMENTS_PER_EVENT = """
    SELECT event_id, count(DISTINCT payment_id) AS n FROM payment_transitions
    WHERE event_id IS NOT NULL GROUP BY event_id
"""


def _steps_of(evidence: Evidence) -> dict[int, list[Step]]:
    steps: dict[int, list[Step]] = defaultdict(list)
    for row in evidence.rows(_STEPS):
        steps[row["payment_id"]].append(Step(**row))
    return steps


def every_step_is_legal(evidence: Evidence) -> Invariant:
    """By the table of the domain, not by the copy of it in the database."""
    steps = [step for taken in _steps_of(evidence).values() for step in taken]
    problems = [
        f"payment {step.payment_id} v{step.version}: {step.from_state} {step.event} {step.to_state}"
        for step in steps
        if Edge(State(step.from_state), Event(step.event), State(step.to_state)) not in LEGAL
    ]
    return invariant("every step of every payment is legal", len(steps), problems)


def versions_have_no_gap(evidence: Evidence) -> Invariant:
    """Each step begins where the one before it ended, and the last one is where the payment is."""
    steps = _steps_of(evidence)
    payments = evidence.rows(_PAYMENTS)

    def problems() -> Iterator[str]:
        for payment in payments:
            here, version = str(State.PENDING), 0
            for step in steps[payment["id"]]:
                if (step.version, step.from_state) != (version + 1, here):
                    yield f"{payment['reference']}: v{step.version} from {step.from_state}"
                here, version = step.to_state, step.version
            if (payment["state"], payment["lock_version"]) != (here, version):
                yield f"{payment['reference']} is {payment['state']}, its history says {here}"

    name = "versions have no gap and end where the payment is"
    return invariant(name, len(payments), problems())


def the_hash_chain_is_whole(evidence: Evidence) -> Invariant:
    """Recomputed from what was asked to the newest step."""
    steps = _steps_of(evidence)
    payments = evidence.rows(_PAYMENTS)
    problems = [
        f"{payment['reference']}: the chain breaks"
        for payment in payments
        if not _chain_holds(payment, steps[payment["id"]])
    ]
    checked = sum(map(len, steps.values())) + len(payments)
    return invariant("the hash chain of every history is whole", checked, problems)


def _chain_holds(payment: Row, steps: list[Step]) -> bool:
    asked = Announcement(
        payment["reference"],
        payment["provider"],
        Money(payment["currency"], payment["amount_minor"]),
        payment["customer_id"],
        account=payment["account"],
        client_id=payment["client_id"],
    )
    head = audit.genesis(genesis_fields(asked, payment["announced_by"]))
    for step in steps:
        if step.prev_hash != head or step.hash != audit.link(head, audit_fields(step)):
            return False
        head = step.hash
    return bool(payment["head_hash"] == head)


def facts_explain_every_state(evidence: Evidence) -> Invariant:
    """Folded anew from all facts, each payment stands where it is stored."""
    facts: dict[int, list[Fact]] = defaultdict(list)
    for row in evidence.rows(_FACTS):
        facts[row["payment_id"]].append(_fact(row))
    payments = evidence.rows(_PAYMENTS)
    problems = []
    for row in payments:
        amount = Money(row["currency"], row["amount_minor"])
        asked = Asked(amount, row["provider"], row["customer_id"], cancelled=row["cancelled"])
        told = fold(asked, facts[row["id"]])
        stored: tuple[Any, ...] = (row["state"], row["captured_minor"], row["refunded_minor"])
        if stored != (told.state, told.captured_minor, told.refunded_minor):
            problems.append(f"{row['reference']} is {stored}, its facts say {told.state}")
    return invariant("the facts explain the state of every payment", len(payments), problems)


def _fact(row: Row) -> Fact:
    amount = None if row["currency"] is None else Money(row["currency"], row["amount_minor"])
    kind, status = FactKind(row["kind"]), FactStatus(row["status"])
    return Fact(kind, row["object_id"], status, amount, row["capture_id"])


def every_change_names_its_event(evidence: Evidence) -> Invariant:
    """Whatever was written comes from an event that is kept; an event moves one payment."""
    kept = {row["id"] for row in evidence.rows("SELECT id FROM inbound_events")}
    rows = evidence.rows(_STRAY)
    problems = [
        f"a {row['what']} names event {row['event_id']}, which is not there"
        for row in rows
        if row["event_id"] not in kept
    ]
    problems += [
        f"event {row['event_id']} moved {row['n']} payments"
        for row in evidence.rows(_PAYMENTS_PER_EVENT)
        if row["n"] > 1
    ]
    return invariant("every change names the one event it comes from", len(rows), problems)


CHECKS = (
    every_step_is_legal,
    versions_have_no_gap,
    the_hash_chain_is_whole,
    facts_explain_every_state,
    every_change_names_its_event,
)
