"""Workers: they run the code of production upon memory, and may die between any two steps."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING, NamedTuple, cast

import psycopg

from domain import commands as ours
from domain.calls import STEPS_MAX, TooManySteps
from domain.errors import OutcomeUnknown, ProviderAway
from domain.tries import Asked
from tests.simulation.database import Fault, MemoryDatabase, WorkerDied
from workers.apply import OF_ONE_EVENT, apply_events
from workers.calling import ending
from workers.calling.beginning import OTHERS_CALL_S, Begun, begin
from workers.calling.closing import close
from workers.calling.kinds import KINDS
from workers.outcome import Outcome
from workers.store import inbox, lives, provider_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.asking import Told
    from tests.simulation.memory import Memory
    from tests.simulation.provider import Provider
    from tests.simulation.schedule import Schedule
    from workers.calling.closing import Answer
    from workers.database import Database, Transaction

FAULTS = tuple(Fault)
WORKERS = ("w1", "w2", "w3")
CALL_S_MAX = 20.0
"""Longest that a call takes: its own deadline."""

WAKES_LATE_S = 40.0
"""When somebody comes back with an answer who was presumed dead."""

DEATHS_SHARE = 0.05
SEEMS_DEAD_S_MAX = 5.0
"""How many calls see their worker lose its session, and when: it may be dead, or it may not."""

WRITES_AGAIN_S = 1.0
WRITES_UNTIL_S = 26.0
"""How soon, and until when after its call began, an answer is tried to be written once more."""


class Flight(NamedTuple):
    """A call under way, who makes it, and how many the command has had in this turn."""

    begun: Begun
    worker: str
    step: int
    began_s: float


class Workers:
    """All workers of a history; nothing but memory is shared between their steps."""

    def __init__(
        self, chance: Random, schedule: Schedule, memory: Memory, provider: Provider
    ) -> None:
        self._chance = chance
        self._schedule = schedule
        self._memory = memory
        self._provider = provider
        # Their own, so that what else happens does not depend on them.
        self._deaths = Random(repr(chance.getstate()))
        self.is_calm = False
        self.tx = cast("Transaction", memory)

    def apply(self, event_ids: Sequence[int], *, in_quarantine: bool = False) -> None:
        """Apply a batch of events, and die over it if the seed says so."""
        database = cast("Database", self.database())
        worker = self._chance.choice(WORKERS)
        try:
            apply_events(database, event_ids, worker=worker, in_quarantine=in_quarantine)
        except (WorkerDied, psycopg.OperationalError):
            self._memory.rollback()

    def call(self, event_id: int) -> None:
        """Take up a command, as whoever is rung for does."""
        owed = provider_calls.peek(self.tx, event_id)
        if owed is None or owed.is_in_hand or owed.is_resting:
            return
        command = ours.parse(owed.body)
        act = partial(self._turn, event_id, None, 0)
        if provider_calls.is_busy(self.tx, provider_calls.debt_of(command)):
            act = partial(self._put_off, event_id)
        self._surely(event_id, self._chance.choice(WORKERS), act)

    def _put_off(self, event_id: int, _worker: str) -> None:
        with self.database().transaction() as tx:
            inbox.put_off(cast("Transaction", tx), event_id, delay_s=OTHERS_CALL_S)

    def _surely(self, event_id: int, worker: str, act: Callable[[str], None]) -> None:
        """Count what goes wrong against the command, unless the store or the worker is gone."""
        try:
            try:
                act(worker)
            except psycopg.OperationalError as error:
                if not isinstance(error, OF_ONE_EVENT):
                    raise
                ending.fail(self._calm(), event_id, error, worker=worker)
            except Exception as error:  # noqa: BLE001 - as `perform` does
                ending.fail(self._calm(), event_id, error, worker=worker)
        except (WorkerDied, psycopg.OperationalError):
            self._memory.rollback()

    def _turn(self, event_id: int, found: Told | None, step: int, worker: str) -> None:
        """Begin the next call of a command, or end it without one."""
        owed = provider_calls.peek(self.tx, event_id)
        if owed is None:
            return
        command = ours.parse(owed.body)
        if step == STEPS_MAX:
            raise TooManySteps(f"the provider leads {command.kind} in a circle")
        with self.database().transaction() as tx:
            client = self._provider
            outcome, transaction = Outcome(worker), cast("Transaction", tx)
            begun = begin(transaction, outcome, event_id, command, client, found=found)
        if isinstance(begun, Begun):
            self._send(Flight(begun, worker, step, self._schedule.clock.now_s))

    def _send(self, flight: Flight) -> None:
        """Have the call be made, answered, lost, or never sent; and its answer written, or not."""
        if not self.is_calm and self._deaths.random() < DEATHS_SHARE:
            after_s = self._deaths.random() * SEEMS_DEAD_S_MAX
            self._schedule.later(after_s, partial(self._seem_dead, flight.worker))
        fate = 1.0 if self.is_calm else self._chance.random()
        if fate < 0.03:
            return
        delay_s = self._chance.random() * (CALL_S_MAX if fate < 0.3 else 2)
        if fate < 0.08:
            away = ProviderAway("not sent")
            self._schedule.later(delay_s, partial(self.write, flight, away))
        elif fate < 0.12:
            unknown = OutcomeUnknown("it never arrived")
            self._schedule.later(CALL_S_MAX, partial(self.write, flight, unknown))
        else:
            self._schedule.later(delay_s, partial(self._arrive, flight, fate))

    def _seem_dead(self, worker: str) -> None:
        """Have a worker counted as dead, whose calls go on as if nothing was; and be seen again."""
        memory = self._memory
        memory.dead_workers.add(worker)
        with MemoryDatabase(memory).transaction():
            lives.ring_for_calls(self.tx, [worker])
        back_s = self._deaths.random() * SEEMS_DEAD_S_MAX
        self._schedule.later(back_s, partial(memory.dead_workers.discard, worker))

    def _arrive(self, flight: Flight, fate: float) -> None:
        """Do there what was asked; the answer goes back, if it does."""
        answer = self._asked(flight.begun)
        left_s = flight.began_s + CALL_S_MAX - self._schedule.clock.now_s
        if fate < 0.2:
            lost = OutcomeUnknown("no answer came")
            self._schedule.later(left_s, partial(self.write, flight, lost))
        elif fate < 0.23:
            pass  # The worker dies while it waits.
        elif fate < 0.26:
            self._schedule.later(WAKES_LATE_S, partial(self.write, flight, answer))
        else:
            back_s = self._chance.random() * left_s if fate < 0.4 else 0.1
            self._schedule.later(back_s, partial(self.write, flight, answer))

    def _asked(self, begun: Begun) -> Answer:
        try:
            if begun.asked is Asked.VERIFY:
                return begun.client.look_up(begun.case.asking())
            return KINDS[begun.case.command.kind].act(begun.client, begun.case)
        except Exception as error:  # noqa: BLE001 - it says what is known, as `sending.ask` has it
            return error

    def write(self, flight: Flight, answer: Answer) -> None:
        """Write the answer; while nobody else can have taken over, as often as it takes."""
        event_id = flight.begun.case.work.event_id
        try:
            self._surely(event_id, flight.worker, partial(self._close, flight, answer))
        except _StoreAway:
            if self._schedule.clock.now_s - flight.began_s < WRITES_UNTIL_S:
                self._schedule.later(WRITES_AGAIN_S, partial(self.write, flight, answer))

    def _close(self, flight: Flight, answer: Answer, worker: str) -> None:
        begun = flight.begun
        try:
            with self.database().transaction() as tx:
                closed = close(cast("Transaction", tx), Outcome(worker), begun, answer)
        except psycopg.OperationalError as error:
            raise _StoreAway from error
        if closed.became is None:
            self._turn(begun.case.work.event_id, closed.found, flight.step + 1, worker)

    def database(self) -> MemoryDatabase:
        """Return the store, with what is to go wrong on the way to it."""
        if self.is_calm or self._chance.random() > 0.1:
            return MemoryDatabase(self._memory)
        fault = self._chance.choice(FAULTS)
        return MemoryDatabase(self._memory, fault, self._chance.randrange(3))

    def _calm(self) -> Database:
        return cast("Database", MemoryDatabase(self._memory))


class _StoreAway(BaseException):
    """The store went away while an answer was written: nothing of it is known to be there."""
