"""Begin together: the first calls about payments are written many at a time.

What `beginning` does for any command this does for many of the plainest kind: a payment that was
never handed over is. The rules are the same, and the constraints; only what is out of the plain is
left to `beginning`, which also tells why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from domain import commands
from domain.calls import Move
from domain.commands import CommandKind
from domain.errors import Permanent
from domain.tries import Asked
from workers import healing
from workers.calling import sending
from workers.calling.beginning import IN_HAND_S, Begun
from workers.calling.case import Case
from workers.calling.initializing import hand_over
from workers.calling.kinds import KINDS
from workers.calling.rooms import NoRoom
from workers.outcome import Outcome
from workers.store import call_batches, dead_letters, inbox, payments, provider_calls

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Protocol

    from domain.commands import Command
    from domain.judgement import Known
    from workers.calling.rooms import Rooms
    from workers.clients.client import ProviderClient
    from workers.database import Database, Transaction
    from workers.lock import Held, Locks
    from workers.store.inbox import Work
    from workers.telling import Tell

    class Clients(Protocol):
        """Whom we can ask."""

        def find(self, provider: str, account: str) -> ProviderClient | None:
            """Return the account's client, or None where no key of it is set."""


class NotPlain(Exception):
    """One of a batch is not as plain as it looked: each is to be done alone."""


class Started(NamedTuple):
    """A call that is written and not yet made. Whoever gets it has its room and its lock."""

    begun: Begun
    began_s: float
    held: Held


class _Wanted(NamedTuple):
    event_id: int
    command: Command
    client: ProviderClient

    @property
    def account(self) -> tuple[str, str]:
        return self.command.provider, self.command.account

    @property
    def debt(self) -> str:
        return provider_calls.debt_of(self.command)


@dataclass(frozen=True, slots=True)
class Beginners:
    """How one worker begins calls together."""

    database: Database
    clients: Clients
    locks: Locks
    worker: str
    tell: Tell
    rooms: Rooms

    def begin(self, event_ids: Sequence[int]) -> list[Started | NoRoom | None]:
        """Return for each command the call that is begun, NoRoom, or None: to be done alone.

        Whatever it raises, nothing is written, and no room or lock is kept.
        """
        began_s = sending.now_s()
        entered, full = self._enter(self._plain(event_ids))
        held: dict[str, Held] = {}
        begun: dict[int, Begun] = {}
        try:
            held = self.locks.take([each.debt for each in entered])
            begun = self._begin([each for each in entered if each.debt in held])
        finally:
            left = [each for each in entered if each.event_id not in begun]
            self.locks.release(held[each.debt] for each in left if each.debt in held)
            for each in left:
                self.rooms.leave(each.account)
        started = {
            event_id: Started(each, began_s, held[each.case.debt])
            for event_id, each in begun.items()
        }
        return [started.get(event_id) or full.get(event_id) for event_id in event_ids]

    def _plain(self, event_ids: Sequence[int]) -> list[_Wanted]:
        """Return the commands that hand a payment over and were never tried, one for each debt."""
        with self.database.statement() as tx:
            bodies = call_batches.untried(tx, event_ids)
        wanted: dict[str, _Wanted] = {}
        for event_id, body in sorted(bodies.items()):
            command = _read(body)
            if command is None or command.kind is not CommandKind.INITIALIZE:
                continue
            client = self.clients.find(command.provider, command.account)
            if client is not None:
                each = _Wanted(event_id, command, client)
                wanted.setdefault(each.debt, each)
        return list(wanted.values())

    def _enter(self, wanted: Iterable[_Wanted]) -> tuple[list[_Wanted], dict[int, NoRoom]]:
        entered: list[_Wanted] = []
        full: dict[int, NoRoom] = {}
        for each in wanted:
            if self.rooms.enter(each.account):
                entered.append(each)
            else:
                full[each.event_id] = NoRoom(each.account)
        return entered, full

    def _begin(self, wanted: Sequence[_Wanted]) -> dict[int, Begun]:
        if not wanted:
            return {}
        outcome = Outcome(self.worker)
        with self.database.transaction() as tx:
            begun = _begin(tx, outcome, wanted)
        if changed := outcome.changed:
            self.tell(changed)
        return begun


def _begin(tx: Transaction, outcome: Outcome, wanted: Sequence[_Wanted]) -> dict[int, Begun]:
    """Lock, decide and write as `beginning` does, for as many as are plain after all."""
    work = {
        each.event_id: each
        for each in inbox.lock(tx, [each.event_id for each in wanted], lanes=inbox.CALLS)
    }
    owed = [each for each in wanted if each.event_id in work]
    known = payments.lock(tx, [each.command.reference for each in owed])
    cases = [
        case
        for each in owed
        if (case := _case(each, work[each.event_id], known.get(each.command.reference)))
    ]
    for case in cases:
        hand_over(outcome, case)
    with tx.pipeline():
        outcome.write(tx)
        inbox.hand_out(tx, [case.work.event_id for case in cases], for_s=IN_HAND_S)
        waited = dead_letters.of_references(tx, [case.command.reference for case in cases])
        ids = call_batches.begin(tx, [_row(case, outcome.worker) for case in cases])
    healing.take_up(tx, waited)
    if len(ids) < len(cases):
        raise NotPlain
    return {
        case.work.event_id: Begun(ids[case.work.event_id], case, Asked.INITIALIZE, case.client)
        for case in cases
        if case.client is not None
    }


def _case(wanted: _Wanted, work: Work, known: Known | None) -> Case | None:
    """Return the case of a payment of which nobody has heard yet and that is to be handed over."""
    if known is None or known.version != 0:
        return None
    if (known.asked.provider, known.account) != wanted.account:
        return None
    nothing = payments.Details(None, None)
    case = Case(work, wanted.command, known, nothing, None, (), (), wanted.client)
    return case if KINDS[CommandKind.INITIALIZE].next(case, None).move is Move.ACT else None


def _row(case: Case, worker: str) -> provider_calls.Begun:
    command = case.command
    return provider_calls.Begun(
        case.debt,
        case.work.event_id,
        case.payment_id,
        Asked.INITIALIZE,
        command.provider,
        command.account,
        KINDS[CommandKind.INITIALIZE].key(case),
        worker,
        case.client.mode if case.client is not None else None,
    )


def _read(body: bytes) -> Command | None:
    try:
        return commands.parse(body)
    except Permanent:
        return None
