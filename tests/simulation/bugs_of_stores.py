"""Bugs of the rules that the stores and the doors keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from domain.wakeup import Lane
from tests.simulation.api import CLIENT, Api
from tests.simulation.bug import bug
from tests.simulation.database import MemoryDatabase
from tests.simulation.memory import EventName, Memory
from tests.simulation.operators import Operators
from tests.simulation.post import Post
from tests.simulation.twins import inbox, money, payments
from tests.simulation.words import ACCOUNT, SOURCE
from workers import healing, sweeps, unclaimed
from workers.store import inbox as stored_inbox
from workers.store import ledger
from workers.store import payments as stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.judgement import Known
    from tests.simulation.rows import PaymentRow
    from tests.simulation.words import Message
    from workers.store.inbox import Due

KEY_LIVES_S = 300.0
LETTER_LIVES_S = 3_600.0
PLENTY_MINOR = 10**9

right_keep, right_rollback = Memory.keep, Memory.rollback
right_once, right_overdue = Api.once, sweeps.bury_overdue

_sooner: WeakKeyDictionary[Memory, dict[str, Known]] = WeakKeyDictionary()


def _stale(tx: Memory, references: Sequence[str]) -> dict[str, Known]:
    """Read what was there before somebody else wrote, now and then, as without a lock."""
    found, sooner = payments.lock(tx, references), _sooner.setdefault(tx, {})
    stale = {
        reference: sooner.get(reference, known) if tx.next_id % 3 == 0 else known
        for reference, known in found.items()
    }
    sooner.update(found)
    return stale


def _not_fenced(tx: Memory, payment_id: int, version: int) -> PaymentRow:
    del version
    return tx.payments[payment_id]


def _no_check(tx: Memory, payment_id: int, steps: Sequence[Any]) -> None:
    tx.put(tx.steps, payment_id, (*tx.steps.get(payment_id, ()), *steps))


def _forgetful(self: Memory, name: EventName, *rest: Any) -> int | None:
    event = self.events.get(self.dedup.get(name, 0))
    if event is not None and (self.clock.now() - event.received_at).total_seconds() > KEY_LIVES_S:
        self.drop(self.dedup, name)
    return right_keep(self, name, *rest)


def _ack_first(self: Post, message: Message) -> None:
    self.acked.add(message.key)
    self.deliver_once(message)


def _ring_once(tx: Memory, *, lane: str, limit: int, first_s: float, longest_s: float) -> list[Due]:
    rung = [row.event_id for row in tx.work.values() if row.enqueues > 0]
    due = inbox.ring_again(tx, lane=lane, limit=limit, first_s=first_s, longest_s=longest_s)
    return [each for each in due if each.event_id not in rung]


def _replay_as_new(self: Operators) -> None:
    with MemoryDatabase(self.memory).transaction() as tx:
        for row in list(tx.letters.values()):
            event = tx.events[row.letter.event_id]
            if row.status == "open" and event.source == SOURCE:
                key = f"{event.key}-again-{tx.next_id}"
                tx.keep((SOURCE, ACCOUNT, key), event.body, event.reference, Lane.EVENTS)


def _release_nothing(tx: Memory, dealt: Sequence[Any]) -> list[ledger.Posting]:
    del tx, dealt
    return []


def _hold_again(self: ledger.Books, tx: Memory) -> None:
    if any(row[2:5] in tx.books for row in self.held):
        tx.refuse("ledger_entries_effect_once")
    money.write(self, tx)


def _take_up_nothing(tx: Memory, letter_ids: Sequence[int], reason: str = "") -> int:
    del tx, letter_ids, reason
    return 0


def _rich(self: Api, tx: Memory, customer_id: str, currency: str) -> int:
    del self, tx, customer_id, currency
    return PLENTY_MINOR


def _answer_anew(
    self: Api, tx: Memory, key: str, fingerprint: str, act: Callable[[Memory], str]
) -> str:
    del self, key, fingerprint
    return act(tx)


def _answer_anybody(
    self: Api, tx: Memory, key: str, fingerprint: str, act: Callable[[Memory], str]
) -> str:
    kept = tx.answers.get((CLIENT, key))
    return kept.answer if kept else right_once(self, tx, key, fingerprint, act)


def _left_of_made(self: Api, tx: Memory, row: PaymentRow) -> int:
    del self, tx
    return row.captured_minor - row.refunded_minor


def _leave_half(self: Memory) -> None:
    self.journal = self.journal[len(self.journal) // 2 :]
    right_rollback(self)


def _let_letters_go(database: Any) -> int:
    memory: Memory = database.memory
    for event_id, row in list(memory.letters.items()):
        age_s = (memory.clock.now() - row.letter.received_at).total_seconds()
        if age_s > LETTER_LIVES_S:
            memory.letters.pop(event_id)
    return right_overdue(database)


NO_LOCK = (stored, "lock", _stale)
NO_FENCE = (payments, "_fenced", _not_fenced)

BUGS = (
    bug("no lock on the payment", "I27", NO_LOCK),
    bug("no lock and no fence", "I27 I7", NO_LOCK, NO_FENCE),
    bug("no lock, no fence, no key", "I7", NO_LOCK, NO_FENCE, (payments, "_add_steps", _no_check)),
    bug("a key is known for five minutes", "I3", (Memory, "keep", _forgetful)),
    bug("acknowledged before the commit", "I1", (Post, "deliver", _ack_first)),
    bug("nobody rings twice", "I2", (stored_inbox, "ring_again", _ring_once)),
    bug("a replay is a new event", "I2 I5", (Operators, "replay", _replay_as_new)),
    bug("held money is not released", "I5", (unclaimed, "release_announced", _release_nothing)),
    bug("money is held for each event", "I27", (ledger.Books, "write", _hold_again)),
    bug("nothing heals by itself", "I2 I5", (healing, "take_up", _take_up_nothing)),
    bug("credit is not looked at", "I17", (Api, "balance_minor", _rich)),
    bug("a key is kept after the answer", "I9", (Api, "once", _answer_anew)),
    bug("a key answers anybody", "I9 I10", (Api, "once", _answer_anybody)),
    bug("refunds under way do not count", "I17", (Api, "left_minor", _left_of_made), known_from=35),
    bug("half a transaction stays", "I1 I2 I3 I4 I5 I7 I26 I27", (Memory, "rollback", _leave_half)),
    bug("letters are kept for an hour", "I2 I5", (sweeps, "bury_overdue", _let_letters_go)),
)
