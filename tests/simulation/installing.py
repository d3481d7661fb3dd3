"""Put the twins where the stores are, for as long as histories are played in this process."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

import structlog
import tenacity.nap

from tests.simulation.twins import calls, inbox, letters, money, payments
from tests.simulation.words import WORDS
from workers import commands, failing, reading, scheduling
from workers.store import (
    attempts,
    balances,
    claims,
    corrections,
    dead_letters,
    housekeeping,
    ledger,
    lives,
    modes,
    operators,
    provider_calls,
    references,
    refunds,
    verifications,
    waiting,
)
from workers.store import inbox as stored_inbox
from workers.store import payments as stored_payments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Place = tuple[Any, tuple[Callable[..., object], ...]]

TWINS: tuple[Place, ...] = (
    (
        stored_inbox,
        (
            *(inbox.lock, inbox.lock_one, inbox.put_off, inbox.wait, inbox.finish),
            *(inbox.postpone, inbox.reopen, inbox.hand_out, inbox.ring_again, inbox.crashed),
        ),
    ),
    (attempts, (inbox.tried, inbox.record)),
    (claims, (inbox.take, inbox.renew, inbox.release, inbox.bury_dead)),
    (housekeeping, (inbox.now,)),
    (
        stored_payments,
        (
            *(payments.lock, payments.look, payments.move, payments.cancel, payments.correct),
            *(payments.details, payments.tell, payments.meant),
        ),
    ),
    (references, (payments.remember, payments.find)),
    (
        corrections,
        (payments.newest, payments.add, letters.settle_letters, letters.refused_letters),
    ),
    (operators, (letters.note,)),
    (modes, (payments.pin,)),
    (waiting, (payments.note, payments.clear, payments.overdue)),
    (balances, (money.lock,)),
    (ledger.Books, (money.write,)),
    (ledger, (money.is_topped_up, money.unclaimed, money.unclaimed_about)),
    (refunds, (money.of_payments, money.mark_sent, money.change)),
    (
        dead_letters,
        (
            *(letters.bury, letters.resolve, letters.resolve_placed, letters.resolve_refetched),
            *(letters.park, letters.raise_again, letters.next_replay_id, letters.of_references),
            *(letters.of_provider_references, letters.announced_since),
        ),
    ),
    (commands, (letters.enqueue,)),
    (scheduling, (letters.enqueue,)),
    (
        verifications,
        (
            *(letters.begin, letters.begin_anew, letters.due, letters.plan, letters.end),
            letters.waiting,
        ),
    ),
    (
        provider_calls,
        (
            *(calls.peek, calls.is_busy, calls.live, calls.tries, calls.begin),
            *(calls.first_asked_at_s, calls.is_current, calls.end, calls.deaths),
            *(calls.abandon, calls.may_exist, calls.refund_events),
        ),
    ),
    (lives, (calls.ring_for_calls,)),
    (reading, (WORDS.say,)),
    (failing, (WORDS.say,)),
)
"""What stands for what: the owner of each name, and those that take its place under their own."""


STOOD_FOR = {
    (id(owner), twin.__name__): getattr(owner, twin.__name__)
    for owner, twins in TWINS
    for twin in twins
}


def stood_for(owner: Any, name: str) -> Callable[..., object]:
    """Return what is called so where no twin stands."""
    found: Callable[..., object] = STOOD_FOR[id(owner), name]
    return found


class _NoWaiting:
    """A clock for tenacity: pauses between two tries of one transaction take no time."""

    @staticmethod
    def sleep(seconds: float) -> None:
        del seconds


@contextlib.contextmanager
def installed() -> Iterator[None]:
    """Have the workers' code act upon memory, in silence."""
    logged = structlog.get_config()
    with contextlib.ExitStack() as stack:
        for owner, twins in TWINS:
            for twin in twins:
                stack.enter_context(replaced(owner, twin.__name__, twin))
        stack.enter_context(replaced(tenacity.nap, "time", _NoWaiting))
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        try:
            yield
        finally:
            structlog.configure(**logged)


@contextlib.contextmanager
def replaced(owner: Any, name: str, stand_in: object) -> Iterator[None]:
    """Have another thing be called so, for a while."""
    before = getattr(owner, name)
    setattr(owner, name, stand_in)
    try:
        yield
    finally:
        setattr(owner, name, before)
