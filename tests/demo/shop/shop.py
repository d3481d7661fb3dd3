"""The shop at work: it asks for payments, sends customers to pay, and does what comes after."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.demo.errors import ShopFailed
from tests.demo.shop.aftermath import Aftermath
from tests.demo.shop.line import WAIT_S_MAX
from tests.demo.shop.orders import After

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.demo.shop.journal import Journal
    from tests.demo.shop.line import Line
    from tests.demo.shop.orders import Order
    from tests.demo.shop.street import Street

PAGE_S_MAX = 3.0
"""Longest that the shop waits for a page of a payment that is at its provider; it then asks for
another one. Where a provider names the page only once, a lost answer has lost it for good."""

TOLD_S_MAX = 1.5
"""How long the shop waits for what its customer did before it has the provider asked."""

VERIFICATIONS_MAX = 20
OPEN = frozenset({"pending", "processing"})


class Shop:
    """Serves orders over real HTTP; the journal grows as it is answered.

    `on_started` hears of each order's payment before any customer knows of it.
    """

    def __init__(
        self,
        line: Line,
        street: Street,
        journal: Journal,
        on_started: Callable[[str, Order], None],
    ) -> None:
        self._line = line
        self._street = street
        self._journal = journal
        self._on_started = on_started
        self._aftermath = Aftermath(line, journal)

    async def serve(self, orders: Sequence[Order], *, within_s: float) -> None:
        """Serve all, each at its share of `within_s`; return when all have come to their end.

        Raises ShopFailed, in a group, when something does not go as a shop may expect.
        """
        async with asyncio.TaskGroup() as tasks:
            for order in orders:
                tasks.create_task(self._serve(order, order.due * within_s))

    async def _serve(self, order: Order, after_s: float) -> None:
        await asyncio.sleep(after_s)
        order, reference, page = await self._started(order)
        if order.kind.after is After.CANCEL:
            await self._aftermath.cancel(order, reference)
            return
        await self._street.visit(order, reference, page)
        if order.kind.after is After.FORGET:
            self._journal.forgotten.add(reference)
            return
        payment = await self._ended(order, reference)
        await self._aftermath.follow(order, payment)

    async def _started(self, order: Order) -> tuple[Order, str, str]:
        """Ask for a payment until there is one with a page; return it."""
        while True:
            answer = await self._line.post(
                order, "payment", "/v1/payments", order.body(), again=order.is_repeated
            )
            if answer.status != HTTPStatus.ACCEPTED:
                raise ShopFailed(f"a payment was answered {answer.status}: {answer.body.decode()}")
            reference: str = answer.told["reference"]
            self._journal.payments[reference] = order
            self._on_started(reference, order)
            page = await self._page(reference)
            if page is not None:
                return order, reference, page
            self._journal.given_up.add(reference)
            await self._aftermath.cancel(order, reference)
            order = order.anew()

    async def _page(self, reference: str) -> str | None:
        """Return the page of a payment; None where its provider has it and names no page."""
        loop = asyncio.get_running_loop()
        there_since_s: float | None = None
        payment: dict[str, Any] = {}
        while not (page := payment.get("authorization_url")):
            if payment.get("state") == "processing":
                there_since_s = there_since_s or loop.time()
                if loop.time() - there_since_s > PAGE_S_MAX:
                    return None
            payment = await self._line.get(f"/v1/payments/{reference}", wait_s=PAGE_S_MAX)
            if payment["state"] not in OPEN:
                raise ShopFailed(f"{reference} is {payment['state']} before anybody could pay")
        return str(page)

    async def _ended(self, order: Order, reference: str) -> dict[str, Any]:
        """Wait until the payment is no more open; have the provider asked when nobody tells."""
        payment = await self._settled(reference, within_s=TOLD_S_MAX)
        for number in range(VERIFICATIONS_MAX):
            if payment["state"] not in OPEN:
                return payment
            path = f"/v1/payments/{reference}/verify"
            answer = await self._line.post(order, f"verify {number}", path, {})
            if answer.status != HTTPStatus.ACCEPTED:
                raise ShopFailed(f"POST {path} was answered {answer.status}")
            payment = await self._settled(reference, within_s=WAIT_S_MAX)
        raise ShopFailed(f"{reference} is {payment['state']} however often its provider is asked")

    async def _settled(self, reference: str, *, within_s: float) -> dict[str, Any]:
        """Return the payment once it has ended, or as it is after `within_s`."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + within_s
        path = f"/v1/payments/{reference}"
        payment = await self._line.get(path)
        while payment["state"] in OPEN and (left_s := until_s - loop.time()) > 0:
            payment = await self._line.get(path, wait_s=left_s, version=payment["version"])
        return payment
