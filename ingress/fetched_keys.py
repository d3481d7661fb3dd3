"""Fetched keys: public keys that deliveries name and a provider has to be asked for.

The name of a key is a sender's word, and so is everything that comes of it: how often a provider is
asked is bounded, and so is who may wait for its answer.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from domain.errors import OutcomeUnknown, SignatureInvalid
from ingress.errors import KeyUnavailable
from ingress.key_memory import KeyMemory, KeyName
from ingress.key_requests import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.delivery import KeyWanted
    from ingress.key_requests import KeyRequests

LOOKUPS_MAX = 30
"""Names a provider is asked for in `WINDOW_S`, beside those whose keys are known already."""

WINDOW_S = 60.0

WAITING_MAX = 128
"""Requests that wait for a key at once; each holds its body."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


@dataclass(slots=True)
class _Lookups:
    """New names that one provider was asked for in a window."""

    ends_s: float = 0.0
    made: int = 0


class FetchedKeys:
    """The keys of all providers, asked for once however many deliveries wait for one."""

    def __init__(self, requests: KeyRequests, clock: Callable[[], float] = time.monotonic) -> None:
        self._requests = requests
        self._clock = clock
        self._memory = KeyMemory(clock)
        self._flights: dict[KeyName, asyncio.Task[None]] = {}
        self._lookups: dict[str, _Lookups] = {}
        self._waiting = 0

    async def key(self, provider: str, wanted: KeyWanted) -> bytes:
        """Return the key.

        Raises SignatureInvalid where the provider has no such key, KeyUnavailable where that
        cannot be found out just now.
        """
        name = KeyName(provider, wanted.url, wanted.name)
        found = self._memory.key(name)
        if found is None:
            await self._landed(self._flights.get(name) or self._begin(name, wanted))
            found = self._memory.key(name)
        if found is None:
            raise KeyUnavailable("the key was found and is forgotten already")
        return found

    async def stop(self) -> None:
        """Give up what is still being asked."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def _landed(self, flight: asyncio.Task[None]) -> None:
        """Wait for the flight, which goes on without whoever goes away."""
        if self._waiting >= WAITING_MAX:
            raise KeyUnavailable("too many wait for keys")
        self._waiting += 1
        try:
            await asyncio.shield(flight)
        finally:
            self._waiting -= 1

    def _begin(self, name: KeyName, wanted: KeyWanted) -> asyncio.Task[None]:
        if name not in self._memory:
            self._count(name.provider)
        flight = asyncio.create_task(self._fly(name, wanted))
        self._flights[name] = flight
        flight.add_done_callback(lambda _: self._flights.pop(name, None))
        return flight

    def _count(self, provider: str) -> None:
        """Count a new name. Raises KeyUnavailable when there were too many of them."""
        lookups, now_s = self._lookups.setdefault(provider, _Lookups()), self._clock()
        if lookups.ends_s <= now_s:
            lookups.ends_s, lookups.made = now_s + WINDOW_S, 0
        if lookups.made >= LOOKUPS_MAX:
            retry_after_s = max(1, round(lookups.ends_s - now_s))
            raise KeyUnavailable("too many unknown keys were named", retry_after_s=retry_after_s)
        lookups.made += 1

    async def _fly(self, name: KeyName, wanted: KeyWanted) -> None:
        """Ask, and remember what came of it. Raises nothing: whoever waits looks at the memory."""
        started_s = self._clock()
        try:
            content = wanted.read(await self._requests.ask(wanted))
        except SignatureInvalid as error:
            self._memory.refused(name, error.diagnosis)
            event, reason = "key.refused", error.diagnosis
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no key for now
            foreseen = isinstance(error, (NoAnswer, OutcomeUnknown))
            event, reason = "key.unavailable", str(error) if foreseen else type(error).__name__
            self._memory.unanswered(name, reason)
        else:
            self._memory.shown(name, content)
            event, reason = "key.fetched", "asked"
        elapsed_ms = round((self._clock() - started_s) * 1000)
        log.info(event, provider=name.provider, reason=reason, elapsed_ms=elapsed_ms)
