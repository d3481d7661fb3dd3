"""Asking the API as a careful service does: the same request under the same key until answered."""

from __future__ import annotations

import asyncio
import time
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.chaos.history import Outcome, Try
from tests.chaos.traffic.journal import Asked, Told
from tests.chaos.traffic.wire import NO_STATUS, Answer, Exchange

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from tests.chaos.history import History
    from tests.chaos.traffic.journal import Journal
    from tests.chaos.traffic.wire import Front

PAUSE_S_FIRST = 0.1
PAUSE_S_MAX = 2.0
"""Between two tries; each try goes to the next front."""

TO_BE_REPEATED = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT})
KEY_IN_USE = "idempotency_key_in_use"
WHO = "shop"
ALLOWED_5XX = HTTPStatus.SERVICE_UNAVAILABLE


class Asking:
    """Sends requests of one client; all in the thread of one loop.

    Every try is noted in the history under the name of its operation, every answer that a repeat
    would not change in the journal.
    """

    def __init__(
        self,
        fronts: Sequence[Front],
        api_key: str,
        history: History,
        journal: Journal,
        rng: random.Random,
    ) -> None:
        self._fronts = fronts
        self._api_key = api_key
        self._history = history
        self._journal = journal
        self._rng = rng
        self._turn = 0

    def key(self) -> uuid.UUID:
        """Return a new key."""
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)

    async def post(self, asked: Asked) -> Told:
        """Ask until there is a final answer, and note it; goes on until then, or is cancelled."""
        told = await self._until_told("POST", asked.what, asked.path, asked.body, asked.key)
        self._journal.answered(asked, told)
        return told

    async def refused(self, asked: Asked) -> Told:
        """Ask as `post` does for what must be refused; its answer is not the key's."""
        return await self._until_told("POST", "misuse", asked.path, asked.body, asked.key)

    async def post_without_key(self, what: str, path: str, body: bytes) -> Told:
        """Ask as `post` does, with nothing but the request itself to know it by."""
        return await self._until_told("POST", what, path, body, None)

    async def get(self, path: str) -> Told:
        """Look at something."""
        return await self._until_told("GET", "look", path, b"", None)

    async def _until_told(
        self, method: str, what: str, path: str, body: bytes, key: uuid.UUID | None
    ) -> Told:
        pause_s = PAUSE_S_FIRST
        while True:
            answer = await self._try(what, f"{method} {path}", body, key)
            if not _is_to_repeat(answer):
                return Told(answer.status, answer.body)
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                self._note_5xx(what, answer)
            await asyncio.sleep(self._rng.uniform(pause_s / 2, pause_s))
            pause_s = min(PAUSE_S_MAX, 2 * pause_s)

    def _note_5xx(self, what: str, answer: Answer) -> None:
        if answer.status != ALLOWED_5XX:
            self._journal.unexpected.note(f"{what} was answered {answer.status}")

    async def _try(self, what: str, line: str, body: bytes, key: uuid.UUID | None) -> Answer:
        self._turn += 1
        front = self._fronts[self._turn % len(self._fronts)]
        head = [
            f"{line} HTTP/1.1",
            f"host: {front.host}",
            f"authorization: Bearer {self._api_key}",
            f"content-length: {len(body)}",
        ]
        if body:
            head.append("content-type: application/json")
        if key is not None:
            head.append(f"idempotency-key: {key}")
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        exchange = Exchange("\r\n".join([*head, "", ""]).encode() + body, _Settler(answered))
        front.send(exchange)
        answer = await answered
        self._note(what, front, exchange, answer)
        return answer

    def _note(self, what: str, front: Front, exchange: Exchange, answer: Answer) -> None:
        told, said = Told(answer.status, answer.body), answer.error
        outcome = Outcome.UNKNOWN
        if answer.status != NO_STATUS:
            is_ok = answer.status < HTTPStatus.MULTIPLE_CHOICES
            outcome = Outcome.OK if is_ok else Outcome.REFUSED
            said = "" if is_ok else told.code
        began_s, now_s = exchange.began_s, time.monotonic()
        self._history.note(
            Try(what, WHO, front.name, began_s, began_s, now_s, outcome, answer.status, said)
        )


class _Settler:
    """Hands an answer to a future that may have been cancelled."""

    __slots__ = ("_future",)

    def __init__(self, future: asyncio.Future[Answer]) -> None:
        self._future = future

    def __call__(self, answer: Answer) -> None:
        if not self._future.done():
            self._future.set_result(answer)


def _is_to_repeat(answer: Answer) -> bool:
    """No answer and a 5xx mean "unknown": only the same request under the same key can tell."""
    status = answer.status
    if status == NO_STATUS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    if status in TO_BE_REPEATED:
        return True
    return status == HTTPStatus.CONFLICT and Told(status, answer.body).code == KEY_IN_USE
