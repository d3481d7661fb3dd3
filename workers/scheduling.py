"""The schedule: payments whose outcome is unknown are asked about, ever more rarely, and then end.

Only proof ends a payment. What the last question could not tell goes to a person: the payment to
`review`, never to `failed`; a refund to the dead letters.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from domain.commands import INTERNAL, Command, CommandKind
from domain.fingerprint import fingerprint
from domain.transitions import State
from workers.commands import enqueue
from workers.store import dead_letters, provider_calls, verifications

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from workers.database import Database, Transaction
    from workers.store.verifications import Due

DUE_PER_SWEEP_MAX = 500
"""Payments that one sweep takes on; the next one comes soon."""

GRACE_S = 3600.0
"""How long the last question has to be answered before nothing more is expected."""

UNHEARD = "nothing was heard of this refund to the end of its schedule"


class Plan(NamedTuple):
    """What a due payment gets: a question of this number, and the next step and its time.

    `next_at` None: the schedule is over.
    """

    number: str | None
    step: int
    next_at: datetime | None


def plan(due: Due, after_s: Sequence[float]) -> Plan:
    """Return what is done about a payment that is due, `after_s` being the times of its steps.

    Steps whose time went by while nobody looked are one question; and none is given up without
    a last one.
    """
    passed = bisect_right(after_s, (due.now - due.since).total_seconds())
    if due.step >= len(after_s):
        return Plan(None, due.step, None)
    if passed <= due.step:
        return Plan(None, due.step, due.since + timedelta(seconds=after_s[due.step]))
    number = f"{int(due.since.timestamp())}.{passed}"
    if passed < len(after_s):
        return Plan(number, passed, due.since + timedelta(seconds=after_s[passed]))
    over = due.since + timedelta(seconds=after_s[-1])
    return Plan(number, passed, max(over, due.now) + timedelta(seconds=GRACE_S))


def verify_due(
    database: Database, after_s: Sequence[float], *, now: datetime | None = None
) -> list[int]:
    """Order what is due; return the events of the commands. The relay rings for them.

    A question that is still owed is not asked a second time, but for the last one: while workers
    are behind, or the provider is away, questions do not pile up.
    `now` is for whoever plays a week in a second; else it is the time of Postgres.
    """
    with database.transaction() as tx:
        due = verifications.due(tx, limit=DUE_PER_SWEEP_MAX, now=now)
        settled = [each for each in due if not _is_open(each)]
        planned = [(each, plan(each, after_s)) for each in due if _is_open(each)]
        over = [each for each, what in planned if what.next_at is None]
        waiting = _waiting(tx, planned, steps=len(after_s))
        verifications.end(tx, [each.payment_id for each in (*settled, *over)])
        verifications.plan(
            tx,
            [
                verifications.Next(each.payment_id, what.step, what.next_at)
                for each, what in planned
                if what.next_at is not None
            ],
        )
        _give_up_refunds(tx, [each for each in over if each.has_open_refunds])
        return enqueue(tx, _commands(planned, waiting), request_id="schedule")


def _is_open(due: Due) -> bool:
    return due.has_open_refunds or due.state == State.PROCESSING


def _waiting(tx: Transaction, planned: Sequence[tuple[Due, Plan]], *, steps: int) -> set[str]:
    """Return the payments of which an earlier question is still to be asked, and will do.

    The last one is asked for itself: an older question may die of its age before its answer.
    """
    asked = [
        each.reference for each, what in planned if what.number is not None and what.step < steps
    ]
    return verifications.waiting(tx, asked, number="") if asked else set()


def _commands(planned: Sequence[tuple[Due, Plan]], waiting: Collection[str]) -> list[Command]:
    asked = [
        _command(CommandKind.VERIFY, each, what.number)
        for each, what in planned
        if what.number is not None and each.reference not in waiting
    ]
    given_up = [
        _command(CommandKind.UNHEARD, each, str(int(each.since.timestamp())))
        for each, what in planned
        if what.next_at is None and each.state == State.PROCESSING
    ]
    return asked + given_up


def _command(kind: CommandKind, due: Due, number: str) -> Command:
    return Command(
        kind, due.provider, due.account, due.reference, dead_letters.SYSTEM, number=number
    )


def _give_up_refunds(tx: Transaction, over: Sequence[Due]) -> None:
    """Set the commands of refunds aside of which nothing more is expected: a person must look."""
    if not over:
        return
    events = provider_calls.refund_events(tx, [due.payment_id for due in over])
    dead_letters.bury(tx, [_letter(event) for event in events])


def _letter(event: provider_calls.RefundEvent) -> dead_letters.Letter:
    reason, kind = "unheard", CommandKind.REFUND
    return dead_letters.Letter(
        event.event_id,
        event.received_at,
        INTERNAL,
        "default",
        kind,
        event.payment_reference,
        None,
        reason,
        "Unheard",
        fingerprint(INTERNAL, kind, reason, "Unheard", UNHEARD),
        UNHEARD,
        event.amount_minor,
        event.currency,
        1,
    )
