"""Stripe, asked over HTTP. What is asked and what it means is in `domain.providers`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from domain.errors import NothingFound, OutcomeUnknown, ProviderRefused
from domain.providers import PROVIDERS, stripe_refunds, stripe_telling
from domain.providers import stripe_api as api
from domain.providers.api import REFUND_PAGES_MAX

if TYPE_CHECKING:
    from domain.asking import Asking, Page, RefundAsking, Told, ToldRefund
    from domain.delivery import Mode
    from domain.facts import Fact
    from domain.providers.api import ApiRequest, Pairs
    from workers.clients.transport import Transport

_MISSING = 404


def headers(api_key: str) -> Pairs:
    """Return what goes with every request."""
    return (("Authorization", f"Bearer {api_key}"), ("Stripe-Version", api.VERSION))


def client(transport: Transport, api_key: str) -> StripeClient:
    """Return the client of the account that the key belongs to."""
    return StripeClient(transport, PROVIDERS["stripe"].mode_of_secret(api_key))


class StripeClient:
    """One Stripe account. Equal requests under one key have one effect for `keys_live_s`.

    `mode` is the world of our key; Stripe's objects say theirs themselves.
    """

    name = "stripe"
    keys_live_s = api.KEYS_LIVE_S
    can_cancel = True

    def __init__(self, transport: Transport, mode: Mode | None = None) -> None:
        self._transport = transport
        self.mode = mode

    def initialize(self, asking: Asking, *, key: str) -> Told:
        """Make a checkout session."""
        return self._transport.call(
            api.initialize(asking, key=key), partial(api.read_initialized, asking=asking)
        )

    def look_up(self, asking: Asking) -> Told:
        """Read the sessions and intents of the payment, and the refunds of those that are paid.

        A payment whose names nobody knows is searched for; that nothing is found proves nothing.
        """
        until_s = self._transport.until_s()
        named = api.named(asking)
        objects = self._named(named, asking, until_s) if named else self._found(asking, until_s)
        told = stripe_telling.tell([tree for tree, _ in objects])
        answers = dict.fromkeys(answer for _, answer in objects)
        facts: list[Fact] = []
        refunds: list[ToldRefund] = []
        for intent_id in stripe_telling.paid_intents([tree for tree, _ in objects]):
            for page in self._refund_pages(intent_id, until_s):
                facts += page.facts
                refunds += page.refunds
                answers[page.answer] = None
        return replace(
            told,
            facts=told.facts + tuple(facts),
            refunds=tuple(refunds),
            answer=b"\n".join(answers),
        )

    def refund(self, asking: RefundAsking, *, key: str) -> Told:
        """Give money back."""
        return self._transport.call(
            stripe_refunds.refund(asking, key=key),
            partial(stripe_refunds.read_refunded, asking=asking),
        )

    def cancel(self, asking: Asking, *, key: str) -> Told:
        """Let the session expire, or cancel the intent where there is no session."""
        tree, answer = self._transport.call(
            api.cancel(asking, key=key), partial(api.read_object, asking=asking)
        )
        return replace(stripe_telling.tell([tree]), answer=answer)

    def page(self, *, since_s: int, until_s: int, cursor: str | None) -> Page:
        """List intents, newest first."""
        return self._transport.call(
            stripe_refunds.list_payments(since_s=since_s, until_s=until_s, cursor=cursor),
            stripe_refunds.read_payments,
        )

    def _named(
        self, requests: tuple[ApiRequest, ...], asking: Asking, until_s: float
    ) -> list[tuple[dict[str, Any], bytes]]:
        """Read what the names stand for. One that is missing means another account, not a proof."""
        try:
            return [
                self._transport.call(
                    request, partial(api.read_object, asking=asking), until_s=until_s
                )
                for request in requests
            ]
        except ProviderRefused as error:
            if error.http_status != _MISSING:
                raise
            raise OutcomeUnknown("a name it gave is not known", http_status=_MISSING) from None

    def _found(self, asking: Asking, until_s: float) -> list[tuple[dict[str, Any], bytes]]:
        found = self._transport.call(
            api.search(asking), partial(api.read_found, asking=asking), until_s=until_s
        )
        if not found:
            raise NothingFound("a search that may be late has found nothing")
        return found

    def _refund_pages(self, intent_id: str, until_s: float) -> list[stripe_refunds.RefundPage]:
        pages: list[stripe_refunds.RefundPage] = []
        cursor: str | None = None
        for _ in range(REFUND_PAGES_MAX):
            page = self._transport.call(
                stripe_refunds.list_refunds(intent_id, cursor=cursor),
                partial(stripe_refunds.read_refunds, intent_id=intent_id),
                until_s=until_s,
            )
            pages.append(page)
            cursor = page.next_cursor
            if cursor is None:
                return pages
        raise OutcomeUnknown(f"more than {REFUND_PAGES_MAX} pages of refunds of one intent")
