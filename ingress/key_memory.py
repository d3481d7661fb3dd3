"""What is known of keys: those that were shown, and names that there is no key for, for a while.

Bounded: the names are a sender's word. Names without a key cannot push out a key.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from domain.errors import SignatureInvalid
from ingress.errors import KeyUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

FRESH_S = 3600.0
"""Seconds for which a key is used without asking again; one that has expired is found out then."""

KEPT_S = 86_400.0
"""Seconds for which it is used where asking again fails: a provider's bad day stops no webhooks."""

REFUSED_S = 60.0
"""Seconds for which a name that is no key is not asked for again."""

PAUSE_S = 3.0
"""Seconds for which a key is not asked for again after nobody has answered."""

KEYS_MAX = 64
"""Keys that are remembered; a provider has one or two at a time."""

VERDICTS_MAX = 1_024
"""Names without a key that are remembered; the oldest goes first."""


V = TypeVar("V")


class KeyName(NamedTuple):
    """Which key: one of the same name that is asked for elsewhere is another."""

    provider: str
    url: str
    name: str


@dataclass(slots=True)
class _Key:
    content: bytes
    fresh_until_s: float
    kept_until_s: float


class _Verdict(NamedTuple):
    """Why there is no key. `is_final`: the provider has said so."""

    words: str
    is_final: bool
    until_s: float


class KeyMemory:
    """Remembers keys and verdicts by name. Times are seconds of `clock`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._keys: dict[KeyName, _Key] = {}
        self._verdicts: dict[KeyName, _Verdict] = {}

    def __contains__(self, name: KeyName) -> bool:
        """Say whether the key was shown once and is remembered, however old."""
        return name in self._keys

    def key(self, name: KeyName) -> bytes | None:
        """Return the key; None where it has to be asked for.

        Raises SignatureInvalid where the provider said lately that there is none, KeyUnavailable
        where it has just not answered.
        """
        key, now_s = self._keys.get(name), self._clock()
        if key is not None and now_s < key.fresh_until_s:
            return key.content
        verdict = self._verdicts.get(name)
        if verdict is None or verdict.until_s <= now_s:
            return None
        if verdict.is_final:
            raise SignatureInvalid(verdict.words)
        raise KeyUnavailable(verdict.words)

    def shown(self, name: KeyName, content: bytes) -> None:
        """Remember a key; the one that was shown longest ago makes room."""
        now_s = self._clock()
        self._verdicts.pop(name, None)
        _put(self._keys, name, _Key(content, now_s + FRESH_S, now_s + KEPT_S), KEYS_MAX)

    def refused(self, name: KeyName, words: str) -> None:
        """Remember that there is no such key, or none any more."""
        self._keys.pop(name, None)
        verdict = _Verdict(words, is_final=True, until_s=self._clock() + REFUSED_S)
        _put(self._verdicts, name, verdict, VERDICTS_MAX)

    def unanswered(self, name: KeyName, words: str) -> None:
        """Go on with the key that is known, if it is not too old; else have it asked for later."""
        now_s = self._clock()
        key = self._keys.get(name)
        if key is not None and now_s < key.kept_until_s:
            key.fresh_until_s = now_s + PAUSE_S
            return
        verdict = _Verdict(words, is_final=False, until_s=now_s + PAUSE_S)
        _put(self._verdicts, name, verdict, VERDICTS_MAX)


def _put(table: dict[KeyName, V], name: KeyName, value: V, rows_max: int) -> None:
    table.pop(name, None)
    if len(table) >= rows_max:
        del table[next(iter(table))]
    table[name] = value
