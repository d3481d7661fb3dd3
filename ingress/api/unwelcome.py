"""The unwelcome: addresses that had too many requests without a valid key, as known here."""

from __future__ import annotations

import time
from dataclasses import dataclass

LOOK_EVERY_S = 1.0
"""Seconds between two keys of one such address that are looked up: one may be new and good."""

ADDRESSES_MAX = 10_000
"""Addresses remembered; the one that was first told longest ago is forgotten for a new one."""


@dataclass(slots=True)
class _Away:
    until_s: float
    look_at_s: float


class Unwelcome:
    """Remembers who was told to stay away, and for how long."""

    def __init__(self) -> None:
        self._away: dict[str, _Away] = {}

    def note(self, address: str, away_s: int) -> None:
        """Note that the address was told to stay away for so many seconds."""
        now_s = time.monotonic()
        away = self._away.get(address)
        if away is not None:
            away.until_s = now_s + away_s
            return
        if len(self._away) >= ADDRESSES_MAX:
            del self._away[next(iter(self._away))]
        self._away[address] = _Away(now_s + away_s, now_s)

    def away_s(self, address: str) -> int:
        """Return for how many seconds more; 0 for whoever may be looked up now."""
        away, now_s = self._away.get(address), time.monotonic()
        if away is None:
            return 0
        if away.until_s <= now_s:
            del self._away[address]
            return 0
        if away.look_at_s <= now_s:
            away.look_at_s = now_s + LOOK_EVERY_S
            return 0
        return max(1, round(away.until_s - now_s))
