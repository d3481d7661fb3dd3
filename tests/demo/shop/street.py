"""The street: customers, who open the page they are sent to and press a button."""

from __future__ import annotations

import asyncio
import contextlib
import random
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.demo.errors import ShopFailed
from tests.demo.shop.orders import Deed
from tests.simulator.connection import Connection, NoAnswer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.demo.shop.orders import Order

THINKS_S = (0.1, 0.5)
"""How long a customer looks at a page."""

ANSWER_S_MAX = 10.0
BUTTONS = {Deed.PAY: "pay", Deed.DECLINE: "decline", Deed.LEAVE: "leave"}
WELCOME = frozenset({HTTPStatus.OK, HTTPStatus.SEE_OTHER})


class Street:
    """All customers. `control_url` is the simulator's, where time is made to pass."""

    def __init__(self, control_url: str, *, seed: int) -> None:
        self._control_url = control_url
        self._seed = seed

    async def visit(self, order: Order, reference: str, page: str) -> None:
        """Have the customer do what the order says. Raises ShopFailed when the page does not."""
        if order.kind.deed is Deed.NEVER_COME:
            return
        rng = random.Random(f"street/{self._seed}/{order.number}")
        async with _connected(page) as connection:
            await _ask(connection, "GET", page)
            await asyncio.sleep(rng.uniform(*THINKS_S))
            await _ask(connection, "POST", f"{page}/{BUTTONS[order.kind.deed]}")
            if order.kind.deed is Deed.LEAVE and order.provider == "stripe":
                # A page that nobody came back to closes after a day; here it is over at once.
                await _ask(
                    connection, "POST", f"{self._control_url}/transactions/{reference}/expire"
                )


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Connection]:
    address = urlsplit(url)
    if address.hostname is None or address.port is None:
        raise ShopFailed(f"nobody can pay at {url}")
    connection = Connection(address.hostname, address.port, answer_s_max=ANSWER_S_MAX)
    try:
        yield connection
    finally:
        await connection.close()


async def _ask(connection: Connection, method: str, url: str) -> None:
    try:
        response = await connection.request(method, urlsplit(url).path, {})
    except NoAnswer as error:
        raise ShopFailed(f"{method} {url} had no answer: {error}") from error
    if response.status not in WELCOME:
        said = f"{response.status}: {response.body.decode()}"
        raise ShopFailed(f"{method} {url} was answered {said}")
