"""The pulse: which threads are at work, and since when, so that a stalled one is noticed."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

STALL_S_MAX = 60.0
"""Longest that a batch may take, or an event run by itself: all its waits are shorter."""

CALL_STALL_S_MAX = 600.0
"""Longest that one step of a command may take. Every call ends itself in half a minute; one that is
still there after ten has lost its thread for good. Until then the process goes on, since it also
applies what webhooks bring: one caller is not worth that."""


class _Work(NamedTuple):
    since_s: float
    longest_s: float


_busy: dict[int, _Work] = {}


@contextlib.contextmanager
def at_work(longest_s: float = STALL_S_MAX) -> Iterator[None]:
    """Note that this thread is at work for as long as the block runs.

    Without a beat for `longest_s` it counts as stalled.
    """
    thread = threading.get_ident()
    _busy[thread] = _Work(time.monotonic(), longest_s)
    try:
        yield
    finally:
        _busy.pop(thread, None)


def beat() -> None:
    """Note that the work of this thread goes on; nothing where none was noted to have begun."""
    thread = threading.get_ident()
    if (work := _busy.get(thread)) is not None:
        _busy[thread] = work._replace(since_s=time.monotonic())


def begin_anew() -> None:
    """Give every thread that is at work its time once more: none of them could use what it had."""
    for thread, work in tuple(_busy.items()):
        if thread in _busy:
            _busy[thread] = work._replace(since_s=time.monotonic())


def stalled(longest_s: float | None = None, *, in_s: float = 0.0) -> int:
    """Return how many threads will, `in_s` from now, have been at one thing for too long.

    That is longer than each may, or than `longest_s` where it is given.
    """
    at_s = time.monotonic() + in_s
    return sum(
        at_s - work.since_s > (work.longest_s if longest_s is None else longest_s)
        for work in tuple(_busy.values())
    )
