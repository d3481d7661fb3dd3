"""Telling: whoever waits for a payment is told that it has changed. Nothing rests on it.

What is told waits in memory for a moment and goes out together, so that those who apply events
never wait for it. Without Redis, or with more than fits, it is dropped: who waits also asks.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

import redis
import structlog

from domain.wakeup import CHANGES_CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Tell = Callable[[Iterable[str]], None]

log = structlog.get_logger()

WAITING_MAX = 1_000
"""Batches of references that wait to be told; more are dropped."""

REFERENCES_PER_MESSAGE_MAX = 500
"""References in one message."""

EVERY_S = 0.02
"""A message goes out no sooner than this after the one before: what changes meanwhile is told in
the next. Who changes alone is told of at once."""

SILENCE_S = 1.0
"""How long nothing is told after Redis did not take a message."""


def nobody(references: Iterable[str]) -> None:
    """Tell nobody."""
    del references


class Teller(threading.Thread):
    """Tells of changes, in a thread of its own."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__(name="teller", daemon=True)
        self._client = client
        self._waiting: deque[tuple[str, ...]] = deque(maxlen=WAITING_MAX)
        self._rung = threading.Event()
        self._stopping = threading.Event()

    def tell(self, references: Iterable[str]) -> None:
        """Have it told that these payments have changed; never waits, never raises."""
        self._waiting.append(tuple(references))
        if not self._rung.is_set():
            self._rung.set()

    def stop(self) -> None:
        """End after the message in hand."""
        self._stopping.set()
        self._rung.set()

    def run(self) -> None:
        """Tell until told to stop."""
        while not self._stopping.is_set():
            self._rung.wait()
            self._rung.clear()
            self._tell_all()
            self._stopping.wait(EVERY_S)

    def _tell_all(self) -> None:
        while references := self._next():
            try:
                self._client.publish(CHANGES_CHANNEL, " ".join(references))
            except redis.RedisError as error:
                log.debug("change.untold", error_class=type(error).__name__)
                self._stopping.wait(SILENCE_S)
                self._waiting.clear()

    def _next(self) -> dict[str, None]:
        """Return the references of one message, none twice; nothing when none wait."""
        references: dict[str, None] = {}
        while self._waiting and len(references) < REFERENCES_PER_MESSAGE_MAX:
            references |= dict.fromkeys(self._waiting.popleft())
        return references
