"""The post office: delivers webhooks as things happen; at least once, unless told to lose some."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.simulator.connection import Connection, NoAnswer
from tests.simulator.signing import SIGNERS, Signable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.simulator.notice import Notice

CONNECTIONS = 8
ANSWER_S_MAX = 5.0
PAUSE_S_FIRST = 0.1
PAUSE_S_MAX = 2.0
GIVE_UP_S = 300.0
"""How long one delivery is tried; a provider tries for days, and a test is over by then."""


@dataclass(frozen=True, slots=True)
class Postage:
    """Where webhooks go and how badly.

    `url` is the receiver's, with `{provider}` in its path or none, which stands for
    `/webhooks/{provider}`. Shares are of 1: never delivered, and delivered twice. `delay_s` is the
    longest time that a webhook lies here. A provider without a secret tells nothing.
    """

    url: str
    secrets: Mapping[str, str]
    lose_share: float = 0.0
    double_share: float = 0.0
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what nothing can be delivered to."""
        address = urlsplit(self.url)
        if address.scheme != "http" or not address.hostname:
            raise ValueError("webhooks go to an address that begins with http://")


class PostOffice:
    """Delivers to one receiver; `counted` says how often what came to pass."""

    def __init__(self, postage: Postage, seed: int) -> None:
        self.counted: Counter[str] = Counter()
        self._postage = postage
        self._secrets = dict(postage.secrets)
        self._rng = random.Random(f"{seed}/post")
        self._waiting: asyncio.Queue[tuple[Notice, bytes]] = asyncio.Queue()
        self._numbers = itertools.count(1)
        self._run = f"sim-{seed:x}-{time.time_ns():x}"

    def sign_with(self, provider: str, secret: str) -> None:
        """Sign what this provider tells from now on with another secret, retries included."""
        self._secrets[provider] = secret

    def take(self, notice: Notice) -> None:
        """Take a notice to be delivered, or lose it."""
        if notice.provider not in self._secrets:
            self.counted["without a secret"] += 1
            return
        lost, doubled = self._rng.random(), self._rng.random()
        delays_s = [self._rng.uniform(0, self._postage.delay_s) for _ in range(2)]
        if lost < self._postage.lose_share:
            self.counted["lost"] += 1
            return
        self._post(notice, notice.body, delays_s[0])
        if doubled < self._postage.double_share:
            self._post(notice, notice.repeated, delays_s[0] + delays_s[1])

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Deliver until the end of the context; what waits then is not delivered."""
        workers = [asyncio.create_task(self._work()) for _ in range(CONNECTIONS)]
        try:
            yield
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def deliveries(self) -> dict[str, int]:
        """Return how webhooks have gone, and how many are on their way."""
        done = self.counted["delivered"] + self.counted["given up"]
        return dict(self.counted) | {"under way": self.counted["posted"] - done}

    @property
    def is_idle(self) -> bool:
        """Whether everything that was taken has been delivered, lost or given up."""
        return not self.deliveries()["under way"]

    def _post(self, notice: Notice, body: bytes, delay_s: float) -> None:
        self.counted["posted"] += 1
        if not delay_s:
            self._waiting.put_nowait((notice, body))
            return
        loop = asyncio.get_running_loop()
        loop.call_later(delay_s, self._waiting.put_nowait, (notice, body))

    async def _work(self) -> None:
        address = urlsplit(self._postage.url)
        port = address.port or 80
        connection = Connection(
            address.hostname or "", port, answer_s_max=ANSWER_S_MAX, is_status_enough=True
        )
        try:
            while True:
                notice, body = await self._waiting.get()
                delivered = await self._until_answered(connection, notice, body)
                self.counted["delivered" if delivered else "given up"] += 1
        finally:
            await connection.close()

    async def _until_answered(self, connection: Connection, notice: Notice, body: bytes) -> bool:
        give_up_at_s = time.monotonic() + GIVE_UP_S
        pause_s = PAUSE_S_FIRST
        while time.monotonic() < give_up_at_s:
            with contextlib.suppress(NoAnswer):
                response = await connection.post(
                    self._path(notice), self._headers(notice, body), body
                )
                self.counted[f"answered {response.status}"] += 1
                if response.status < HTTPStatus.MULTIPLE_CHOICES:
                    return True
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_S_MAX)
        return False

    def _path(self, notice: Notice) -> str:
        path = urlsplit(self._postage.url).path
        if "{provider}" not in path:
            path = f"{path.rstrip('/')}/webhooks/{{provider}}"
        return path.replace("{provider}", notice.provider)

    def _headers(self, notice: Notice, body: bytes) -> dict[str, str]:
        """Sign anew for every try: the signature has the real time, whatever the clock says."""
        secret = self._secrets[notice.provider]
        signed = SIGNERS[notice.provider](
            secret, Signable(body, notice.message_id, int(time.time()))
        )
        request_id = f"{self._run}-{next(self._numbers)}"
        return signed | {"content-type": "application/json", "x-request-id": request_id}
