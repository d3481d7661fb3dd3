"""The post: delivers events when the schedule says so, and again until they are answered 200.

Open-loop: a receiver that stalls does not slow the schedule, it makes deliveries late, which their
latency shows. What has to be tried again goes gently, because a receiver that comes back to a flood
is a receiver that goes away again.
"""

from __future__ import annotations

import heapq
import json
import random
import time
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.chaos.history import FORGERY, WEBHOOK, Outcome, Try
from tests.chaos.traffic.retries import Retries
from tests.chaos.traffic.wire import NO_STATUS, Answer, Exchange, Front
from tests.simulator.forgery import Forgery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.history import History
    from tests.chaos.traffic.events import Delivery
    from tests.chaos.traffic.senders import Senders
    from tests.chaos.traffic.town import Payment

HURRY = 3.0
"""How much quicker stories are told to their end when nothing new begins any more."""

TELL_WHEN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
RETRY_AFTER = b"\r\nretry-after: "

ACKED_KEPT = 64
"""Deliveries that are kept for forgers to copy."""


class Post:
    """Delivers; to be used in the thread of one loop. Times are seconds of the traffic."""

    def __init__(
        self, fronts: Sequence[Front], senders: Senders, history: History, *, seed: int
    ) -> None:
        self.sent = 0
        self.events = 0
        self.refused = 0
        self.unknown = 0
        self.acked: deque[Delivery] = deque(maxlen=ACKED_KEPT)
        self._fronts = fronts
        self._senders = senders
        self._history = history
        self._began_s = time.monotonic()
        self._schedule: list[Delivery] = []
        self._due: deque[Delivery] = deque()
        self._retries = Retries(random.Random(f"post/{seed}"))
        self._under_way = 0
        self._turn = 0

    def begin(self) -> None:
        """Count the traffic's time from now."""
        self._began_s = time.monotonic()

    @property
    def now_s(self) -> float:
        """The traffic's time."""
        return time.monotonic() - self._began_s

    @property
    def late_s(self) -> float:
        """How long the oldest delivery that was never sent has been due."""
        return self.now_s - self._due[0].due_s if self._due else 0.0

    @property
    def waiting(self) -> int:
        """How many deliveries are due and not answered for good."""
        return len(self._due) + len(self._retries) + self._under_way

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to be delivered."""
        return not self._schedule and not self.waiting

    def take(self, payment: Payment) -> None:
        """Schedule what will be told of a payment."""
        for delivery in payment.deliveries:
            heapq.heappush(self._schedule, delivery)

    def deliver(self, delivery: Delivery) -> None:
        """Schedule one delivery more."""
        heapq.heappush(self._schedule, delivery)

    def hurry(self, now_s: float) -> None:
        """Tell quicker what has begun by now, repeat nothing, and forget what has not begun."""
        kept = []
        for delivery in self._schedule:
            if delivery.event.begins_s > now_s or delivery.is_repeat or delivery.forgery:
                continue
            delivery.due_s = now_s + (delivery.due_s - now_s) / HURRY
            kept.append(delivery)
        heapq.heapify(kept)
        self._schedule = kept

    def turn(self) -> None:
        """Send all that is due and fits."""
        now_s = self.now_s
        for each in self._fronts:
            each.give_up()
        while self._schedule and self._schedule[0].due_s <= now_s:
            self._due.append(heapq.heappop(self._schedule))
        while self._due and (front := self._free()) is not None:
            self._send(self._due.popleft(), front)
        while (delivery := self._retries.next(now_s)) is not None:
            other = self._free()
            if other is None:
                self._retries.keep(delivery)
                return
            delivery.due_s = now_s  # when it is tried again is our affair, not the receiver's
            self._send(delivery, other)

    def _free(self) -> Front | None:
        """Return the next front in turn that takes more, if there is any."""
        for _ in self._fronts:
            self._turn += 1
            front = self._fronts[self._turn % len(self._fronts)]
            if not front.is_full:
                return front
        return None

    def _send(self, delivery: Delivery, front: Front) -> None:
        """Send a try. `Exchange.began_s` is set by the front."""
        request = self._senders.request(delivery, front.host)
        exchange = Exchange(
            request, lambda answer: self._answered(delivery, front, exchange, answer)
        )
        self.sent += 1
        self._under_way += 1
        if not delivery.event.is_sent:
            delivery.event.is_sent = True
            self.events += 1
        front.send(exchange)

    def _answered(
        self, delivery: Delivery, front: Front, exchange: Exchange, answer: Answer
    ) -> None:
        self._under_way -= 1
        outcome, said = self._read(delivery, answer)
        event = delivery.event
        self._history.note(
            Try(
                WEBHOOK if delivery.forgery is None else FORGERY,
                event.notice.provider,
                front.name,
                self._began_s + delivery.due_s,
                exchange.began_s,
                time.monotonic(),
                outcome,
                answer.status,
                said,
                event.number,
            )
        )
        if delivery.forgery is not None:
            return
        self._retries.ended(delivery, is_ok=outcome is Outcome.OK)
        if outcome is Outcome.OK:
            self.acked.append(delivery)
            return
        delivery.tries += 1
        self._retries.add(delivery, self.now_s)

    def _read(self, delivery: Delivery, answer: Answer) -> tuple[Outcome, str]:
        """Return what a try came to; a 200 that cannot be read is unknown."""
        if answer.status == NO_STATUS:
            self.unknown += 1
            return Outcome.UNKNOWN, answer.error
        try:
            told = json.loads(answer.body)
            if answer.status != HTTPStatus.OK:
                self.refused += 1
                if answer.status in TELL_WHEN and RETRY_AFTER not in answer.head:
                    self._history.dishonest[f"{answer.status} without Retry-After"] += 1
                return Outcome.REFUSED, str(told["code"])
            word, event_id = str(told["status"]), int(told["event_id"])
        except (ValueError, LookupError, TypeError):
            self.unknown += 1
            return Outcome.UNKNOWN, f"unreadable {answer.status}"
        if delivery.forgery is None:
            self._history.acked.add(
                delivery.event.number, event_id, is_duplicate=word == "duplicate"
            )
        elif delivery.forgery is Forgery.STALE and word == "duplicate":
            self._history.stale += 1
        else:
            self._history.forged[f"{delivery.forgery.name} was {word}"] += 1
        return Outcome.OK, f"{word} {event_id}"
