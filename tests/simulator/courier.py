"""The courier: delivers at least once, as providers do, and remembers every answer.

What gets no answer, or a 5xx, is sent again with the same bytes and a new signature until it is
answered; so an answer that was lost on its way shows as a duplicate.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.simulator.connection import Connection, NoAnswer
from tests.simulator.forgery import forged
from tests.simulator.signing import SIGNERS, Signable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.simulator.connection import Response
    from tests.simulator.forgery import Forgery
    from tests.simulator.notice import Notice

CONNECTIONS = 16
ANSWER_S_MAX = 5.0
"""Longest wait for an answer; providers wait 5 to 30 s."""

PAUSE_S_FIRST = 0.05
PAUSE_S_MAX = 1.0
"""Between two tries; a provider's are minutes, and nobody waits that long for a recording."""

GIVE_UP_S = 60.0
"""How long one delivery is tried."""


class DeliveryFailed(Exception):
    """The receiver was away for longer than we wait."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery to be made; `due` is its place in the morning, from 0 to 1."""

    notice: Notice
    due: float
    is_repeat: bool = False
    forgery: Forgery | None = None


@dataclass(slots=True)
class Answer:
    """What one delivery came to: the final answer, and the request id of every try."""

    parcel: Parcel
    status: int = 0
    word: str = ""
    event_id: int | None = None
    request_ids: list[str] = field(default_factory=list)

    @property
    def is_kept(self) -> bool:
        """Whether the receiver said that it has the event."""
        return self.status == HTTPStatus.OK

    @property
    def tries(self) -> int:
        """How often it was sent."""
        return len(self.request_ids)


class Courier:
    """Delivers parcels to one ingress; `answers` grows as it does."""

    def __init__(
        self,
        ingress_url: str,
        secrets: Mapping[str, str],
        *,
        seed: int,
        on_answer: Callable[[int], None] = lambda _: None,
        give_up_s: float = GIVE_UP_S,
    ) -> None:
        self.answers: list[Answer] = []
        self._address = urlsplit(ingress_url)
        self._secrets = secrets
        self._rng = random.Random(seed)
        self._run = f"sim-{seed:x}-{time.time_ns():x}"
        self._numbers = itertools.count(1)
        self._on_answer = on_answer
        self._give_up_s = give_up_s

    async def deliver(self, parcels: Sequence[Parcel], *, within_s: float = 0.0) -> None:
        """Deliver all, each at its share of `within_s`; return when the last is answered.

        Raises DeliveryFailed, in a group, when the receiver does not answer for `give_up_s`.
        """
        waiting: asyncio.Queue[Parcel | None] = asyncio.Queue()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(CONNECTIONS):
                tasks.create_task(self._work(waiting))
            await _feed(waiting, parcels, within_s)

    async def _work(self, waiting: asyncio.Queue[Parcel | None]) -> None:
        host, port = self._address.hostname, self._address.port
        if host is None or port is None:
            raise ValueError("the address of the ingress names no host and port")
        connection = Connection(host, port, answer_s_max=ANSWER_S_MAX)
        try:
            while (parcel := await waiting.get()) is not None:
                self.answers.append(await self._until_answered(connection, parcel))
                self._on_answer(len(self.answers))
        finally:
            await connection.close()

    async def _until_answered(self, connection: Connection, parcel: Parcel) -> Answer:
        answer = Answer(parcel)
        give_up_at_s = time.monotonic() + self._give_up_s
        while time.monotonic() < give_up_at_s:
            with contextlib.suppress(NoAnswer):
                response = await self._try(connection, parcel, answer)
                if not _is_to_retry(response.status, parcel):
                    return _noted(answer, response)
            longest_s = min(PAUSE_S_MAX, PAUSE_S_FIRST * 2 ** (answer.tries - 1))
            await asyncio.sleep(self._rng.uniform(longest_s / 2, longest_s))
        raise DeliveryFailed(f"{parcel.notice.type} was tried {answer.tries} times in vain")

    async def _try(self, connection: Connection, parcel: Parcel, answer: Answer) -> Response:
        headers, body = self._written(parcel)
        answer.request_ids.append(f"{self._run}-{next(self._numbers)}")
        headers |= {"content-type": "application/json", "x-request-id": answer.request_ids[-1]}
        return await connection.post(f"/webhooks/{parcel.notice.provider}", headers, body)

    def _written(self, parcel: Parcel) -> tuple[dict[str, str], bytes]:
        notice = parcel.notice
        secret = self._secrets[notice.provider]
        at_s = int(time.time())
        if parcel.forgery is not None:
            return forged(notice, parcel.forgery, secret, at_s)
        body = notice.repeated if parcel.is_repeat else notice.body
        return SIGNERS[notice.provider](secret, Signable(body, notice.message_id, at_s)), body


async def _feed(
    waiting: asyncio.Queue[Parcel | None], parcels: Sequence[Parcel], within_s: float
) -> None:
    began_s = time.monotonic()
    for parcel in sorted(parcels, key=lambda each: each.due):
        early_s = began_s + parcel.due * within_s - time.monotonic()
        if early_s > 0:
            await asyncio.sleep(early_s)
        waiting.put_nowait(parcel)
    for _ in range(CONNECTIONS):
        waiting.put_nowait(None)


def _is_to_retry(status: int, parcel: Parcel) -> bool:
    """A provider comes back after a 429 too; a forger is content with any refusal."""
    is_refused_for_now = status == HTTPStatus.TOO_MANY_REQUESTS and parcel.forgery is None
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or is_refused_for_now


def _noted(answer: Answer, response: Response) -> Answer:
    told = json.loads(response.body)
    answer.status = response.status
    if answer.is_kept:
        answer.word = told["status"]
        answer.event_id = int(told["event_id"])
    else:
        answer.word = told["code"]
    return answer
