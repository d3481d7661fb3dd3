"""GoCardless's API. https://developer.gocardless.com/api-reference/."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.facts import FactStatus
from domain.providers import told_facts as tell
from domain.providers.api import PAGE_BYTES_MAX, get
from domain.providers.look_up import LookUp, key, tree_of
from domain.providers.look_up_answers import (
    found,
    left_to_person,
    named,
    nameless,
    require_same,
    whose,
)
from domain.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.api import ApiAnswer, ApiRequest, Pairs
    from domain.providers.look_up import Access, Asks, Tree
    from domain.providers.paths import Json

VERSION = "2015-07-06"
LISTED_MAX = 500
"""Refunds, or events, of one payment that are read; a payment with more is left to a person."""

_NAME = re.compile(r"(?:PM|RF)[A-Z0-9]{1,60}")
_PAID = frozenset({"confirmed", "paid_out", "charged_back"})
_ENDED = frozenset({"failed", "cancelled", "customer_approval_denied"})
_REFUNDS: Mapping[str, FactStatus] = MappingProxyType(
    {
        "paid": FactStatus.SUCCEEDED,
        "cancelled": FactStatus.FAILED,
        "bounced": FactStatus.FAILED,
        "funds_returned": FactStatus.FAILED,
    }
)
_DISPUTES: Mapping[str, FactStatus] = MappingProxyType(
    {"chargeback_cancelled": FactStatus.WON, "chargeback_settled": FactStatus.LOST}
)


class GoCardlessApi(LookUp):
    """Asks for the payment, its refunds and its history; of a refund, for its payment first.

    Our reference is `metadata.reference` of the payment.
    """

    name = "gocardless"
    live_url = "https://api.gocardless.com"
    test_url = "https://api-sandbox.gocardless.com"
    key = key("an access token that may read, live_… or sandbox_…", r"[A-Za-z0-9_-]{20,200}")
    key_says_mode = True
    doubts = (
        "a chargeback of a chargeback: one case of a payment is told, as its newest event says",
    )

    def headers(self, access: Access, token: str | None) -> Pairs:
        """Return the key and the version of the API."""
        return (*super().headers(access, token), ("GoCardless-Version", VERSION))

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask for the payment, and where money has come for what went back."""
        name = named(asking, _NAME)
        if name is None:
            raise nameless()
        if name.startswith("RF"):
            refund = found((yield get("refunds", name)), asking)
            require_same(dig(refund, "refunds.id"), name)
            name = tell.name(refund, "refunds.links.payment")
        payment = found((yield get("payments", name)), asking).get("payments")
        require_same(dig(payment, "id"), name)
        status = tell.word(payment, "status")
        reference = whose(asking, dig(payment, "metadata.reference"))
        facts = [tell.under_way(name)]
        if status in _PAID or status in _ENDED:
            facts = yield from self._went(payment, name, status)
        return Told(
            facts=tuple(facts),
            provider_reference=name,
            mode=access.mode,
            is_final=status in _PAID or status in _ENDED,
            status=status,
            reference=reference,
        )

    def _went(
        self, payment: Json, name: str, status: str
    ) -> Generator[ApiRequest, ApiAnswer, list[Fact]]:
        """Return what is told of a payment that is over.

        What failed after it was confirmed had been money, and is gone as by a dispute. Taken anew
        it is as if that was won: where the loss was told before, a person puts it right.
        """
        money = tell.minor(payment, "amount", "currency")
        query = (("payment", name), ("limit", str(LISTED_MAX)))
        history = tree_of((yield get("events", query=query, answer_bytes_max=PAGE_BYTES_MAX)))
        actions = list(_actions(history, name))
        was_paid = status in _PAID or bool(_PAID & set(actions))
        if not was_paid:
            return [tell.failed(name)]
        told = [tell.paid(name, money)]
        if status in _ENDED:
            return [*told, tell.dispute(name, FactStatus.LOST, money, name)]
        dispute = next((each for each in actions if each in _DISPUTES), None)
        if status == "charged_back" or dispute is not None:
            settled = _DISPUTES.get(dispute or "", FactStatus.OPENED)
            told.append(tell.dispute(name, settled, money, name))
        elif _came_back(actions):
            told.append(tell.dispute(name, FactStatus.WON, money, name))
        refunds = tree_of((yield get("refunds", query=query, answer_bytes_max=PAGE_BYTES_MAX)))
        return [*told, *_refunds(refunds, name)]


def _actions(history: Tree, name: str) -> Iterator[str]:
    """Yield what happened to the payment, newest first."""
    for each in _all(history, "events"):
        if dig(each, "resource_type") == "payments" and dig(each, "links.payment") == name:
            yield tell.word(each, "action")


def _came_back(actions: list[str]) -> bool:
    """Say whether a payment that is confirmed had failed after it was confirmed before."""
    if "failed" not in actions:
        return False
    return bool(_PAID & set(actions[actions.index("failed") :]))


def _refunds(tree: Tree, name: str) -> Iterator[Fact]:
    for each in _all(tree, "refunds"):
        if dig(each, "links.payment") == name:
            status = _REFUNDS.get(tell.word(each, "status"), FactStatus.PENDING)
            money = tell.minor(each, "amount", "currency")
            yield tell.refund(tell.name(each, "id"), status, money, name)


def _all(tree: Tree, path: str) -> list[Json]:
    """Return the whole list. Raises ProviderRefused where there is more of it."""
    if dig(tree, "meta.cursors.after"):
        raise left_to_person("a list of what happened goes on")
    return list(tell.listed(tree, path))
