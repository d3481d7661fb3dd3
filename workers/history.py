"""A payment's history: the steps that a change adds, each sealed to all before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain import audit
from domain.transitions import Event, State
from workers.store import corrections
from workers.store.corrections import Decision
from workers.store.payments import Step

if TYPE_CHECKING:
    from datetime import datetime

    from domain.decide import Change
    from domain.judgement import Known
    from domain.payment import Correction
    from workers.store.inbox import Work


class DecidedBy(NamedTuple):
    """Who decided, who agreed as the second person where one must, and why."""

    actor: str
    approved_by: str | None
    reason: str


def steps(work: Work, event_type: str, known: Known, change: Change, *, actor: str) -> list[Step]:
    """Return a step for each edge of the change, chained to the payment's last one.

    `actor` is who did or said it; `event_type` names what was said.
    """
    added = []
    head = known.head_hash
    for version, edge in enumerate(change.edges, start=known.version + 1):
        step = Step(
            known.payment_id,
            version,
            edge.from_state,
            edge.event,
            edge.to_state,
            work.event_id,
            actor,
            f"{event_type}: {change.contradiction}" if change.contradiction else event_type,
            change.after.captured_minor,
            change.after.refunded_minor,
            change.after.disputed_minor,
            work.now,
            head,
            b"",
        )
        step = sealed(step)
        head = step.hash
        added.append(step)
    return added


def sealed(step: Step) -> Step:
    """Return the step with the hash of all it says and of all steps before it."""
    return step._replace(hash=link(step, None))


def cancelled(work: Work, known: Known, *, actor: str) -> Step:
    """Return the step by which somebody cancels the payment."""
    position = known.position
    return sealed(
        Step(
            known.payment_id,
            known.version + 1,
            position.state,
            Event.CANCELLED,
            State.CANCELLED,
            work.event_id,
            actor,
            "cancel",
            position.captured_minor,
            position.refunded_minor,
            position.disputed_minor,
            work.now,
            known.head_hash,
            b"",
        )
    )


def corrected(
    known: Known, change: Change, correction: Correction, by: DecidedBy, at: datetime
) -> tuple[Step, Decision]:
    """Return the step by which a person corrects the payment, and the decision sealed in it."""
    [edge] = change.edges
    version = known.version + 1
    step = Step(
        known.payment_id,
        version,
        edge.from_state,
        edge.event,
        edge.to_state,
        None,
        by.actor,
        by.reason,
        change.after.captured_minor,
        change.after.refunded_minor,
        change.after.disputed_minor,
        at,
        known.head_hash,
        b"",
    )
    decision = Decision(known.payment_id, version, correction, *by, at)
    return step._replace(hash=link(step, decision)), decision


def link(step: Step, decision: Decision | None) -> bytes:
    """Return the hash of all a step says, with the decision that made it, and of all before it."""
    fields = audit_fields(step)
    if decision is not None:
        fields += corrections.sealed_fields(decision)
    return audit.link(step.prev_hash, fields)


def audit_fields(step: Step) -> list[str | int | None]:
    """Return what a step's hash covers: all of it but the hashes; the time in microseconds."""
    return [
        *step[:11],
        int(step.at.timestamp()) * 1_000_000 + step.at.microsecond,
    ]
