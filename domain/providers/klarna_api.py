"""Klarna Network: payment transactions. https://docs.klarna.com/api/kn/."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.delivery import Setting
from domain.facts import FactStatus
from domain.money import Money
from domain.providers import told_facts as tell
from domain.providers.api import get
from domain.providers.look_up import LookUp, key
from domain.providers.look_up_answers import found, named, nameless, require_same, whose
from domain.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.api import Pairs
    from domain.providers.look_up import Access, Asks, Tree

_NAME = re.compile(r"krn:payment:[A-Za-z0-9:-]{4,150}")
_REQUESTS = re.compile(r":request:")
_PAID = "COMPLETED"


class KlarnaApi(LookUp):
    """Asks for a payment transaction. It is paid once nothing of it is left to be captured.

    Our reference is `payment_transaction_reference`. A payment request says nothing of money: its
    transaction, which has an event of its own, does.
    """

    name = "klarna"
    live_url = "https://api-global.klarna.com"
    test_url = "https://api-global.test.klarna.com"
    key = key("the API key, as it stands behind `Basic`", r"[!-~]{16,512}")
    key_says_mode = True
    settings = (
        Setting(
            "ACCOUNT_ID",
            "the account of a partner who acts for others",
            r"krn:[A-Za-z0-9:-]{8,150}",
            is_required=False,
        ),
    )
    doubts = (
        "the amounts within `payment_captures` and `payment_refunds`, and how refunds are named",
        "disputes are not asked about, nor are the orders of the older Klarna Payments",
    )

    def headers(self, access: Access, token: str | None) -> Pairs:
        """Return the key, which Klarna has made ready for HTTP."""
        del token
        return (("Authorization", f"Basic {access.key}"),)

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask for the transaction; of a request nothing but that it is known.

        A request's name is not kept: asked by it, Klarna would never tell of the money.
        """
        name = named(asking, _NAME)
        if name is None:
            raise nameless()
        account = access.values.get("ACCOUNT_ID")
        base = ("v2", "accounts", account, "payment") if account else ("v2", "payment")
        is_request = _REQUESTS.search(name) is not None
        kind = "request" if is_request else "transaction"
        tree = found((yield get(*base, f"{kind}s", name)), asking)
        require_same(tree.get(f"payment_{kind}_id"), name)
        state = tell.word(tree, "state")
        told = dig(tree, f"payment_{kind}_reference") or dig(tree, "payment_reference")
        is_paid = state == _PAID and not is_request
        return Told(
            facts=() if is_request else tuple(_facts(tree, name, is_paid=is_paid)),
            provider_reference=None if is_request else name,
            mode=access.mode,
            is_final=is_paid,
            status=state,
            reference=whose(asking, told),
        )


def _facts(tree: Tree, name: str, *, is_paid: bool) -> Iterator[Fact]:
    """Yield what is told. All that was captured is one payment; what expired is none of it."""
    if not is_paid:
        yield tell.under_way(name)
        return
    captures = [_money(tree, each) for each in tell.listed(tree, "payment_captures")]
    if not captures:
        yield tell.failed(name)
        return
    sum_minor = sum(each.amount_minor for each in captures)
    yield tell.paid(name, Money(captures[0].currency, sum_minor))
    for each in tell.listed(tree, "payment_refunds"):
        refund_id = tell.name(each, "payment_refund_id")
        yield tell.refund(refund_id, FactStatus.SUCCEEDED, _money(tree, each), name)


def _money(tree: Tree, part: object) -> Money:
    whole = {"part": part, "currency": tree.get("currency")}
    return tell.minor(whole, "part.amount", "currency")
