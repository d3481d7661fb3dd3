"""The history: every try that was made of the service, and what it came to.

Each try is one line of JSON on disk. What a run of an hour asks of it stays in memory, in arrays:
some twenty bytes for a try and nine for an event. What got no answer is unknown, for ever: only
another try of the same event can tell.
"""

from __future__ import annotations

import json
import threading
from array import array
from collections import Counter
from enum import IntEnum
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple, Self

from tests.chaos.acknowledged import Acknowledged
from tests.chaos.seconds import Second, Seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

WEBHOOK = "webhook"
"""What a genuine delivery of an event is called."""

FORGERY = "forgery"
HOSTILE = "hostile"

KINDS_MAX = 256
"""Kinds of tries; a byte holds one."""

FILE_BUFFER_BYTES = 1_048_576
NS = 1_000_000_000

Between = tuple[float, float]
"""Two moments on the monotonic clock, in seconds; the second one is not included."""


class Outcome(IntEnum):
    """What a try came to. Unknown may have had its effect, or not."""

    OK = 0
    REFUSED = 1
    UNKNOWN = 2


class Try(NamedTuple):
    """One request.

    `what` is WEBHOOK, FORGERY, HOSTILE or the name of an operation of the API; `who` sent it, `to`
    which front. Times are of the monotonic clock: `intended_s` is when the schedule wanted it,
    whether or not it could be sent then. `said` is what was answered, in a word or two, or the
    error. `event` is the sender's number of the event, -1 for what is none.
    """

    what: str
    who: str
    to: str
    intended_s: float
    began_s: float
    ended_s: float
    outcome: Outcome
    status: int
    said: str
    event: int = -1

    @property
    def latency_s(self) -> float:
        """From the intended time, so that a stalled receiver cannot hide its stall."""
        return self.ended_s - self.intended_s


class History:
    """Notes tries, from any thread; `acked` has the events that were answered 200.

    `forged` counts forgeries that were answered 200, by their kind. `stale` counts those apart that
    are a genuine request of an hour ago: where a clock was moved it may be let in, as a duplicate.
    `dishonest` counts refusals that did not say what they must.
    """

    def __init__(self, path: Path) -> None:
        self.acked = Acknowledged()
        self.forged: Counter[str] = Counter()
        self.stale = 0
        self.dishonest: Counter[str] = Counter()
        self.path = path
        self._file = path.open("w", buffering=FILE_BUFFER_BYTES, encoding="utf-8")
        self._lock = threading.Lock()
        self._kinds: dict[str, int] = {}
        self._kind = array("B")
        self._outcome = array("B")
        self._intended_s = array("d")
        self._late_s = array("f")
        self._latency_s = array("f")
        self._seconds = Seconds()
        self._counts: Counter[tuple[str, Outcome]] = Counter()
        self._said: Counter[tuple[str, str]] = Counter()
        self._statuses: Counter[tuple[str, int]] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what is not on disk yet; nothing can be noted any more."""
        with self._lock:
            self._file.close()

    @property
    def tries(self) -> int:
        """How many tries there were, of every kind."""
        return len(self._kind)

    def note(self, tried: Try) -> None:
        """Add a try that has ended: answered, refused, or given up as unknown."""
        with self._lock:
            self._file.write(_line(tried))
            kind = self._kinds.setdefault(tried.what, len(self._kinds))
            self._kind.append(kind)
            self._outcome.append(tried.outcome)
            self._intended_s.append(tried.intended_s)
            self._late_s.append(tried.began_s - tried.intended_s)
            self._latency_s.append(tried.latency_s)
            self._counts[tried.what, tried.outcome] += 1
            self._statuses[tried.what, tried.status] += 1
            if tried.outcome is not Outcome.OK:
                self._said[tried.what, tried.said] += 1
            if tried.what == WEBHOOK and self._seconds.add(tried.ended_s, _tally(tried)):
                self._file.flush()

    def counts(self, what: str = WEBHOOK) -> dict[Outcome, int]:
        """Return how many tries of a kind came to what, so far."""
        with self._lock:
            return {outcome: self._counts[what, outcome] for outcome in Outcome}

    def statuses(self, what: str = WEBHOOK) -> dict[int, int]:
        """Return how often tries of a kind had which HTTP status; 0 stands for no answer."""
        with self._lock:
            return {status: n for (kind, status), n in self._statuses.items() if kind == what}

    def said(self, what: str = WEBHOOK) -> dict[str, int]:
        """Return how often each refusal or error was met by tries of a kind."""
        with self._lock:
            return {said: n for (kind, said), n in self._said.items() if kind == what}

    def kinds(self) -> list[str]:
        """Return the kinds of tries there were."""
        with self._lock:
            return list(self._kinds)

    def outcomes(self, between: Between | None = None, what: str = WEBHOOK) -> dict[Outcome, int]:
        """Return what the tries of a kind came to that were meant for this time."""
        with self._lock:
            chosen = Counter(self._outcome[n] for n in self._chosen(between, what))
        return {outcome: chosen[outcome] for outcome in Outcome}

    def latencies(
        self,
        between: Between | None = None,
        what: str = WEBHOOK,
        outcome: Outcome | None = Outcome.OK,
    ) -> list[float]:
        """Return, sorted, the latencies in seconds of tries that were meant for this time.

        They count from the intended time. `outcome=None` is for tries of every outcome.
        """
        with self._lock:
            return sorted(
                self._latency_s[n]
                for n in self._chosen(between, what)
                if outcome is None or self._outcome[n] == outcome
            )

    def lateness(self, between: Between | None = None, what: str = WEBHOOK) -> list[float]:
        """Return, sorted, how long after its intended time each try was sent, in seconds."""
        with self._lock:
            return sorted(self._late_s[n] for n in self._chosen(between, what))

    def first_ok_s(self, after_s: float, what: str = WEBHOOK) -> float | None:
        """Return when the first try that was sent after a moment was answered 200, if any was."""
        with self._lock:
            ended = [
                self._intended_s[n] + self._latency_s[n]
                for n in self._chosen((after_s - 60.0, float("inf")), what)
                if self._outcome[n] == Outcome.OK
                and self._intended_s[n] + self._late_s[n] >= after_s
            ]
        return min(ended, default=None)

    def per_second(self) -> list[Second]:
        """Return the deliveries of every full second so far, by when they were answered."""
        with self._lock:
            return self._seconds.full()

    def _chosen(self, between: Between | None, what: str) -> Iterator[int]:
        """Return the positions of tries; the lock must be held until the last is taken."""
        kind = self._kinds.get(what, KINDS_MAX)
        everything = range(len(self._kind))
        if between is None:
            return (n for n in everything if self._kind[n] == kind)
        from_s, to_s = between
        is_within = (from_s <= at_s < to_s for at_s in self._intended_s)
        return (n for n in compress(everything, is_within) if self._kind[n] == kind)


def _line(tried: Try) -> str:
    return (
        f'{{"what":"{tried.what}","who":"{tried.who}","to":"{tried.to}",'
        f'"intended_ns":{int(tried.intended_s * NS)},"began_ns":{int(tried.began_s * NS)},'
        f'"ended_ns":{int(tried.ended_s * NS)},"outcome":"{tried.outcome.name.lower()}",'
        f'"status":{tried.status},"said":{json.dumps(tried.said)},"event":{tried.event}}}\n'
    )


def _tally(tried: Try) -> tuple[int, float]:
    return tried.outcome, tried.latency_s
