"""One way of a link: bytes from one end to the other, in order, late, or never."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from typing import TYPE_CHECKING

from tests.chaos.edges.faults import Way

if TYPE_CHECKING:
    from collections import Counter

    from tests.chaos.edges.faults import Faults
    from tests.chaos.edges.link import End, Link

QUEUE_BYTES_MAX = 1_048_576
"""Bytes under way on a slow lane; more are not read from their source."""

PIECE_S = 0.05
"""A throttled lane passes on what its rate allows in so many seconds, piece by piece."""

END = b""
"""No bytes: the source has no more to say."""


class Lane:
    """Belongs to one link; its faults are those of the whole edge."""

    def __init__(self, way: Way, link: Link, faults: Faults, counts: Counter[str]) -> None:
        self.has_hole = False
        self._way = way
        self._link = link
        self._faults = faults
        self._counts = counts
        self._bytes_name = f"bytes_{way}"
        self._queue: deque[tuple[float, bytes]] = deque()
        self._queued_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._free_at_s = 0.0
        self._last_due_s = 0.0
        self._end_is_held = False
        self._seen = b""

    @property
    def source(self) -> End:
        """Where its bytes come from."""
        return self._link.client if self._way is Way.TO_SERVER else self._link.server

    @property
    def target(self) -> End:
        """Where its bytes go."""
        return self._link.server if self._way is Way.TO_SERVER else self._link.client

    def feed(self, data: bytes) -> None:
        """Take what the source said."""
        self._counts[self._bytes_name] += len(data)
        faults = self._faults
        if self._way is Way.TO_SERVER:
            if faults.losses_left:
                self._look_for(data, faults)
        elif self._link.loses_next or faults.drops_next:
            faults.drops_next = False
            self._counts["answers_lost"] += 1
            self._link.reset()
            return
        if self._queue or faults.slows:
            self._put_off(data)
        elif self._way in faults.swallowed:
            self._swallow(data)
        else:
            self.target.write(data)

    def end(self) -> None:
        """Take it that the source has no more to say."""
        if self._queue or self._faults.slows:
            self._queue.append((self._last_due_s, END))
            self._wake()
        else:
            self._deliver(END)

    def flush(self) -> None:
        """Deliver at once what is under way; what is held is let go."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            self._deliver(self._queue.popleft()[1])
        self._queued_bytes = 0
        if self._end_is_held:
            self._end_is_held = False
            self._deliver(END)
        self.source.resume("queue")

    def drop(self) -> None:
        """Forget what is under way: the link is gone."""
        if self._timer is not None:
            self._timer.cancel()
        self._queue.clear()

    def _look_for(self, data: bytes, faults: Faults) -> None:
        """Find what is looked for, also where it came in two parts."""
        seen = self._seen + data
        if faults.lose_after in seen:
            faults.losses_left -= 1
            self._link.loses_next = True
            self._seen = b""
        else:
            self._seen = (
                seen[-(len(faults.lose_after) - 1) :] if len(faults.lose_after) > 1 else b""
            )

    def _swallow(self, data: bytes) -> None:
        self.has_hole = True
        self._counts["bytes_swallowed"] += len(data)

    def _put_off(self, data: bytes) -> None:
        now_s = asyncio.get_running_loop().time()
        rate = self._faults.bytes_per_s
        piece = max(1, int(rate * PIECE_S)) if rate else len(data)
        for start in range(0, len(data), piece):
            part = data[start : start + piece]
            self._queue.append((self._due_s(now_s, len(part)), part))
        self._queued_bytes += len(data)
        if self._queued_bytes > QUEUE_BYTES_MAX:
            self.source.pause("queue")
        self._wake()

    def _due_s(self, now_s: float, size: int) -> float:
        """Return when so many bytes have arrived: after the wire was free, and never overtaking."""
        faults = self._faults
        if faults.bytes_per_s:
            self._free_at_s = max(self._free_at_s, now_s) + size / faults.bytes_per_s
        else:
            self._free_at_s = now_s
        jitter_s = random.uniform(-faults.jitter_s, faults.jitter_s)
        due_s = self._free_at_s + max(0.0, faults.delay_s + jitter_s)
        self._last_due_s = max(self._last_due_s, due_s)
        return self._last_due_s

    def _wake(self) -> None:
        if self._timer is None and self._queue:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._queue[0][0], self._arrive)

    def _arrive(self) -> None:
        """Deliver all that is due."""
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        while self._queue and self._queue[0][0] <= now_s:
            data = self._queue.popleft()[1]
            self._queued_bytes -= len(data)
            self._deliver(data)
        if self._queued_bytes <= QUEUE_BYTES_MAX:
            self.source.resume("queue")
        self._wake()

    def _deliver(self, data: bytes) -> None:
        is_swallowed = self._way in self._faults.swallowed
        if data and is_swallowed:
            self._swallow(data)
        elif data:
            self.target.write(data)
        elif is_swallowed:
            self._end_is_held = True
        else:
            self.target.finish(self.source)
