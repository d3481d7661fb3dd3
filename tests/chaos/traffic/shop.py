"""The shop: a service of the same company that asks for payments, and says twice what it says."""

from __future__ import annotations

import asyncio
import json
import random
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.chaos.traffic.aftermath import Aftermath
from tests.chaos.traffic.asking import Asking
from tests.chaos.traffic.journal import Asked, Journal
from tests.chaos.traffic.orders import Order, Way, drawn
from tests.chaos.traffic.sampling import Sampling

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from tests.chaos.history import History
    from tests.chaos.traffic.journal import Told
    from tests.chaos.traffic.wire import Front

ORDERS_PER_S = 2.0
ORDERS_MAX = 200
"""Orders under way at a time; more wait for their turn."""

MANY = 20
"""Requests at once under one key."""

PATH = "/v1/payments"
ACCEPTED = frozenset({HTTPStatus.OK, HTTPStatus.ACCEPTED})


class Shop:
    """Turned by the traffic's loop; `journal` has what it was told."""

    def __init__(
        self, fronts: Sequence[Front], api_key: str, history: History, *, seed: int, per_s: float
    ) -> None:
        self.journal = Journal()
        self._rng = random.Random(f"shop/{seed}")
        self._fronts = fronts
        self._asking = Asking(fronts, api_key, history, self.journal, self._rng)
        self._stopped = asyncio.Event()
        self._sampling = Sampling(self._asking, self._rng, self._stopped, self._begin)
        self._aftermath = Aftermath(self._asking, self._sampling, self.journal, self._stopped)
        self._orders = drawn(seed, per_s)
        self._next = next(self._orders)
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_compared_all = False
        self._failure: BaseException | None = None

    @property
    def is_idle(self) -> bool:
        """Whether every order has come to its end, and every sampled key was asked once more."""
        return self._has_compared_all and not self._tasks

    def stop(self) -> None:
        """Take no more orders; wait for nobody else any more."""
        self._stopped.set()

    def turn(self, now_s: float) -> None:
        """Begin what is due. Raises what an order failed of."""
        if self._failure is not None:
            raise self._failure
        for front in self._fronts:
            front.give_up()
        if self._stopped.is_set():
            if not self._tasks and not self._has_compared_all:
                self._has_compared_all = True
                self._begin(self._sampling.compare_all())
            return
        while self._next.due_s <= now_s and len(self._tasks) < ORDERS_MAX:
            self._begin(self._serve(self._next))
            self._next = next(self._orders)

    def close(self) -> None:
        """Give up what is under way; the fronts are not the shop's to close."""
        for task in self._tasks:
            task.cancel()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = error

    async def _serve(self, order: Order) -> None:
        told = await self._started(order)
        reference = str(told.tree.get("reference", ""))
        if told.status not in ACCEPTED or not reference:
            self.journal.unexpected.note(f"a payment was answered {told.status} {told.code}")
            return
        asked = (order.customer_id, order.amount_minor, order.currency)
        known = self.journal.payments.setdefault(reference, asked)
        if known is not asked:
            self.journal.unexpected.note(f"two orders were answered with the payment {reference}")
            return
        await self._aftermath.follow(order, reference)

    async def _started(self, order: Order) -> Told:
        """Ask for a payment in the order's way, and return the answer."""
        body = json.dumps(order.body()).encode()
        if order.way is Way.WITHOUT_KEY:
            return await self._without_key(body)
        asked = Asked("payment", PATH, body, self._asking.key())
        at_once = {Way.TWICE_AT_ONCE: 2, Way.MANY_AT_ONCE: MANY}.get(order.way, 1)
        told, *_ = await asyncio.gather(*(self._asking.post(asked) for _ in range(at_once)))
        if order.way is Way.AGAIN:
            await self._asking.post(asked)
        if order.way is Way.OTHER_BODY:
            await self._other_body(asked, order)
        self._sampling.take(asked)
        return told

    async def _without_key(self, body: bytes) -> Told:
        """Ask twice without a key: the second answer must be the same payment."""
        first = await self._asking.post_without_key("payment without key", PATH, body)
        again = await self._asking.post_without_key("payment without key", PATH, body)
        is_same = first.tree.get("reference") == again.tree.get("reference")
        if again.status not in ACCEPTED or not is_same:
            problem = f"the same payment without a key was answered {again.status} {again.code}"
            self.journal.unexpected.note(problem)
        return first

    async def _other_body(self, asked: Asked, order: Order) -> None:
        """Use the key for something else, which must be refused."""
        other = json.dumps(order.body() | {"amount_minor": order.amount_minor + 1}).encode()
        told = await self._asking.refused(asked._replace(body=other))
        is_right = told.code == "idempotency_key_reused"
        problem = f"a key used for another body was answered {told.status} {told.code}"
        self.journal.other_body.note(None if is_right else problem)
