"""Interswitch's transaction query. https://docs.interswitchgroup.com/docs/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.asking import Told
from domain.errors import PayloadInvalid
from domain.providers import told_facts as tell
from domain.providers.api import get, unwritable
from domain.providers.event_keys import reference_hint
from domain.providers.look_up import LookUp, key
from domain.providers.look_up_answers import found, unknown
from domain.providers.paths import dig

if TYPE_CHECKING:
    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.api import Pairs
    from domain.providers.look_up import Access, Asks, Tree

CURRENCY = "NGN"

_PAID = "00"
_UNKNOWN = frozenset({"Z25", "70038"})
_ENDED = frozenset({"05", "12", "13", "14", "51", "54", "55", "57", "61", "Z6"})


class InterswitchApi(LookUp):
    """Asks by our reference and the amount, as Interswitch wants it; its own names are no use.

    So only a payment that is announced here in naira is asked about.
    """

    name = "interswitch"
    live_url = "https://webpay.interswitchng.com"
    test_url = "https://qa.interswitchng.com"
    key = key("the merchant code, MX…: the question needs nothing else", r"[A-Za-z0-9]{4,20}")
    doubts = (
        "that the question needs no credential beside the merchant code",
        "which response codes are final, and the one of a transaction that is not known",
        "the spelling of the answer's fields: an answer without them proves nothing",
        "refunds are not told",
    )

    def headers(self, access: Access, token: str | None) -> Pairs:
        """Return none."""
        del access, token
        return ()

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask once. Raises ProviderRefused where no amount of naira is known to ask with."""
        money = asking.amount
        if (
            reference_hint(asking.reference) is None
            or money.currency != CURRENCY
            or not money.amount_minor
        ):
            raise unwritable("amount_unknown")
        query = (
            ("merchantcode", access.key),
            ("transactionreference", asking.reference),
            ("amount", str(money.amount_minor)),
        )
        path = ("collections", "api", "v1", "gettransaction.json")
        tree = found((yield get(*path, query=query)), asking)
        code = tell.word(tree, "ResponseCode")
        if code in _UNKNOWN:
            raise unknown(asking)
        if dig(tree, "MerchantReference") != asking.reference:
            raise PayloadInvalid("answered about another reference")
        name = _name(tree, is_paid=code == _PAID)
        return Told(
            facts=(_fact(tree, name, code),),
            provider_reference=name,
            mode=access.mode,
            is_final=code == _PAID or code in _ENDED,
            status=f"code {code}",
            reference=asking.reference,
        )


def _name(tree: Tree, *, is_paid: bool) -> str:
    """Return Interswitch's reference of the payment, or ours where there is none yet.

    Money has but one name: what is paid under ours today would be paid once more under theirs.
    """
    has_theirs = is_paid or dig(tree, "PaymentReference")
    return tell.name(tree, "PaymentReference" if has_theirs else "MerchantReference")


def _fact(tree: Tree, name: str, code: str) -> Fact:
    if code == _PAID:
        return tell.paid(name, tell.minor(tree, "Amount", "", default=CURRENCY))
    return tell.failed(name) if code in _ENDED else tell.under_way(name)
