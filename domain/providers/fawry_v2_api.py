"""Fawry's payment status V2. https://developer.fawrystaging.com/docs/server-apis/."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.delivery import Setting
from domain.errors import PayloadInvalid
from domain.providers import told_facts as tell
from domain.providers.api import get, unwritable
from domain.providers.event_keys import reference_hint
from domain.providers.look_up import LookUp, key
from domain.providers.look_up_answers import found, left_to_person, require_same
from domain.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.api import Pairs
    from domain.providers.look_up import Access, Asks, Tree

CURRENCY = "EGP"

_OK = 200
_PAID = frozenset({"PAID", "DELIVERED", "REFUNDED", "PARTIAL_REFUNDED"})
_ENDED = frozenset({"CANCELED", "CANCELLED", "EXPIRED", "FAILED"})


class FawryV2Api(LookUp):
    """Asks by our reference, which is the order's `merchantRefNumber`.

    What counts is `orderAmount`: Fawry's own fee for the customer is on top of it.
    """

    name = "fawry-v2"
    live_url = "https://www.atfawry.com"
    test_url = "https://atfawry.fawrystaging.com"
    key = key("the merchant's secure key")
    settings = (Setting("MERCHANT_CODE", "the merchant's code", r"[!-~]{4,100}"),)
    doubts = (
        "the names `orderStatus` or `paymentStatus`, `fawryRefNumber` or `referenceNumber`",
        "a refund in part is told without its amount: it is left to a person",
        "the answer about an order that is not known",
    )

    def headers(self, access: Access, token: str | None) -> Pairs:
        """Return none: a hash in the question shows who asks."""
        del access, token
        return ()

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask once."""
        if reference_hint(asking.reference) is None:
            raise unwritable("reference_unknown")
        merchant = access.values["MERCHANT_CODE"]
        signed = f"{merchant}{asking.reference}{access.key}"
        query = (
            ("merchantCode", merchant),
            ("merchantRefNumber", asking.reference),
            ("signature", hashlib.sha256(signed.encode()).hexdigest()),
        )
        path = ("ECommerceWeb", "Fawry", "payments", "status", "v2")
        tree = found((yield get(*path, query=query)), asking)
        if tree.get("statusCode", _OK) != _OK:
            raise PayloadInvalid("the answer is an error")
        require_same(tree.get("merchantRefNumber"), asking.reference)
        name = str(_either(tree, "fawryRefNumber", "referenceNumber"))
        status = str(_either(tree, "orderStatus", "paymentStatus"))
        return Told(
            facts=tuple(_facts(tree, tell.name({"name": name}, "name"), status)),
            provider_reference=name,
            mode=access.mode,
            is_final=status in _PAID or status in _ENDED,
            status=status,
            reference=asking.reference,
        )


def _either(tree: Tree, first: str, second: str) -> object:
    """Return the one value that stands at the two. Raises PayloadInvalid for none, or for two."""
    found_ = {str(value) for name in (first, second) if (value := dig(tree, name)) is not None}
    if len(found_) != 1:
        msg = f"not one {first}"
        raise PayloadInvalid(msg)
    return found_.pop()


def _facts(tree: Tree, name: str, status: str) -> Iterator[Fact]:
    if status in _ENDED:
        yield tell.failed(name)
    elif status not in _PAID:
        yield tell.under_way(name)
    elif status == "PARTIAL_REFUNDED":
        raise left_to_person("a refund in part is told without its amount")
    else:
        money = tell.major(tree, "orderAmount", "", default=CURRENCY)
        yield tell.paid(name, money)
        if status == "REFUNDED":
            yield tell.refund_total(name, money)
