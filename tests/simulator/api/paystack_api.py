"""Paystack's API: which requests there are, and who performs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.api.operation import Operation, OperationName
from tests.simulator.api.paystack_refunds import fetch_refund, refund, refunds
from tests.simulator.api.paystack_transactions import fetch, initialize, transactions, verify
from tests.simulator.api.paystack_words import Refused, error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.simulator.api.operation import Answer, Asked
    from tests.simulator.api.world import World

    Perform = Callable[[World, Asked], Answer]


def _operation(name: OperationName, method: str, path: str, perform: Perform) -> Operation:
    def performed(world: World, asked: Asked) -> Answer:
        try:
            return perform(world, asked)
        except Refused as refused:
            return error(str(refused), refused.code, refused.status)

    return Operation(name, "paystack", method, f"/paystack{path}", performed)


OPERATIONS: Sequence[Operation] = (
    _operation(OperationName.INITIALIZE, "POST", "/transaction/initialize", initialize),
    _operation(OperationName.VERIFY, "GET", "/transaction/verify/{reference}", verify),
    _operation(OperationName.LIST, "GET", "/transaction", transactions),
    _operation(OperationName.VERIFY, "GET", "/transaction/{id}", fetch),
    _operation(OperationName.REFUND, "POST", "/refund", refund),
    _operation(OperationName.REFUNDS, "GET", "/refund", refunds),
    _operation(OperationName.REFUNDS, "GET", "/refund/{id}", fetch_refund),
)
