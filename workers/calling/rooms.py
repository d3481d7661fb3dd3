"""Rooms: how many calls to one account may be under way, so that none takes all threads."""

from __future__ import annotations

import threading
from collections import Counter
from typing import NamedTuple


class NoRoom(NamedTuple):
    """A command that has to wait for another call to the same account to end."""

    account: tuple[str, str]


class Rooms:
    """Places by (provider, account). Who comes when all are taken is told so at once."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._lock = threading.Lock()
        self._taken: Counter[tuple[str, str]] = Counter()

    def enter(self, account: tuple[str, str]) -> bool:
        """Take a place if there is one; whoever got it calls `leave`."""
        with self._lock:
            if self._taken[account] >= self.places:
                return False
            self._taken[account] += 1
            return True

    def leave(self, account: tuple[str, str]) -> None:
        """Give the place back."""
        with self._lock:
            self._taken[account] -= 1

    def has_room(self, account: tuple[str, str]) -> bool:
        """Say whether there is a place right now."""
        with self._lock:
            return self._taken[account] < self.places
