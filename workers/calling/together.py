"""Together: what several threads want done is done at once by one thread, in one transaction.

The busier it is the more is done at once; who comes alone does not wait.
"""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from domain.errors import Transient
from workers import pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = structlog.get_logger()

AT_ONCE_MAX = 50
"""How many are done at once."""

EVERY_S = 0.03
"""A batch begins no sooner than this after the one before, unless `ENOUGH` wait. So calls stand
back for those who wait at the door: ten at once cost Postgres and us hardly more than three, and
30 ms are nothing to whoever is handed over to a provider."""

ENOUGH = 8
"""How many need not wait for more company."""

REPLY_S_MAX = 60.0
"""Longest that anybody waits for a reply. A batch takes no longer than its statements may."""

Asked = TypeVar("Asked")
Reply = TypeVar("Reply")


class NoReply(Transient):
    """A batch took longer than it may."""

    code = "no_reply"


class _Place(Generic[Asked, Reply]):
    """One who waits, until he `is_left`. The lock is free once there is a reply."""

    __slots__ = ("asked", "is_left", "lock", "reply")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.reply: Reply | None = None
        self.is_left = False
        self.lock = threading.Lock()
        self.lock.acquire()


class Together(threading.Thread, Generic[Asked, Reply]):
    """A thread that does `act` for all who ask meanwhile, and at last `end`.

    `act` gives a reply for each, None where it is to be done alone. What it raises is None for all.
    `enough` is for where fewer than `ENOUGH` can ever wait. `drop` gets each reply for which nobody
    waits any more.
    """

    def __init__(
        self,
        act: Callable[[Sequence[Asked]], Sequence[Reply | None]],
        *,
        name: str,
        enough: int = ENOUGH,
        end: Callable[[], None] = lambda: None,
        drop: Callable[[Reply], None] = lambda _: None,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._act = act
        self._end = end
        self._drop = drop
        self._waiting: SimpleQueue[_Place[Asked, Reply] | None] = SimpleQueue()
        self._enough = enough
        self._is_enough = threading.Event()
        self._door = threading.Lock()
        self._is_closed = False

    @property
    def waiting(self) -> int:
        """How many wait, those in hand not counted."""
        return self._waiting.qsize()

    def ask(self, asked: Asked) -> Reply | None:
        """Have it done with others; return the reply, None where it is to be done alone.

        Raises NoReply after `REPLY_S_MAX`: nobody knows then what was done.
        """
        place: _Place[Asked, Reply] = _Place(asked)
        with self._door:
            if self._is_closed:
                return None
            self._waiting.put(place)
        if self.waiting >= self._enough:
            self._is_enough.set()
        if not place.lock.acquire(timeout=REPLY_S_MAX):
            self._leave(place)
        return place.reply

    def _leave(self, place: _Place[Asked, Reply]) -> None:
        """Wait no more. Raises NoReply, unless the reply has just come."""
        with self._door:
            place.is_left = not place.lock.acquire(blocking=False)
        if place.is_left:
            raise NoReply(f"no reply in {REPLY_S_MAX:g} s")

    def stop(self) -> None:
        """End when all have their replies who have asked; who asks later is to do it alone."""
        with self._door:
            self._is_closed = True
            self._waiting.put(None)
        self._is_enough.set()

    def run(self) -> None:
        """Work until told to stop."""
        while (first := self._waiting.get()) is not None:
            began_s = time.monotonic()
            self._reply([first, *self._others()])
            self._stand_back(began_s + EVERY_S)
        self._end()

    def _stand_back(self, until_s: float) -> None:
        """Wait for the time, or for enough company."""
        self._is_enough.clear()
        left_s = until_s - time.monotonic()
        if left_s > 0 and self.waiting < self._enough and not self._is_closed:
            self._is_enough.wait(left_s)

    def _others(self) -> list[_Place[Asked, Reply]]:
        """Return those who wait by now, as many as fit beside the first."""
        found: list[_Place[Asked, Reply]] = []
        while len(found) < AT_ONCE_MAX - 1:
            try:
                place = self._waiting.get_nowait()
            except Empty:
                break
            if place is None:  # the last there will ever be
                self._waiting.put(None)
                break
            found.append(place)
        return found

    def _reply(self, places: list[_Place[Asked, Reply]]) -> None:
        replies: Sequence[Reply | None] = ()
        try:
            with pulse.at_work():
                replies = self._act([place.asked for place in places])
        except Exception as error:  # noqa: BLE001 - each alone shows whose fault it is
            log.warning("batch.split", error_class=type(error).__name__, count=len(places))
        for number, place in enumerate(places):
            place.reply = replies[number] if number < len(replies) else None
            with self._door:
                place.lock.release()
            if place.is_left and place.reply is not None:
                self._drop(place.reply)
