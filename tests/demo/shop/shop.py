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

    Payment = dict[str, Any]
    """A payment as the API tells of it."""

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
        order, payment = await self._started(order)
        reference, page = payment["reference"], payment["authorization_url"]
        if order.kind.after is After.CANCEL:
            await self._aftermath.cancel(order, reference)
            return
        await self._street.visit(order, reference, page)
        if order.kind.after is After.FORGET:
            self._journal.forgotten.add(reference)
            return
        await self._aftermath.follow(order, await self._ended(order, payment))

    async def _started(self, order: Order) -> tuple[Order, Payment]:
        """Ask for a payment until there is one with a page; return it, and the order as it is."""
        while True:
            answer = await self._line.post(
                order, "payment", "/v1/payments", order.body(), again=order.is_repeated
            )
            if answer.status != HTTPStatus.ACCEPTED:
                raise ShopFailed(f"a payment was answered {answer.status}: {answer.body.decode()}")
            reference: str = answer.told["reference"]
            self._journal.payments[reference] = order
            self._on_started(reference, order)
            payment = await self._with_page(answer.told)
            if payment["authorization_url"]:
                return order, payment
            self._journal.given_up.add(reference)
            await self._aftermath.cancel(order, reference)
            order = order.anew()

    async def _with_page(self, payment: Payment) -> Payment:
        """Return the payment with its page, or without where the provider has it and tells none."""
        loop = asyncio.get_running_loop()
        reference = payment["reference"]
        there_since_s: float | None = None
        while not payment["authorization_url"]:
            if payment["state"] == "processing":
                there_since_s = there_since_s or loop.time()
                if loop.time() - there_since_s > PAGE_S_MAX:
                    break
            payment = await self._line.get(f"/v1/payments/{reference}", wait_s=PAGE_S_MAX)
            if payment["state"] not in OPEN:
                raise ShopFailed(f"{reference} is {payment['state']} before anybody could pay")
        return payment

    async def _ended(self, order: Order, payment: Payment) -> Payment:
        """Wait until the payment is no more open; have the provider asked when nobody tells."""
        reference = payment["reference"]
        payment = await self._settled(payment, within_s=TOLD_S_MAX)
        for number in range(VERIFICATIONS_MAX):
            if payment["state"] not in OPEN:
                return payment
            path = f"/v1/payments/{reference}/verify"
            answer = await self._line.post(order, f"verify {number}", path, {})
            if answer.status != HTTPStatus.ACCEPTED:
                raise ShopFailed(f"POST {path} was answered {answer.status}")
            payment = await self._settled(payment, within_s=WAIT_S_MAX)
        raise ShopFailed(f"{reference} is {payment['state']} however often its provider is asked")

    async def _settled(self, payment: Payment, *, within_s: float) -> Payment:
        """Return the payment once it has ended, or as it is after `within_s`."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + within_s
        path = f"/v1/payments/{payment['reference']}"
        while payment["state"] in OPEN and (left_s := until_s - loop.time()) > 0:
            payment = await self._line.get(path, wait_s=left_s, version=payment["version"])
        return payment
