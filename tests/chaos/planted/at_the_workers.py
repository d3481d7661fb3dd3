"""Bugs of those who apply events: locks, checks, history and books."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.chaos.planted.taking import late, put, without

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKS_EARLY_S = 0.02
"""Seconds between looking at a payment without a lock and writing to it."""

WRITTEN_LATE_S = 0.1
"""Seconds between the commit of a payment and that of its history."""


class _Late(threading.local):
    def __init__(self) -> None:
        self.steps: list[Any] = []


def locks_no_payment(payments: Any) -> None:
    def lock(tx: Any, references: Any) -> Any:
        known = right(tx, references)
        time.sleep(LOOKS_EARLY_S)
        return known

    without(payments, "_LOCK", "FOR NO KEY UPDATE")
    right = put(payments, "lock", lock)


def knows_no_fence(payments: Any) -> None:
    without(payments, "_MOVE", "AND p.lock_version = n.before_version")
    put(payments.Saved, "require_all", lambda _: None)


def applies_what_is_known(decide: Any) -> None:
    """Take facts that are known for new ones, and post what they have posted before."""

    def decided(asked: Any, before: Any, known: Any, claimed: Any, *, version: int) -> Any:
        change = right(asked, before, known, claimed, version=version)
        if change.facts or not claimed:
            return change
        nothing = decide.fold(asked, ())
        first = right(asked, nothing, (), claimed, version=0)
        edge = decide.Edge(before.state, decide.Event.FEE_RECORDED, before.state)
        return decide.Change(first.facts, (edge,), first.movements, before, None)

    right = put(decide, "decide", decided)


def holds_again(ledger: Any) -> None:
    """Go on where the constraint is gone by which money is known that is held already."""
    without(ledger, "_HOLD", "ON CONFLICT ON CONSTRAINT ledger_entries_effect_once DO NOTHING")


def believes_the_last_word(outflows: Any) -> None:
    put(outflows, "_highest", lambda facts: list(facts[-1:]))


def knows_one_edge_more(transitions: Any) -> None:
    """Let what was refunded before we knew of its capture arrive in one step."""
    state, event = transitions.State, transitions.Event
    more = {
        transitions.Edge(before, event.SUCCEEDED, after)
        for before in (state.PENDING, state.PROCESSING)
        for after in (state.REFUNDED, state.PARTIALLY_REFUNDED)
    }
    put(transitions, "LEGAL", transitions.LEGAL | more)


def writes_history_later(payments: Any) -> None:
    """Commit what a payment has become, then, in a transaction of its own, how."""
    database = late("workers.database").Database
    waiting = _Late()

    def move(tx: Any, moved: Any, new: Any, steps: Any) -> Any:
        waiting.steps += steps
        return right_move(tx, moved, new, ())

    @contextlib.contextmanager
    def transaction(self: Any, **given: Any) -> Iterator[Any]:
        waiting.steps = []
        with right_transaction(self, **given) as tx:
            yield tx
        steps, waiting.steps = waiting.steps, []
        if steps:
            time.sleep(WRITTEN_LATE_S)
            with right_transaction(self) as tx:
                tx.execute(added, payments.pack(steps, payments._STEP_KINDS))  # noqa: SLF001

    added = payments._STEPS_ADDED  # noqa: SLF001
    right_move = put(payments, "move", move)
    right_transaction = put(database, "transaction", transaction)


def seals_each_step_alone(audit: Any) -> None:
    def link(prev_hash: bytes, fields: Any) -> bytes:
        del prev_hash
        sealed: bytes = audit.genesis(fields)
        return sealed

    put(audit, "link", link)


def credits_twice(outcome: Any) -> None:
    """Post a second top-up beside each, in all books that are ours."""

    def change(self: Any, *values: Any, **named: Any) -> Any:
        count = len(self.postings)
        after = right(self, *values, **named)
        for posting in self.postings[count:]:
            if posting.movement.effect == "capture":
                self.postings.append(_again(posting))
        return after

    right = put(outcome.Outcome, "change", change)


def _again(posting: Any) -> Any:
    again = replace(posting.movement, object_id=f"{posting.movement.object_id}:again")
    reference = f"{posting.reference}:again"
    return posting._replace(movement=again, kind="adjustment", reference=reference)


def trims_dead_letters(sweeps: Any) -> None:
    """Let go of dead letters that nobody has looked at for a moment."""

    def revive_crashed(database: Any) -> int:
        with database.transaction() as tx:
            tx.execute(
                "DELETE FROM dead_letters WHERE status = 'open'"
                " AND dead_at < now() - interval '1 second'"
            )
        revived: int = right(database)
        return revived

    right = put(sweeps, "revive_crashed", revive_crashed)
