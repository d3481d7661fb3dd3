"""The aftermath: what a shop asks about a payment once it has one."""

from __future__ import annotations

import asyncio
import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.chaos.traffic.journal import Asked, Debit
from tests.chaos.traffic.orders import After

if TYPE_CHECKING:
    from tests.chaos.traffic.asking import Asking
    from tests.chaos.traffic.journal import Journal, Told
    from tests.chaos.traffic.orders import Order
    from tests.chaos.traffic.sampling import Sampling

LOOKS_S = (1.0, 2.0, 3.0, 5.0, 8.0, 12.0)
"""When a shop looks whether it is paid, each after the one before; then it lets the order go."""

BEYOND_TENTHS = 6
"""Of the amount: one refund of it fits, two do not."""

AT_ONCE_S_MAX = 0.15
"""Two refunds that were both answered in this time were at once: neither can have failed at its
bank and made room for the other."""

SPENT_TENTHS = 1
DEBITS = "/v1/sms-transactions"


class Aftermath:
    """Follows orders to their end; as soon as `stopped` is set nothing is waited for."""

    def __init__(
        self, asking: Asking, sampling: Sampling, journal: Journal, stopped: asyncio.Event
    ) -> None:
        self._asking = asking
        self._sampling = sampling
        self._journal = journal
        self._stopped = stopped

    async def follow(self, order: Order, reference: str) -> None:
        """Do what the order says."""
        if order.after is After.NOTHING:
            return
        path = f"/v1/payments/{reference}"
        if order.after is After.VERIFY:
            told = await self._post("verify", f"{path}/verify", {})
            self._expect(told, "verify", HTTPStatus.ACCEPTED)
        elif order.after is After.CANCEL:
            told = await self._post("cancel", f"{path}/cancel", {})
            self._expect(told, "cancel", HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT)
            if told.status == HTTPStatus.ACCEPTED:
                self._journal.cancelled.add(reference)
        elif await self._is_paid(path):
            await self._after_paid(order, reference, path)

    async def _after_paid(self, order: Order, reference: str, path: str) -> None:
        if order.after is After.REFUND_BEYOND:
            await self._refund_beyond(order, reference, path)
        elif order.after is After.REFUND_PART:
            await self._refund(reference, path, {"amount_minor": order.amount_minor // 2})
        elif order.after is After.REFUND_ALL:
            await self._refund(reference, path, {})
        elif order.after is After.SPEND:
            await asyncio.gather(self._spend(order), self._spend(order))
        else:
            await self._spend(order)

    async def _is_paid(self, path: str) -> bool:
        for pause_s in LOOKS_S:
            try:
                async with asyncio.timeout(pause_s):
                    await self._stopped.wait()
            except TimeoutError:
                told = await self._asking.get(path)
                self._expect(told, "look", HTTPStatus.OK)
                if told.tree.get("state") == "completed":
                    return True
            else:
                return False
        return False

    async def _refund(self, reference: str, path: str, asked: dict[str, object]) -> Told:
        told = await self._post("refund", f"{path}/refunds", {"reason": "returned", **asked})
        self._expect(told, "refund", HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT)
        if told.status == HTTPStatus.ACCEPTED:
            tree = told.tree
            self._journal.refunds[str(tree["reference"])] = (reference, int(tree["amount_minor"]))
        return told

    async def _refund_beyond(self, order: Order, reference: str, path: str) -> None:
        """Ask at once for two refunds of which only one can be had."""
        asked: dict[str, object] = {"amount_minor": order.amount_minor * BEYOND_TENTHS // 10}
        began_s = time.monotonic()
        both = await asyncio.gather(*(self._refund(reference, path, asked) for _ in range(2)))
        if time.monotonic() - began_s > AT_ONCE_S_MAX:
            return
        is_beyond = all(told.status == HTTPStatus.ACCEPTED for told in both)
        problem = f"{reference}: two refunds of six tenths were accepted at once"
        self._journal.within_capture.note(problem if is_beyond else None)

    async def _spend(self, order: Order) -> None:
        amount_minor = max(1, order.amount_minor * SPENT_TENTHS // 10)
        asked = {
            "customer_id": order.customer_id,
            "amount_minor": amount_minor,
            "currency": order.currency,
            "service": "sms",
        }
        told = await self._post("debit", DEBITS, asked)
        self._expect(told, "debit", HTTPStatus.CREATED, HTTPStatus.PAYMENT_REQUIRED)
        if told.status != HTTPStatus.CREATED:
            return
        reference = str(told.tree["reference"])
        self._journal.debits[reference] = Debit(order.customer_id, amount_minor, order.currency)
        if order.after is After.REVERSE:
            await self._reverse(reference)

    async def _reverse(self, reference: str) -> None:
        """Take a debit back, twice at once: once it works."""
        path = f"{DEBITS}/{reference}/reversal"
        both = await asyncio.gather(*(self._post("reversal", path, {}) for _ in range(2)))
        for told in both:
            self._expect(told, "reversal", HTTPStatus.CREATED, HTTPStatus.CONFLICT)
        made = sum(told.status == HTTPStatus.CREATED for told in both)
        if made != 1:
            self._journal.unexpected.note(f"{reference} was given back {made} times")
        self._journal.reversed.add(reference)

    async def _post(self, what: str, path: str, body: dict[str, object]) -> Told:
        content = json.dumps(body).encode()
        return await self._sampling.post(Asked(what, path, content, self._asking.key()))

    def _expect(self, told: Told, what: str, *statuses: HTTPStatus) -> None:
        if told.status not in statuses:
            self._journal.unexpected.note(f"{what} was answered {told.status} {told.code}")
