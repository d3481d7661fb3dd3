"""Batches: the threads that write for all others what is plain about calls, many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.asking import Told
from domain.tries import Asked
from workers.calling.begin_together import Beginners, Started
from workers.calling.close_together import Closers, Handed
from workers.calling.together import ENOUGH, Together

if TYPE_CHECKING:
    from workers.calling.begin_together import Clients
    from workers.calling.closing import Answer, Closed
    from workers.calling.rooms import NoRoom, Rooms
    from workers.database import Database
    from workers.lock import Locks
    from workers.telling import Tell


class Batches:
    """Two threads: one begins calls, one closes them. Shared by all threads that call.

    Whoever gets a call that is begun has one of the `rooms`, and leaves it.
    """

    def __init__(
        self,
        database: Database,
        clients: Clients,
        locks: Locks,
        *,
        worker: str,
        tell: Tell,
        rooms: Rooms,
    ) -> None:
        beginners = Beginners(database, clients, locks, worker, tell, rooms)
        closers = Closers(database, locks, worker, tell)
        enough = min(ENOUGH, rooms.places)
        self._beginner: Together[int, Started | NoRoom] = Together(
            beginners.begin,
            name="call-beginner",
            enough=enough,
            end=database.close,
            drop=self._drop,
        )
        self._closer: Together[Handed, Closed] = Together(
            closers.close, name="call-closer", enough=enough, end=database.close
        )
        self.threads = (self._beginner, self._closer)
        self.rooms = rooms

    def begin(self, event_id: int) -> Started | NoRoom | None:
        """Begin the call; None where the command is to be performed alone."""
        return self._beginner.ask(event_id)

    def _drop(self, begun: Started | NoRoom) -> None:
        """Give back what whoever waits no more will not: the call stays live, and is never made."""
        if isinstance(begun, Started):
            begun.held.release()
            self.rooms.leave((begun.begun.case.command.provider, begun.begun.case.command.account))

    def close(self, started: Started, answer: Answer) -> Closed | None:
        """Close the call and release its lock; None where it is to be closed alone."""
        if started.begun.asked is Asked.INITIALIZE and isinstance(answer, Told):
            return self._closer.ask(Handed(started.begun, answer, started.held))
        return None
