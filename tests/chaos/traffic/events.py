"""Events on their way: what a provider tells of once, and each delivery of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulator.forgery import Forgery
    from tests.simulator.notice import Notice


class Event:
    """What a provider tells of. `number` is its name in the history.

    `payment` is the number of its payment, which begins at `begins_s` of the traffic.
    """

    __slots__ = ("begins_s", "is_sent", "notice", "number", "payment")

    def __init__(self, number: int, notice: Notice, payment: int, begins_s: float) -> None:
        self.number = number
        self.notice = notice
        self.payment = payment
        self.begins_s = begins_s
        self.is_sent = False


class Delivery:
    """One delivery, which is tried until it is answered for good. `due_s` is when, of the traffic.

    `tries` counts those that had no answer or the wrong one.
    """

    __slots__ = ("due_s", "event", "forgery", "front", "is_repeat", "tries")

    def __init__(
        self,
        event: Event,
        due_s: float,
        *,
        is_repeat: bool = False,
        forgery: Forgery | None = None,
    ) -> None:
        self.event = event
        self.due_s = due_s
        self.is_repeat = is_repeat
        self.forgery = forgery
        self.tries = 0
        self.front = 0

    def __lt__(self, other: Delivery) -> bool:
        """Order by time, for a heap."""
        return self.due_s < other.due_s
