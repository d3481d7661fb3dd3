"""Asking the API as a careful service does: the same request under the same key until answered."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.simulator.connection import Connection, NoAnswer
from tests.soak.errors import SoakFailed

if TYPE_CHECKING:
    import random
    import uuid
    from collections import Counter
    from types import TracebackType
    from typing import Self

ANSWER_S_MAX = 5.0
PAUSE_S_FIRST = 0.05
PAUSE_S_MAX = 1.0
GIVE_UP_S = 60.0
"""How long one request is repeated; a killed web is back after some seconds."""

KEY_IN_USE = "idempotency_key_in_use"
TO_BE_REPEATED = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT})


@dataclass(frozen=True, slots=True)
class Answer:
    """The final answer to one request, byte for byte."""

    status: int
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """What it says."""
        told: dict[str, Any] = json.loads(self.body)
        return told


class Line:
    """One connection to the API; `tries` counts, over all lines, what each try came to."""

    def __init__(
        self, ingress_url: str, api_key: str, *, rng: random.Random, tries: Counter[str]
    ) -> None:
        address = urlsplit(ingress_url)
        if address.hostname is None or address.port is None:
            raise ValueError("the address of the ingress names no host and port")
        self._connection = Connection(address.hostname, address.port, answer_s_max=ANSWER_S_MAX)
        self._api_key = api_key
        self._rng = rng
        self._tries = tries

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._connection.close()

    async def post(self, path: str, asked: object, key: uuid.UUID) -> Answer:
        """Ask until there is an answer that a repeat would not change.

        Raises SoakFailed when there is none for GIVE_UP_S.
        """
        headers = {
            "authorization": f"Bearer {self._api_key}",
            "content-type": "application/json",
            "idempotency-key": str(key),
        }
        body = json.dumps(asked).encode()
        give_up_at_s = time.monotonic() + GIVE_UP_S
        pause_s, last = PAUSE_S_FIRST, "nothing"
        while time.monotonic() < give_up_at_s:
            try:
                response = await self._connection.post(path, headers, body)
            except NoAnswer as error:
                self._tries["without an answer"] += 1
                last = str(error)
            else:
                self._tries[str(response.status)] += 1
                if not _is_to_repeat(response.status, response.body):
                    return Answer(response.status, response.body)
                last = f"{response.status} {response.body.decode(errors='replace')}"
            await asyncio.sleep(self._rng.uniform(pause_s / 2, pause_s))
            pause_s = min(PAUSE_S_MAX, 2 * pause_s)
        raise SoakFailed(f"POST {path} had no answer for {GIVE_UP_S:.0f} s; the last was {last}")


def _is_to_repeat(status: int, body: bytes) -> bool:
    """A 5xx means "unknown": only the same request under the same key can tell."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in TO_BE_REPEATED:
        return True
    return status == HTTPStatus.CONFLICT and json.loads(body)["code"] == KEY_IN_USE
