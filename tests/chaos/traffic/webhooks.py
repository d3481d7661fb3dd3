"""Webhooks: the whole stream of them, from the town's payments to the last answer."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tests.chaos.traffic.announcer import Announcer
from tests.chaos.traffic.forgers import Forgers
from tests.chaos.traffic.post import Post
from tests.chaos.traffic.takings import Part, Takings
from tests.chaos.traffic.town import Town

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.history import History
    from tests.chaos.traffic.senders import Senders
    from tests.chaos.traffic.wire import Front

AHEAD_S = 12.0
"""How long before it begins a payment is made up and announced."""

MADE_AT_ONCE_S = 0.1
MADE_PER_TURN_MAX = 20
"""How much is made up in one go, in seconds of the schedule and in payments: a dozen in a row cost
half of what they do one by one, and must still not hold up what is due."""


class Webhooks:
    """To be turned by one loop; `takings` has what is true of every payment that has begun."""

    def __init__(
        self,
        fronts: Sequence[Front],
        senders: Senders,
        history: History,
        *,
        seed: int,
        rate_per_s: float,
        database_url: str,
    ) -> None:
        self.post = Post(fronts, senders, history, seed=seed)
        self._town = Town(seed, rate_per_s)
        self.takings = Takings(self._town.prefix)
        self.announcer = Announcer(database_url, lambda: self.post.now_s)
        self._forgers = Forgers(seed)
        self._to_begin: deque[tuple[float, list[Part]]] = deque()
        self._is_stopped = False

    @property
    def is_idle(self) -> bool:
        """Whether everything that has begun is told and known."""
        return self._is_stopped and self.post.is_idle and self.announcer.is_idle

    def prepare(self) -> None:
        """Make up and announce what begins first. Raises psycopg.Error."""
        while self._town.next_begins_s < AHEAD_S:
            self._make()
        self.announcer.announce_now()

    def begin(self) -> None:
        """Count the traffic's time from now."""
        self.post.begin()
        self.announcer.start()

    def stop(self) -> None:
        """Begin no more payments; tell the end of those that have begun."""
        if self._is_stopped:
            return
        self._is_stopped = True
        now_s = self.post.now_s
        self._book(now_s)
        self._to_begin.clear()
        self.post.hurry(now_s)
        self.announcer.hurry()

    def turn(self) -> None:
        """Do what is due."""
        now_s = self.post.now_s
        if not self._is_stopped:
            self._make_some(now_s)
            self._book(now_s)
            forgery = self._forgers.due(now_s, self.post.acked)
            if forgery is not None:
                self.post.deliver(forgery)
        self.post.turn()

    def _make_some(self, now_s: float) -> None:
        if self._town.next_begins_s >= now_s + AHEAD_S:
            return
        for _ in range(MADE_PER_TURN_MAX):
            if self._town.next_begins_s < now_s + AHEAD_S + MADE_AT_ONCE_S:
                self._make()

    def _make(self) -> None:
        payment = self._town.payment()
        self.post.take(payment)
        self.announcer.take(payment)
        self._to_begin.append((payment.begins_s, payment.parts))

    def _book(self, now_s: float) -> None:
        while self._to_begin and self._to_begin[0][0] <= now_s:
            self.takings.add(self._to_begin.popleft()[1])
