"""A circuit breaker: who does not answer is left alone for a while.

Our own, because the libraries at hand hold a lock while the protected call runs (calls would take
turns) or let every waiting call through at once when they try again.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.errors import OutcomeUnknown, ProviderAway
from domain.providers.api import SERVER_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAILURES_MAX = 5
"""Failures in a row after which the breaker opens."""

OPEN_S = 10.0
"""Seconds it stays open; then one call may try."""

PROBE_RETRY_S = 1.0
"""Seconds after which to ask again while that one call is under way."""

_TOO_SLOW = 408


class Breaker:
    """Opens after `FAILURES_MAX` calls in a row that failed; shared by threads.

    Open, it refuses every call at once. After `OPEN_S` it lets one through: its success closes the
    breaker, its failure opens it anew. A refusal by the provider is an answer, and no failure; so
    is what is not understood, which says more about one payment than about the provider.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until_s: float | None = None
        self._epoch = 0
        self._is_probed = False

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Let the block run, and learn from how it ends. Raises ProviderAway while open."""
        epoch = self._enter()
        try:
            yield
        except (ProviderAway, OutcomeUnknown) as error:
            self._learn(epoch, is_failure=_is_down(error))
            raise
        except BaseException:
            self._learn(epoch, is_failure=False)
            raise
        else:
            self._learn(epoch, is_failure=False)

    def _enter(self) -> int:
        with self._lock:
            if self._open_until_s is None:
                return self._epoch
            wait_s = self._open_until_s - self._clock()
            if wait_s > 0 or self._is_probed:
                raise ProviderAway("left alone", retry_after_s=max(wait_s, PROBE_RETRY_S))
            self._is_probed = True
            return self._epoch

    def _learn(self, epoch: int, *, is_failure: bool) -> None:
        """Count the end of a call; those that began before the breaker turned teach nothing."""
        with self._lock:
            if epoch != self._epoch:
                return
            self._failures = self._failures + 1 if is_failure else 0
            if is_failure and (self._is_probed or self._failures >= FAILURES_MAX):
                self._turn(self._clock() + OPEN_S)
            elif self._is_probed:
                self._turn(None)

    def _turn(self, open_until_s: float | None) -> None:
        self._epoch += 1
        self._failures, self._is_probed, self._open_until_s = 0, False, open_until_s


def _is_down(error: ProviderAway | OutcomeUnknown) -> bool:
    """Say whether it tells that the provider is down or overrun: no answer, 408, 429 or a 5xx."""
    if isinstance(error, ProviderAway) or error.http_status is None:
        return True
    return error.http_status == _TOO_SLOW or error.http_status >= SERVER_ERRORS
