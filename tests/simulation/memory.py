"""The stores in memory: tables that a transaction changes as a whole, or not at all."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

from tests.simulation.rows import Event, WorkRow

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from domain.facts import Fact
    from domain.wakeup import Lane
    from tests.simulation import rows
    from tests.simulation.clock import Clock
    from workers.store.balances import Balance, Owner
    from workers.store.corrections import Decision
    from workers.store.payments import Step
    from workers.store.references import Named

    Undo = tuple[dict[Any, Any], Hashable, object]

K = TypeVar("K")
R = TypeVar("R")

ABSENT = object()

EventName = tuple[str, str, str]
"""What an event is de-duplicated by: its source, its account, its key."""


class Memory:
    """Every table, and what the open transaction has changed. It stands where a connection does.

    Rows are never changed in place, so that to undo is to put the old row back. A statement that
    has no twin here has nobody to execute it: `execute` says so.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.events: dict[int, Event] = {}
        self.dedup: dict[EventName, int] = {}
        self.work: dict[int, WorkRow] = {}
        self.payments: dict[int, rows.PaymentRow] = {}
        self.ids: dict[str, int] = {}
        self.facts: dict[int, tuple[Fact, ...]] = {}
        self.told_by: dict[int, tuple[int, ...]] = {}
        self.steps: dict[int, tuple[Step, ...]] = {}
        self.decisions: dict[int, tuple[Decision, ...]] = {}
        self.aliases: dict[Named, int] = {}
        self.books: dict[tuple[int | None, str, str], rows.MovementRow] = {}
        self.balances: dict[Owner, Balance] = {}
        self.letters: dict[int, rows.LetterRow] = {}
        self.tried: dict[tuple[int, int | None], int] = {}
        self.waiting: dict[tuple[int, str, int], datetime] = {}
        self.verifications: dict[int, rows.VerificationRow] = {}
        self.refunds: dict[str, rows.RefundRow] = {}
        self.calls: dict[int, rows.CallRow] = {}
        self.claims: dict[int, rows.ClaimRow] = {}
        self.dead_workers: set[str] = set()
        self.answers: dict[tuple[str, str], rows.KeptAnswer] = {}
        self.next_id = 1
        self.rescues: Counter[str] = Counter()
        self.journal: list[Undo] = []
        self.at_commit: list[Callable[[list[Undo]], None]] = []

    def fresh_id(self) -> int:
        """Return an id that nobody has had; like a sequence, it is not given back."""
        self.next_id += 1
        return self.next_id

    def put(self, table: dict[K, R], key: K, row: R) -> None:
        self.journal.append((table, key, table.get(key, ABSENT)))
        table[key] = row

    def drop(self, table: dict[K, R], key: K) -> None:
        if key in table:
            self.journal.append((table, key, table.pop(key)))

    def keep(self, name: EventName, body: bytes, reference: str | None, lane: Lane) -> int | None:
        """Keep an event and the work it owes; None when its key was kept before."""
        if name in self.dedup:
            return None
        event_id, now = self.fresh_id(), self.clock.now()
        self.put(self.dedup, name, event_id)
        event = Event(event_id, *name, body, reference, now)
        self.put(self.events, event_id, event)
        self.put(self.work, event_id, WorkRow(event_id, lane, now, now))
        return event_id

    def refuse(self, constraint: str) -> None:
        """Refuse a row as the database does, and count that it had to."""
        self.rescues[constraint] += 1
        raise psycopg.errors.UniqueViolation(constraint)

    def commit(self) -> None:
        """Have everybody look at what has changed, then let it stand."""
        journal, self.journal = self.journal, []
        if journal:
            for look in self.at_commit:
                look(journal)

    def rollback(self) -> None:
        for table, key, old in reversed(self.journal):
            if old is ABSENT:
                table.pop(key, None)
            else:
                table[key] = old
        self.journal = []

    def pipeline(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext()

    def execute(self, query: str, *_values: object) -> None:
        msg = f"nothing in memory stands for this statement: {query.strip():.80}"
        raise AssertionError(msg)
