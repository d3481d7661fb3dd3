"""The pool: threads that perform commands, so that a slow provider delays no webhook.

A command that waits here or is in hand is not taken a second time. What waits is lost with the
process; the relay then rings again. One from which the store went away is tried again here.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

import psycopg
import structlog

from workers import pulse
from workers.calling.rooms import NoRoom, Rooms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workers.calling.together import Together

log = structlog.get_logger()

WAITING_MAX = 400
"""Commands that wait here; whoever brings more waits, so that other processes get their share."""

PARKED_MAX = 2_000
"""Commands of one account that wait for a place at it; the relay rings again for what is beyond."""

STORE_AWAY_S = 1.0
"""How long a thread waits from which the store went away before it tries the same command again."""

ONE_ACCOUNT_SHARE = 2
"""One account gets at most this part of the threads: a half."""


_AGAIN = object()
"""What became of a command from which the store went away."""


def rooms_of(threads: int) -> Rooms:
    """Return the rooms of so many threads."""
    return Rooms(max(1, threads // ONE_ACCOUNT_SHARE))


class CallPool:
    """Commands that wait, and the threads that `perform` them, each ending with `end`.

    `batches` are threads that work for these: they begin before them and end after them.

    A command whose account has no room is parked until another call to it has ended, and costs
    nothing meanwhile: not a row, not a thread.
    """

    def __init__(
        self,
        perform: Callable[[int], object],
        *,
        threads: int,
        end: Callable[[], None] = lambda: None,
        rooms: Rooms | None = None,
        batches: Sequence[Together[Any, Any]] = (),
    ) -> None:
        self._perform = perform
        self._end = end
        self._lock = threading.Lock()
        self._has_work = threading.Condition(self._lock)
        self._has_room = threading.Condition(self._lock)
        self._waiting: deque[int] = deque()
        self._in_hand: set[int] = set()
        self._parked: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
        self.rooms = rooms or rooms_of(threads)
        self._stopping = False
        self._over = threading.Event()
        self._batches = batches
        self._callers = [
            threading.Thread(target=self._run, name=f"caller-{number}", daemon=True)
            for number in range(threads)
        ]
        self.threads = [*batches, *self._callers]

    def start(self) -> None:
        """Begin to work."""
        for thread in self.threads:
            thread.start()

    def put(self, event_ids: Sequence[int], *, alone: bool = False) -> None:
        """Have the commands performed that are not in hand already; wait for room.

        Once it is told to stop, what is brought is dropped: the relay rings for it.
        """
        del alone
        for event_id in event_ids:
            with self._lock:
                self._has_room.wait_for(lambda: len(self._waiting) < WAITING_MAX or self._stopping)
                self._take_in(event_id)

    def offer(self, event_ids: Sequence[int]) -> int:
        """Take of the commands what there is room for; return how many were new. Never waits."""
        with self._lock:
            return sum(
                self._take_in(event_id)
                for event_id in event_ids
                if len(self._waiting) < WAITING_MAX
            )

    def _take_in(self, event_id: int) -> bool:
        if self._stopping or event_id in self._in_hand:
            return False
        self._in_hand.add(event_id)
        self._waiting.append(event_id)
        self._has_work.notify()
        return True

    def stop(self) -> None:
        """Let each thread end after the call in hand; what waits is the relay's to ring for."""
        with self._lock:
            self._stopping = True
            self._over.set()
            self._waiting.clear()
            self._parked.clear()
            self._has_work.notify_all()
            self._has_room.notify_all()

    def join(self, timeout_s: float) -> None:
        """Wait for the threads to end, so long for all of them together.

        A call that takes longer is abandoned: its row says that it may have had its effect.
        """
        ends_s = time.monotonic() + timeout_s
        for thread in self._callers:
            thread.join(max(0.0, ends_s - time.monotonic()))
        for batch in self._batches:
            batch.stop()
        for batch in self._batches:
            batch.join(max(0.0, ends_s - time.monotonic()))

    def _run(self) -> None:
        while (event_id := self._next()) is not None:
            became: object = None
            try:
                with pulse.at_work(pulse.CALL_STALL_S_MAX):
                    became = self._perform(event_id)
            except psycopg.OperationalError as error:
                log.warning("store.unavailable", error_class=type(error).__name__, count=1)
                self._over.wait(STORE_AWAY_S)
                became = _AGAIN
            except Exception as error:  # noqa: BLE001 - the relay rings again; the others go on
                log.error(  # noqa: TRY400 - its text may quote a command
                    "command.failed", event_id=event_id, error_class=type(error).__name__
                )
            finally:
                self._let_go(event_id, became)
        self._end()

    def _next(self) -> int | None:
        with self._lock:
            self._has_work.wait_for(lambda: self._waiting or self._stopping)
            if self._stopping:
                return None
            self._has_room.notify()
            return self._waiting.popleft()

    def _let_go(self, event_id: int, became: object) -> None:
        """Forget the command, or park it; and go on with those for which there is room now."""
        with self._lock:
            if isinstance(became, NoRoom) and len(self._parked[became.account]) < PARKED_MAX:
                self._parked[became.account].append(event_id)
            elif became is _AGAIN and not self._stopping:
                self._waiting.append(event_id)
            else:
                self._in_hand.discard(event_id)
            for account, parked in self._parked.items():
                if parked and self.rooms.has_room(account):
                    self._waiting.appendleft(parked.popleft())
                    self._has_work.notify()
