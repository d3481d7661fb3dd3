"""Perform commands: decide, write that a call is made, make it, apply its answer.

Three steps, two transactions, nothing of the network in either. Whatever dies between them leaves a
call that is live; who comes 30 s later presumes it dead and asks what became of it. Where the
worker is known to have died, and the call may be doubled, nobody waits for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import structlog

from domain import commands
from domain.calls import STEPS_MAX, TooManySteps
from domain.commands import CommandKind
from workers import pulse, reconcile
from workers.apply import OF_ONE_EVENT
from workers.calling import ending, sending, turns
from workers.calling.begin_together import Started
from workers.calling.beginning import OTHERS_CALL_S, begin
from workers.calling.closing import close
from workers.calling.kinds import APPLIED, GONE, IN_HAND, LATE, WAITS
from workers.calling.rooms import NoRoom, Rooms
from workers.lock import LockBusy
from workers.outcome import Outcome
from workers.store import inbox, provider_calls
from workers.telling import nobody

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.asking import Told
    from domain.commands import Command
    from workers.calling.batches import Batches
    from workers.calling.begin_together import Clients
    from workers.calling.beginning import Begun
    from workers.calling.closing import Answer, Closed
    from workers.database import Database
    from workers.lock import Held, Locks
    from workers.telling import Tell


log = structlog.get_logger()

ROOMS = Rooms(places=1_000)
"""For whoever performs commands one by one."""

ONE_AT_A_TIME = frozenset({"provider_calls_one_live", "provider_calls_fence_once"})
"""Constraints that refuse the second of two calls about one debt."""


def perform(
    database: Database,
    clients: Clients,
    locks: Locks,
    event_id: int,
    *,
    worker: str,
    tell: Tell = nobody,
    rooms: Rooms = ROOMS,
    batches: Batches | None = None,
) -> str | NoRoom:
    """Perform a command as far as it goes now; return what became of it.

    NoRoom where too many calls to its account are under way: nothing was done. What is plain is
    done in `batches`, together with what other threads do, where they are given: then their rooms
    are those that count, and whoever gives them has each command in hand once only, by a name
    that nobody else has.

    Safe to run twice and at once: a duplicate of a command in hand costs one statement. Raises
    psycopg.OperationalError when the store goes away, and nothing else; the relay rings again.
    """
    rooms = batches.rooms if batches is not None else rooms
    performer = _Performer(database, clients, locks, worker, tell, rooms, batches)
    try:
        became = performer.perform(event_id)
        if isinstance(became, NoRoom):
            return became
    except psycopg.OperationalError as error:
        if not isinstance(error, OF_ONE_EVENT):
            raise
        became = ending.fail(database, event_id, error, worker=worker)
    except Exception as error:  # noqa: BLE001 - classified there, and never lost
        became = ending.fail(database, event_id, error, worker=worker)
    log.info("command.performed", event_id=event_id, status=became, worker=worker)
    return became


@dataclass(frozen=True, slots=True)
class _Performer:
    """How one worker performs commands."""

    database: Database
    clients: Clients
    locks: Locks
    worker: str
    tell: Tell
    rooms: Rooms
    batches: Batches | None

    @property
    def sole_worker(self) -> str | None:
        """Return the worker, where it cannot be calling for this command in another thread."""
        return self.worker if self.batches is not None else None

    def perform(self, event_id: int) -> str | NoRoom:
        """Perform the command, unless somebody else does. Raises whatever goes wrong with it."""
        started = self.batches.begin(event_id) if self.batches is not None else None
        if isinstance(started, Started):
            return self._go_on(event_id, started)
        return started or self._from_the_start(event_id)

    def _go_on(self, event_id: int, started: Started) -> str:
        """Perform a command whose call was begun together with others, with its room and lock."""
        command = started.begun.case.command
        try:
            return self._unless_busy(
                event_id, lambda: self._take_turns(event_id, command, started.held, started)
            )
        finally:
            started.held.release()
            self.rooms.leave((command.provider, command.account))

    def _from_the_start(self, event_id: int) -> str | NoRoom:
        with self.database.statement() as tx:
            owed = provider_calls.peek(tx, event_id, sole_worker=self.sole_worker)
        if owed is None:
            return GONE
        if owed.is_in_hand:
            return IN_HAND
        if owed.is_resting:
            return WAITS
        command = commands.parse(owed.body)
        debt, sole = provider_calls.debt_of(command), self.sole_worker
        with self.database.statement() as tx:
            is_busy = provider_calls.is_busy(tx, debt, event_id=event_id, sole_worker=sole)
        if is_busy:
            return self._put_off(event_id)
        account = (command.provider, command.account)
        if not self.rooms.enter(account):
            return NoRoom(account)
        try:
            return self._unless_busy(event_id, lambda: self._alone(event_id, command))
        finally:
            self.rooms.leave(account)

    def _alone(self, event_id: int, command: Command) -> str:
        with turns.hold(self.database, self.locks, provider_calls.debt_of(command)) as held:
            if command.kind is CommandKind.RECONCILE:
                return self._reconcile(event_id, command)
            return self._take_turns(event_id, command, held)

    def _unless_busy(self, event_id: int, act: Callable[[], str]) -> str:
        """Put the command off when another about the same debt is being performed."""
        try:
            return act()
        except LockBusy:
            return self._put_off(event_id)
        except psycopg.errors.UniqueViolation as error:
            if error.diag.constraint_name not in ONE_AT_A_TIME:
                raise
            return self._put_off(event_id)

    def _put_off(self, event_id: int) -> str:
        with self.database.transaction(durable=False) as tx:
            inbox.put_off(tx, event_id, delay_s=OTHERS_CALL_S)
        return IN_HAND

    def _take_turns(
        self, event_id: int, command: Command, held: Held, started: Started | None = None
    ) -> str:
        """Call until the command ends or must wait; an answer may make a further call due.

        The first call may be `started` already.
        """
        found: Told | None = None
        for _ in range(STEPS_MAX):
            began_s = started.began_s if started else sending.now_s()
            begun = started.begun if started else self._begin(event_id, command, found, began_s)
            if isinstance(begun, str):
                return begun
            answer = sending.ask(begun, began_s=began_s)
            closed = self._close_together(started, answer)
            closed = closed or self._close(begun, answer, began_s=began_s)
            if closed.became is not None:
                return closed.became
            started, found = None, closed.found
            held.renew()
        raise TooManySteps(f"the provider leads {command.kind} {command.reference} in a circle")

    def _close_together(self, started: Started | None, answer: Answer) -> Closed | None:
        """Close a call that was begun with others in such company; None where that cannot be."""
        if started is None or self.batches is None:
            return None
        return self.batches.close(started, answer)

    def _begin(
        self, event_id: int, command: Command, found: Told | None, began_s: float
    ) -> Begun | str:
        """Begin a call. Where the store says nothing more, take back what may be written of it."""
        try:
            return self._begin_once(event_id, command, found)
        except psycopg.OperationalError as error:
            if self.sole_worker and not isinstance(error, OF_ONE_EVENT):
                turns.take_back(self.database, event_id, worker=self.worker, began_s=began_s)
            raise

    def _begin_once(self, event_id: int, command: Command, found: Told | None) -> Begun | str:
        pulse.beat()
        outcome, sole = Outcome(self.worker), self.sole_worker
        client = self.clients.find(command.provider, command.account)
        with self.database.transaction() as tx:
            begun = begin(tx, outcome, event_id, command, client, found=found, sole_worker=sole)
        self._tell(outcome)
        return begun

    def _close(self, begun: Begun, answer: Answer, *, began_s: float) -> Closed:
        """Write the answer, however often it takes while nobody else can have taken over."""
        return sending.writing(began_s)(self._close_once, begun, answer)

    def _close_once(self, begun: Begun, answer: Answer) -> Closed:
        pulse.beat()
        outcome = Outcome(self.worker)
        with self.database.transaction() as tx:
            closed = close(tx, outcome, begun, answer)
        self._tell(outcome)
        if closed.became == LATE:
            log.warning("call.late", event_id=begun.case.work.event_id, worker=self.worker)
        return closed

    def _reconcile(self, event_id: int, command: Command) -> str:
        """Take one step of a run, which says itself when the next is due."""
        client = self.clients.find(command.provider, command.account)
        more = reconcile.step(self.database, client, command, event_id)
        return WAITS if more else APPLIED

    def _tell(self, outcome: Outcome) -> None:
        if changed := outcome.changed:
            self.tell(changed)
