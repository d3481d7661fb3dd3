"""A payment's history: the steps that a change adds, each sealed to all before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import audit
from workers.store.payments import Step

if TYPE_CHECKING:
    from domain.decide import Change
    from domain.judgement import Known
    from workers.store.inbox import Work


def steps(work: Work, event_type: str, known: Known, change: Change) -> list[Step]:
    """Return a step for each edge of the change, chained to the payment's last one."""
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
            f"provider:{work.source}",
            f"{event_type}: {change.contradiction}" if change.contradiction else event_type,
            change.after.captured_minor,
            change.after.refunded_minor,
            change.after.disputed_minor,
            work.now,
            head,
            b"",
        )
        head = audit.link(head, audit_fields(step))
        added.append(step._replace(hash=head))
    return added


def audit_fields(step: Step) -> list[str | int | None]:
    """Return what a step's hash covers: all of it but the hashes; the time in microseconds."""
    return [
        *step[:11],
        int(step.at.timestamp()) * 1_000_000 + step.at.microsecond,
    ]
