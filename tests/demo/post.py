"""The post: takes to the ingress what the simulated provider tells, while the play goes on.

It is the same courier that plays the recorded morning, so that its answers are the same evidence.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from typing import TYPE_CHECKING

from tests.demo.errors import NotQuiet
from tests.simulator.courier import Parcel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.courier import Answer, Courier
    from tests.simulator.notice import Notice
    from tests.simulator.provider import Provider

LOOK_S = 0.05
REPEATED_SHARE = 0.2
"""Notices that are delivered a second time."""

DELIVERED_S_MAX = 60.0


class Post:
    """Delivers at least once, but for what it was told to lose."""

    def __init__(self, provider: Provider, courier: Courier, *, seed: int) -> None:
        self.lost = 0
        self._provider = provider
        self._courier = courier
        self._rng = random.Random(f"post/{seed}")
        self._to_lose: set[bytes] = set()
        self._taken = 0
        self._delivered = 0
        self._is_over = threading.Event()
        self._failure: BaseException | None = None

    @property
    def answers(self) -> list[Answer]:
        """What the deliveries came to; complete once it is idle."""
        return self._courier.answers

    @property
    def is_idle(self) -> bool:
        """Whether all that has been told so far is delivered. Raises what a delivery failed of."""
        if self._failure is not None:
            raise self._failure
        return self._delivered == len(self._provider.notices)

    def lose(self, reference: str) -> None:
        """Deliver nothing that names this payment."""
        self._to_lose.add(reference.encode())

    @contextlib.contextmanager
    def delivering(self) -> Iterator[None]:
        """Deliver in a thread until the end of the context."""
        thread = threading.Thread(target=self._run, name="post", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            thread.join(DELIVERED_S_MAX)
        if thread.is_alive():
            raise NotQuiet(f"webhooks were not delivered within {DELIVERED_S_MAX:.0f} s")

    def _run(self) -> None:
        try:
            asyncio.run(self._deliver())
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits for us
            self._failure = error

    async def _deliver(self) -> None:
        while not self._is_over.is_set():
            notices = list(self._provider.notices[self._taken :])
            if notices:
                self._taken += len(notices)
                await self._courier.deliver(self._parcels(notices))
                self._delivered = self._taken
            await asyncio.sleep(LOOK_S)

    def _parcels(self, notices: list[Notice]) -> list[Parcel]:
        kept = [notice for notice in notices if not self._is_to_lose(notice)]
        self.lost += len(notices) - len(kept)
        again = [notice for notice in kept if self._rng.random() < REPEATED_SHARE]
        return [
            *(Parcel(notice, 0.0) for notice in kept),
            *(Parcel(notice, 0.0, is_repeat=True) for notice in again),
        ]

    def _is_to_lose(self, notice: Notice) -> bool:
        return any(reference in notice.body for reference in self._to_lose)
