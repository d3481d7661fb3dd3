"""The way to one provider account: bounded, repeated where that is safe, left alone when down.

From the outside in: a place among the calls at once, repeats, the breaker, the wire.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from domain.errors import OutcomeUnknown, ProviderAway, ProviderForbids
from domain.providers.api import AnswerUnclear
from workers.clients.breaker import Breaker
from workers.clients.limits import LIMITS, Limits
from workers.clients.wire import NotSent, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from domain.providers.api import ApiAnswer, ApiRequest, Pairs

BUSY_RETRY_S = 1.0
"""Seconds after which to ask again when all places are taken."""

T = TypeVar("T")


class Transport:
    """Carries the requests of one account of one provider. Shared by threads.

    `headers` go with every request; the key is among them. `at_once_max` is how many calls may be
    under way: others fail at once rather than keep a thread from the other providers.
    """

    def __init__(
        self,
        base_url: str,
        headers: Pairs,
        *,
        at_once_max: int,
        limits: Limits = LIMITS,
        breaker: Breaker | None = None,
    ) -> None:
        self._wire = Wire(base_url, headers, limits=limits)
        self._places = threading.BoundedSemaphore(at_once_max)
        self._limits = limits
        self._breaker = breaker or Breaker()

    def until_s(self) -> float:
        """Return when a question that is asked now has to be answered, on the monotonic clock."""
        return time.monotonic() + self._limits.repeats_s

    def call(
        self, request: ApiRequest, read: Callable[[ApiAnswer], T], *, until_s: float | None = None
    ) -> T:
        """Return what `read` makes of the answer; it raises the errors of `ProviderClient`.

        A request that is repeatable is sent again after a failure that may pass, in the time up to
        `until_s`. Any other is sent once.
        """
        limit_s = self.until_s() if until_s is None else until_s
        with self._place():
            if request.is_repeatable:
                return self._repeat(lambda: self._once(request, read, limit_s), limit_s)
            return self._once(request, read, limit_s)

    def close(self) -> None:
        """Close the connections that wait for another call."""
        self._wire.close()

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise ProviderAway("busy", retry_after_s=BUSY_RETRY_S)
        try:
            yield
        finally:
            self._places.release()

    def _once(self, request: ApiRequest, read: Callable[[ApiAnswer], T], until_s: float) -> T:
        with self._breaker.guard():
            call_until_s = min(until_s, time.monotonic() + self._limits.call_s)
            return read(self._wire.exchange(request, until_s=call_until_s))

    def _repeat(self, once: Callable[[], T], until_s: float) -> T:
        """Try again what failed by itself, not what the provider asked us to leave.

        What was answered but is not understood would be answered alike again. And once a try may
        have had its effect, a later one that had none is no proof of anything.
        """
        is_doubtful = False

        def tried() -> T:
            nonlocal is_doubtful
            try:
                return once()
            except OutcomeUnknown:
                is_doubtful = True
                raise

        try:
            return self._retrying(until_s)(tried)
        except (ProviderAway, ProviderForbids) as error:
            if is_doubtful:
                raise OutcomeUnknown(f"an earlier try is in doubt, and now: {error}") from None
            raise

    def _retrying(self, until_s: float) -> Retrying:
        return Retrying(
            retry=retry_if_exception(_may_pass),
            stop=stop_after_attempt(self._limits.attempts) | _TooLate(until_s),
            wait=wait_random_exponential(
                multiplier=self._limits.pause_s, max=self._limits.pause_s_max
            ),
            reraise=True,
        )


def _may_pass(error: BaseException) -> bool:
    is_unclear = isinstance(error, AnswerUnclear)
    return isinstance(error, (NotSent, OutcomeUnknown)) and not is_unclear


class _TooLate(stop_base):
    """Stops where the next pause would outlast the time."""

    def __init__(self, until_s: float) -> None:
        self._until_s = until_s

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Say whether the next try would begin too late."""
        return time.monotonic() + retry_state.upcoming_sleep >= self._until_s
