"""Sampling: requests that are asked again under their keys, much later and at the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Coroutine

    from tests.chaos.traffic.asking import Asking
    from tests.chaos.traffic.journal import Asked, Told

    Begin = Callable[[Coroutine[Any, Any, None]], None]

SHARE = 0.05
AGAIN_AFTER_S = (5.0, 60.0)
"""Keys that are asked for again later, and when; all of them once more at the end."""


class Sampling:
    """Asks for a client, and for some of it again; `begin` is given what goes on by itself."""

    def __init__(
        self, asking: Asking, rng: random.Random, stopped: asyncio.Event, begin: Begin
    ) -> None:
        self._asking = asking
        self._rng = rng
        self._stopped = stopped
        self._begin = begin
        self._sampled: list[Asked] = []

    async def post(self, asked: Asked) -> Told:
        """Ask until there is a final answer; maybe again, which must get the same."""
        told = await self._asking.post(asked)
        self.take(asked)
        return told

    def take(self, asked: Asked) -> None:
        """Maybe ask again for what was answered."""
        if self._rng.random() < SHARE:
            self._sampled.append(asked)
            self._begin(self._later(asked))

    async def compare_all(self) -> None:
        """Ask for everything once more that was asked for again."""
        for asked in self._sampled:
            await self._asking.post(asked)

    async def _later(self, asked: Asked) -> None:
        """Ask again after a while, or as soon as everything ends."""
        try:
            async with asyncio.timeout(self._rng.uniform(*AGAIN_AFTER_S)):
                await self._stopped.wait()
        except TimeoutError:
            await self._asking.post(asked)
