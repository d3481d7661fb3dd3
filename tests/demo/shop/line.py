"""The line to the API, used as a careful service does: a request is repeated under its key."""

from __future__ import annotations

import asyncio
import json
import random
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode, urlsplit

from tests.demo.errors import ShopFailed
from tests.demo.shop.journal import Acknowledged, Answer
from tests.simulator.connection import Connection, NoAnswer

if TYPE_CHECKING:
    from types import TracebackType

    from tests.demo.shop.journal import Journal
    from tests.demo.shop.orders import Order
    from tests.simulator.connection import Response

WAIT_S_MAX = 5.0
"""Longest that a request asks to be made to wait for a change."""

ANSWER_S_MAX = WAIT_S_MAX + 5.0
"""Longest wait for an answer."""

PAUSE_S_FIRST = 0.05
PAUSE_S_MAX = 1.0
GIVE_UP_S = 60.0
"""How long one request is repeated; a process that was killed is back after some seconds."""

KEY_IN_USE = "idempotency_key_in_use"


class Line:
    """Connections to the API; what is asked and answered goes into the journal."""

    def __init__(self, ingress_url: str, api_key: str, journal: Journal, *, seed: int) -> None:
        self._address = urlsplit(ingress_url)
        self._headers = {
            "authorization": f"Bearer {api_key}",
            "content-type": "application/json",
        }
        self._journal = journal
        self._rng = random.Random(f"line/{seed}")
        self._free: list[Connection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for connection in self._free:
            await connection.close()

    async def post(
        self, order: Order, what: str, path: str, body: object, *, again: bool = False
    ) -> Answer:
        """Ask until there is an answer that a repeat would not change.

        `what` names the request among those of its order: its key. With `again` it is sent once
        more after it was answered. Raises ShopFailed when there is no answer for GIVE_UP_S.
        """
        key, content = order.key(what), json.dumps(body).encode()
        answers = [
            await self._until_answered("POST", path, content, {"idempotency-key": str(key)})
            for _ in range(1 + again)
        ]
        self._journal.posts.append(Acknowledged(path, key, answers))
        return answers[0]

    async def get(self, path: str, *, wait_s: float = 0.0, **query: object) -> dict[str, Any]:
        """Look at something that is there, waiting for a change where `wait_s` says so."""
        if wait_s:
            query["wait"] = f"{min(wait_s, WAIT_S_MAX):.3f}"
        whole = f"{path}?{urlencode(query)}" if query else path
        answer = await self._until_answered("GET", whole, b"", {})
        if answer.status != HTTPStatus.OK:
            raise ShopFailed(f"GET {whole} was answered {answer.status}: {answer.body.decode()}")
        return answer.told

    async def _until_answered(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> Answer:
        give_up_at_s = time.monotonic() + GIVE_UP_S
        pause_s, last = PAUSE_S_FIRST, "nothing"
        while time.monotonic() < give_up_at_s:
            try:
                response = await self._try(method, path, body, headers)
            except NoAnswer as error:
                self._journal.tries["without an answer"] += 1
                last = str(error)
            else:
                self._journal.tries[str(response.status)] += 1
                if not _is_to_repeat(response):
                    is_replay = response.headers.get("idempotent-replayed") == "true"
                    return Answer(response.status, response.body, is_replay)
                last = f"{response.status} {response.body.decode()}"
            await asyncio.sleep(self._rng.uniform(pause_s / 2, pause_s))
            pause_s = min(PAUSE_S_MAX, 2 * pause_s)
        raise ShopFailed(f"{method} {path} had no answer for {GIVE_UP_S:.0f} s; last: {last}")

    async def _try(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Response:
        """Ask once, over a connection that nobody else uses meanwhile. Raises NoAnswer."""
        connection = self._free.pop() if self._free else self._connection()
        try:
            return await connection.request(method, path, self._headers | headers, body)
        finally:
            self._free.append(connection)

    def _connection(self) -> Connection:
        host, port = self._address.hostname, self._address.port
        if host is None or port is None:
            raise ValueError("the address of the ingress names no host and port")
        return Connection(host, port, answer_s_max=ANSWER_S_MAX)


def _is_to_repeat(response: Response) -> bool:
    """A 5xx means "unknown": only the same request under the same key can tell."""
    status = response.status
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    return status == HTTPStatus.CONFLICT and json.loads(response.body)["code"] == KEY_IN_USE
