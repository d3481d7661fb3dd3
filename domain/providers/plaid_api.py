"""Plaid's API: transfers, and payments by bank. https://plaid.com/docs/api/products/transfer/."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.delivery import Setting
from domain.facts import FactStatus
from domain.providers import told_facts as tell
from domain.providers.api import PAGE_BYTES_MAX, ApiRequest
from domain.providers.look_up import LookUp, key, tree_of
from domain.providers.look_up_answers import (
    found,
    left_to_person,
    named,
    require_same,
    unknown,
    whose,
)
from domain.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.api import ApiAnswer, Pairs
    from domain.providers.look_up import Access, Asks, Tree
    from domain.providers.paths import Json

LISTED = 25
"""Transfers in one page: the most that Plaid gives."""

PAGES_MAX = 8
"""Pages that are read in search of a reference, the newest transfers first."""

_TRANSFER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PAYMENT = re.compile(r"payment-id-[A-Za-z0-9-]{4,80}")
_NAME = re.compile(f"{_TRANSFER.pattern}|{_PAYMENT.pattern}")
_SETTLED = frozenset({"settled", "funds_available", "returned"})
_PAID = frozenset({"PAYMENT_STATUS_SETTLED"})
_ENDED = frozenset(
    {
        "cancelled",
        "failed",
        "PAYMENT_STATUS_REJECTED",
        "PAYMENT_STATUS_FAILED",
        "PAYMENT_STATUS_BLOCKED",
        "PAYMENT_STATUS_CANCELLED",
        "PAYMENT_STATUS_INSUFFICIENT_FUNDS",
    }
)
_REFUNDS: Mapping[str, FactStatus] = MappingProxyType(
    {
        "settled": FactStatus.SUCCEEDED,
        "failed": FactStatus.FAILED,
        "cancelled": FactStatus.FAILED,
        "returned": FactStatus.FAILED,
    }
)


class PlaidApi(LookUp):
    """Asks for a transfer (a debit) or a payment; without a name, searches the newest transfers.

    Our reference is `metadata.reference` of a transfer, `reference` of a payment. A notice names no
    transfer, so that only a question about a payment that is known here finds one.
    """

    name = "plaid"
    live_url = "https://production.plaid.com"
    test_url = "https://sandbox.plaid.com"
    key = key("the API secret of the client", r"[A-Za-z0-9]{16,100}")
    settings = (Setting("CLIENT_ID", "the client id of the API", r"[A-Za-z0-9]{8,64}"),)
    doubts = (
        "a payment by bank counts once it is settled: that it was executed is not enough",
        "refunds of payments by bank are not asked about",
        "a transfer that is older than the newest 200 is found by its id alone",
    )

    def headers(self, access: Access, token: str | None) -> Pairs:
        """Return both parts of the key."""
        del token
        return (("PLAID-CLIENT-ID", access.values["CLIENT_ID"]), ("PLAID-SECRET", access.key))

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask for what is named, or search."""
        name = named(asking, _NAME)
        if name is None:
            tree = yield from _search(asking)
        elif _PAYMENT.fullmatch(name):
            tree = found(
                (yield _post("payment_initiation", "payment", "get", payment_id=name)), asking
            )
            require_same(tree.get("payment_id"), name)
            return _payment(tree, name, asking, access)
        else:
            tree = found((yield _post("transfer", "get", transfer_id=name)), asking).get("transfer")
        told_name = tell.name(tree, "id")
        require_same(told_name, name or told_name)
        status = tell.word(tree, "status")
        return Told(
            facts=tuple(_facts(tree, told_name, status)),
            provider_reference=told_name,
            mode=access.mode,
            is_final=status in _SETTLED or status in _ENDED,
            status=status,
            reference=whose(asking, dig(tree, "metadata.reference")),
        )


def _search(asking: Asking) -> Generator[ApiRequest, ApiAnswer, Json]:
    for page in range(PAGES_MAX):
        tree = tree_of((yield _post("transfer", "list", count=LISTED, offset=page * LISTED)))
        transfers = list(tell.listed(tree, "transfers"))
        for each in transfers:
            if dig(each, "metadata.reference") == asking.reference:
                return each
        if len(transfers) < LISTED:
            break
    raise unknown(asking)


def _facts(transfer: Json, name: str, status: str) -> Iterator[Fact]:
    """Yield what is told; what was returned had been settled before, and was taken back."""
    if dig(transfer, "type") != "debit":
        raise left_to_person("a transfer to a customer is no payment")
    if status in _ENDED:
        yield tell.failed(name)
    elif status not in _SETTLED:
        yield tell.under_way(name)
    else:
        money = tell.major(transfer, "amount", "iso_currency_code", default="USD")
        yield tell.paid(name, money)
        if status == "returned":
            yield tell.dispute(name, FactStatus.LOST, money, name)
        for each in tell.listed(transfer, "refunds"):
            refund = tell.major(each, "amount", "", default=money.currency)
            how = _REFUNDS.get(tell.word(each, "status"), FactStatus.PENDING)
            yield tell.refund(tell.name(each, "id"), how, refund, name)


def _payment(tree: Tree, name: str, asking: Asking, access: Access) -> Told:
    status = tell.word(tree, "status")
    fact = tell.failed(name) if status in _ENDED else tell.under_way(name)
    if status in _PAID:
        fact = tell.paid(name, tell.major(tree, "amount.value", "amount.currency"))
    return Told(
        facts=(fact,),
        provider_reference=name,
        mode=access.mode,
        is_final=status in _PAID or status in _ENDED,
        status=status,
        reference=whose(asking, tree.get("reference")),
    )


def _post(*path: str, **body: object) -> ApiRequest:
    return ApiRequest("POST", path, json=body, is_repeatable=True, answer_bytes_max=PAGE_BYTES_MAX)
