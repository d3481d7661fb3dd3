"""The pulse: which threads are at work, and since when, so that a stalled one is noticed."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STALL_S_MAX = 60.0
"""Longest that a batch may take, or an event run by itself: all its waits are shorter."""

_busy_since_s: dict[int, float] = {}


@contextlib.contextmanager
def at_work() -> Iterator[None]:
    """Note that this thread is at work for as long as the block runs."""
    thread = threading.get_ident()
    _busy_since_s[thread] = time.monotonic()
    try:
        yield
    finally:
        _busy_since_s.pop(thread, None)


def beat() -> None:
    """Note that the work of this thread goes on; nothing where none was noted to have begun."""
    thread = threading.get_ident()
    if thread in _busy_since_s:
        _busy_since_s[thread] = time.monotonic()


def stalled(longest_s: float = STALL_S_MAX) -> int:
    """Return how many threads have been at one batch for longer than that."""
    oldest_s = time.monotonic() - longest_s
    return sum(since_s < oldest_s for since_s in tuple(_busy_since_s.values()))
