"""The aftermath: credit is spent and given back, money is refunded, payments are cancelled."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from domain.money import AMOUNT_MINOR_MAX
from tests.demo.errors import ShopFailed
from tests.demo.shop.orders import After, Deed

if TYPE_CHECKING:
    from tests.demo.shop.journal import Answer, Journal
    from tests.demo.shop.line import Line
    from tests.demo.shop.orders import Order

SPENT_OF = 10
"""A tenth of a payment's credit is spent."""

_EXPECTED = {Deed.PAY: "completed", Deed.DECLINE: "failed", Deed.LEAVE: "failed"}


class Aftermath:
    """What a shop does once it knows how a payment has ended. All of it raises ShopFailed."""

    def __init__(self, line: Line, journal: Journal) -> None:
        self._line = line
        self._journal = journal

    async def follow(self, order: Order, payment: dict[str, Any]) -> None:
        """Do what the order says."""
        expected = _EXPECTED[order.kind.deed]
        if payment["state"] != expected:
            raise ShopFailed(f"{payment['reference']} is {payment['state']}, not {expected}")
        acts = {
            After.SPEND: self._spend,
            After.REVERSE: self._reverse,
            After.REFUND_PART: self._refund_part,
            After.REFUND_ALL: self._refund_all,
            After.REFUND_IN_TWO: self._refund_in_two,
        }
        if order.kind.after in acts:
            await acts[order.kind.after](order, payment["reference"])

    async def cancel(self, order: Order, reference: str) -> None:
        """Cancel it."""
        path = f"/v1/payments/{reference}/cancel"
        answer = await self._line.post(order, "cancel", path, {})
        _require(answer, HTTPStatus.ACCEPTED)

    async def _spend(self, order: Order, reference: str) -> None:
        """Spend some credit; and try to spend more than anybody can have."""
        del reference
        await self._debit(order)
        beyond = self._debit_body(order) | {"amount_minor": AMOUNT_MINOR_MAX}
        refused = await self._line.post(order, "overdraft", "/v1/sms-transactions", beyond)
        _require(refused, HTTPStatus.PAYMENT_REQUIRED)

    async def _reverse(self, order: Order, reference: str) -> None:
        """Spend some credit and take it back, once."""
        del reference
        path = f"/v1/sms-transactions/{await self._debit(order)}/reversal"
        answer = await self._line.post(order, "reversal", path, {}, again=True)
        _require(answer, HTTPStatus.CREATED)
        self._journal.reversed.add(answer.told["reverses"])
        _require(await self._line.post(order, "second", path, {}), HTTPStatus.CONFLICT)

    async def _refund_part(self, order: Order, reference: str) -> None:
        await self._refund(order, "refund", reference, amount_minor=order.part_minor)

    async def _refund_all(self, order: Order, reference: str) -> None:
        """Give all of it back; and try to give some of it back again."""
        await self._refund(order, "refund", reference)
        path = f"/v1/payments/{reference}/refunds"
        beyond = await self._line.post(order, "beyond", path, {"amount_minor": order.part_minor})
        _require(beyond, HTTPStatus.CONFLICT)

    async def _refund_in_two(self, order: Order, reference: str) -> None:
        """Give both halves back at the same time."""
        halves = (order.part_minor, order.amount_minor - order.part_minor)
        async with asyncio.TaskGroup() as tasks:
            for number, half_minor in enumerate(halves):
                what = f"refund {number}"
                tasks.create_task(self._refund(order, what, reference, amount_minor=half_minor))

    async def _refund(self, order: Order, what: str, reference: str, **amount: int) -> None:
        path = f"/v1/payments/{reference}/refunds"
        asked = {"reason": "returned", **amount}
        answer = await self._line.post(order, what, path, asked, again=order.is_repeated)
        _require(answer, HTTPStatus.ACCEPTED)
        told = answer.told
        refund = (reference, told["amount_minor"], told["currency"])
        self._journal.refunds[told["reference"]] = refund

    async def _debit(self, order: Order) -> str:
        answer = await self._line.post(
            order, "debit", "/v1/sms-transactions", self._debit_body(order), again=True
        )
        _require(answer, HTTPStatus.CREATED)
        told = answer.told
        spent = (order.customer_id, told["amount_minor"], told["currency"])
        reference: str = told["reference"]
        self._journal.debits[reference] = spent
        return reference

    def _debit_body(self, order: Order) -> dict[str, object]:
        return {
            "customer_id": order.customer_id,
            "amount_minor": max(1, order.amount_minor // SPENT_OF),
            "currency": order.currency,
            "service": "sms",
            "description": f"order {order.number}",
        }


def _require(answer: Answer, status: HTTPStatus) -> None:
    if answer.status != status:
        raise ShopFailed(f"not {status}, but {answer.status}: {answer.body.decode()}")
