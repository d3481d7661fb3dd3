"""PayPal's API: orders, captures, refunds and disputes. https://developer.paypal.com/api/rest/."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

from domain.asking import Told
from domain.delivery import Setting
from domain.errors import PayloadInvalid
from domain.facts import FactKind
from domain.providers import told_facts as tell
from domain.providers.api import ApiAnswer, ApiRequest, get, is_success
from domain.providers.look_up import LookUp, basic, key, tree_of
from domain.providers.look_up_answers import found, named, nameless, require_same, whose
from domain.providers.paths import dig
from domain.providers.paypal_told import (
    captured_by,
    dispute_fact,
    facts_of_capture,
    facts_of_order,
    reference_in,
    refund_fact,
)

if TYPE_CHECKING:
    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.look_up import Access, Asks, Tree

_NAME = re.compile(r"[A-Z0-9]{8,32}|PP-[A-Z0-9-]{1,40}")


class _Found(NamedTuple):
    """What stands behind a name: a capture or an order, and what the name itself told."""

    capture: Tree | None
    order: Tree | None
    facts: tuple[Fact, ...] = ()


_Finds = Generator[ApiRequest, ApiAnswer, _Found]


class PayPalApi(LookUp):
    """Finds the order of whatever is named, and tells all captures and refunds of it.

    Our reference is `invoice_id` of the purchase unit, else its `custom_id`.
    """

    name = "paypal"
    live_url = "https://api-m.paypal.com"
    test_url = "https://api-m.sandbox.paypal.com"
    key = key("the secret of the REST app")
    settings = (Setting("CLIENT_ID", "the client id of the REST app", r"[A-Za-z0-9_-]{20,128}"),)
    doubts = (
        "the outcomes of disputes: one that is in other words than those known stays open",
        "whether a dispute that was lost is listed among the refunds of its order too",
        "orders with several purchase units are left to a person",
    )

    def token_request(self, access: Access) -> ApiRequest:
        """Exchange the app's name and secret."""
        headers = basic(access.values["CLIENT_ID"], access.key)
        form = (("grant_type", "client_credentials"),)
        return ApiRequest(
            "POST", ("v1", "oauth2", "token"), form=form, headers=headers, is_repeatable=True
        )

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask what is named, then for the order that it belongs to."""
        name = named(asking, _NAME)
        if name is None:
            raise nameless()
        at = yield from self._find(name, asking)
        order = at.order
        if at.capture is not None:
            order = yield from self._order_of(at.capture)
        facts = (
            facts_of_order(order)
            if order is not None
            else facts_of_capture(at.capture or {}, has_refunds=bool(at.facts))
        )
        told = tuple(dict.fromkeys((*facts, *at.facts)))
        money = [fact for fact in told if fact.kind is FactKind.SUCCEEDED]
        return Told(
            facts=told,
            provider_reference=(money or told)[0].object_id if told else None,
            mode=access.mode,
            is_final=bool(money),
            status=tell.word(order or at.capture, "status"),
            reference=whose(asking, reference_in(order, at.capture)),
        )

    def _find(self, name: str, asking: Asking) -> _Finds:
        """Return what the name stands for; PayPal's names do not say what they are of."""
        if name.startswith("PP-"):
            dispute = found((yield get("v1", "customer", "disputes", name)), asking)
            require_same(dispute.get("dispute_id"), name)
            capture_id = tell.name(dispute, "disputed_transactions.0.seller_transaction_id")
            capture = yield from self._capture(capture_id, asking)
            return _Found(capture, None, (dispute_fact(dispute, capture_id),))
        answer = yield get("v2", "payments", "captures", name)
        if is_success(answer):
            capture = tree_of(answer)
            require_same(capture.get("id"), name)
            return _Found(capture, None)
        answer = yield get("v2", "payments", "refunds", name)
        if is_success(answer):
            refund = tree_of(answer)
            require_same(refund.get("id"), name)
            capture_id = captured_by(refund)
            capture = yield from self._capture(capture_id, asking)
            return _Found(capture, None, (refund_fact(refund),))
        order = found((yield get("v2", "checkout", "orders", name)), asking)
        require_same(order.get("id"), name)
        return _Found(None, order)

    @staticmethod
    def _order_of(capture: Tree) -> Generator[ApiRequest, ApiAnswer, Tree | None]:
        """Return the order that a capture is of, None where it is of none that is there."""
        related = "supplementary_data.related_ids.order_id"
        if dig(capture, related) is None:
            return None
        order_id = tell.name(capture, related)
        answer = yield get("v2", "checkout", "orders", order_id)
        if not is_success(answer):
            return None
        order = tree_of(answer)
        require_same(order.get("id"), order_id)
        return order

    @staticmethod
    def _capture(capture_id: str, asking: Asking) -> Generator[ApiRequest, ApiAnswer, Tree]:
        capture = found((yield get("v2", "payments", "captures", capture_id)), asking)
        if capture.get("id") != capture_id:
            raise PayloadInvalid("answered about another capture")
        return capture
