"""Paystack, asked over HTTP. What is asked and what it means is in `domain.providers`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from domain.errors import OutcomeUnknown
from domain.providers import PROVIDERS, paystack_list, paystack_refunds
from domain.providers import paystack_api as api
from domain.providers.api import REFUND_PAGES_MAX, unwritable

if TYPE_CHECKING:
    from domain.asking import Asking, Page, RefundAsking, Told
    from domain.delivery import Mode
    from domain.providers.api import Pairs
    from workers.clients.transport import Transport


def headers(secret_key: str) -> Pairs:
    """Return what goes with every request."""
    return (("Authorization", f"Bearer {secret_key}"),)


def client(transport: Transport, secret_key: str) -> PaystackClient:
    """Return the client of the integration that the key belongs to."""
    return PaystackClient(transport, PROVIDERS["paystack"].mode_of_secret(secret_key))


class PaystackClient:
    """One Paystack integration. It knows no idempotency keys: `key` is left out.

    `mode` is the world of its secret key, which every answer is about, also that it knows nothing
    of a payment; None where the key does not say.
    """

    name = "paystack"
    keys_live_s = 0.0
    can_cancel = False

    def __init__(self, transport: Transport, mode: Mode | None = None) -> None:
        self._transport = transport
        self.mode = mode

    def initialize(self, asking: Asking, *, key: str) -> Told:
        """Start a transaction."""
        del key
        return self._transport.call(
            api.initialize(asking),
            partial(api.read_initialized, asking=asking, mode=self.mode),
        )

    def look_up(self, asking: Asking) -> Told:
        """Verify the transaction and, where money has come, list what was given back."""
        until_s = self._transport.until_s()
        told = self._transport.call(
            api.verify(asking),
            partial(api.read_verified, asking=asking, mode=self.mode),
            until_s=until_s,
        )
        if told.provider_reference is None or not api.is_paid(told):
            return told
        return self._with_refunds(told, told.provider_reference, until_s)

    def refund(self, asking: RefundAsking, *, key: str) -> Told:
        """Give money back."""
        del key
        return self._transport.call(
            paystack_refunds.refund(asking), partial(paystack_refunds.read_refunded, asking=asking)
        )

    def cancel(self, asking: Asking, *, key: str) -> Told:
        """Refuse: Paystack has no way to end a transaction."""
        del asking, key
        raise unwritable("cancel_unsupported")

    def page(self, *, since_s: int, until_s: int, cursor: str | None) -> Page:
        """List transactions, newest first."""
        number = int(cursor) if cursor is not None else 1
        return self._transport.call(
            paystack_list.list_transactions(since_s=since_s, until_s=until_s, page=number),
            partial(paystack_list.read_transactions, page=number),
        )

    def _with_refunds(self, told: Told, transaction_id: str, until_s: float) -> Told:
        refunds: list[paystack_refunds.Refund] = []
        answers = [told.answer]
        for number in range(1, REFUND_PAGES_MAX + 1):
            page = self._transport.call(
                paystack_refunds.list_refunds(transaction_id, page=number),
                partial(paystack_refunds.read_refunds, transaction_id=transaction_id),
                until_s=until_s,
            )
            refunds += page.refunds
            answers.append(page.answer)
            if not page.has_more:
                facts, listed = paystack_refunds.tell_refunds(refunds, transaction_id)
                return replace(
                    told, facts=told.facts + facts, refunds=listed, answer=b"\n".join(answers)
                )
        raise OutcomeUnknown(f"more than {REFUND_PAGES_MAX} pages of refunds of one transaction")
