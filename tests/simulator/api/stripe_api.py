"""Stripe's API: which requests there are, and who performs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.api.operation import Operation, OperationName
from tests.simulator.api.stripe_intents import cancel_intent, fetch_intent, intents, search_intents
from tests.simulator.api.stripe_keys import keyed
from tests.simulator.api.stripe_refunds import fetch_refund, refund, refunds
from tests.simulator.api.stripe_sessions import (
    expire_session,
    fetch_session,
    open_session,
    sessions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulator.api.stripe_keys import Perform


def _operation(name: OperationName, method: str, path: str, perform: Perform) -> Operation:
    return Operation(name, "stripe", method, f"/stripe/v1{path}", keyed(perform))


OPERATIONS: Sequence[Operation] = (
    _operation(OperationName.INITIALIZE, "POST", "/checkout/sessions", open_session),
    _operation(OperationName.LIST, "GET", "/checkout/sessions", sessions),
    _operation(OperationName.VERIFY, "GET", "/checkout/sessions/{id}", fetch_session),
    _operation(OperationName.CANCEL, "POST", "/checkout/sessions/{id}/expire", expire_session),
    _operation(OperationName.LIST, "GET", "/payment_intents", intents),
    _operation(OperationName.VERIFY, "GET", "/payment_intents/search", search_intents),
    _operation(OperationName.VERIFY, "GET", "/payment_intents/{id}", fetch_intent),
    _operation(OperationName.CANCEL, "POST", "/payment_intents/{id}/cancel", cancel_intent),
    _operation(OperationName.REFUND, "POST", "/refunds", refund),
    _operation(OperationName.REFUNDS, "GET", "/refunds", refunds),
    _operation(OperationName.REFUNDS, "GET", "/refunds/{id}", fetch_refund),
)
