"""Midtrans's API. https://docs.midtrans.com/reference/get-transaction-status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.delivery import Mode
from domain.facts import FactStatus
from domain.providers import told_facts as tell
from domain.providers.api import ApiAnswer, get
from domain.providers.look_up import LookUp, basic, key, tree_of
from domain.providers.look_up_answers import found, left_to_person, named, require_same, whose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.api import Pairs
    from domain.providers.look_up import Access, Asks, Tree

CURRENCY = "IDR"
_NAME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PAID = frozenset(
    {"capture", "settlement", "refund", "partial_refund", "chargeback", "partial_chargeback"}
)
_ENDED = frozenset({"deny", "cancel", "expire", "failure"})
_REFUNDED = frozenset({"refund", "partial_refund"})
_CHARGED_BACK = frozenset({"chargeback", "partial_chargeback"})


class MidtransApi(LookUp):
    """Asks for the transaction by its id, or by our reference, which is its `order_id`."""

    name = "midtrans"
    live_url = "https://api.midtrans.com"
    test_url = "https://api.sandbox.midtrans.com"
    key = key(
        "the server key, Mid-server-… or SB-Mid-server-…",
        r"(?:SB-)?Mid-server-[A-Za-z0-9_-]{8,100}",
    )
    doubts = (
        "a chargeback in part, and a refund that no list explains, are left to a person",
        "a card that was cancelled when it was known here is left to a person: it may be a void",
    )

    def headers(self, access: Access, token: str | None) -> Pairs:
        """Return the key as the name of a user without a password."""
        del token
        return basic(access.key)

    def mode_of(self, key: str) -> Mode | None:
        """Return the world of a server key: only the sandbox's say theirs, and not all of them."""
        return Mode.TEST if key.startswith("SB-") else None

    def accept(self, answer: ApiAnswer) -> ApiAnswer:
        """Take a refusal with a status of success for the refusal it is."""
        code = tree_of(answer).get("status_code") if answer.status == 200 else None  # noqa: PLR2004
        if isinstance(code, str) and code.isdecimal() and int(code) >= 400:  # noqa: PLR2004
            return super().accept(ApiAnswer(int(code), answer.body, answer.retry_after_s))
        return super().accept(answer)

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask once: refunds come with the transaction."""
        name = named(asking, _NAME)
        tree = found((yield get("v2", name or asking.reference, "status")), asking)
        told_name = tell.name(tree, "transaction_id")
        require_same(told_name, name or told_name)
        reference = whose(asking, tree.get("order_id"))
        status = tell.word(tree, "transaction_status")
        if _may_be_void(tree, status, is_known=told_name in asking.names):
            raise left_to_person("a card that may have been charged was cancelled")
        is_paid = status in _PAID and _is_accepted(tree, status)
        return Told(
            facts=tuple(_facts(tree, told_name, status, is_paid=is_paid)),
            provider_reference=told_name,
            mode=access.mode,
            is_final=is_paid or status in _ENDED,
            status=status,
            reference=reference,
        )


def _is_accepted(tree: Tree, status: str) -> bool:
    """Say whether a captured card was also let through; one in doubt is captured, and is not."""
    return status != "capture" or tree.get("fraud_status") == "accept"


def _may_be_void(tree: Tree, status: str, *, is_known: bool) -> bool:
    """Say whether a charge may have been undone, of which we have heard that it was made."""
    return status == "cancel" and is_known and tree.get("payment_type") == "credit_card"


def _facts(tree: Tree, name: str, status: str, *, is_paid: bool) -> Iterator[Fact]:
    if status in _ENDED:
        yield tell.failed(name)
    elif not is_paid:
        yield tell.under_way(name)
    else:
        money = tell.major(tree, "gross_amount", "currency", default=CURRENCY)
        yield tell.paid(name, money)
        yield from _refunds(tree, name, status)
        if status in _CHARGED_BACK:
            if status != "chargeback":
                raise left_to_person("a chargeback in part is told without its amount")
            yield tell.dispute(name, FactStatus.LOST, money, name)


def _refunds(tree: Tree, name: str, status: str) -> Iterator[Fact]:
    listed = list(tell.listed(tree, "refunds"))
    if status in _REFUNDED and not listed:
        raise left_to_person("refunds are told of, and none is listed")
    for each in listed:
        refund = {"refund": each, "currency": tree.get("currency")}
        money = tell.major(refund, "refund.refund_amount", "currency", default=CURRENCY)
        refund_id = f"{name}:{tell.name(refund, 'refund.refund_chargeback_id')}"
        yield tell.refund(refund_id, FactStatus.SUCCEEDED, money, name)
