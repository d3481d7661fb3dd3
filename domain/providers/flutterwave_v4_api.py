"""Flutterwave's API v4. https://developer.flutterwave.com/reference/charges_get."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.delivery import Setting
from domain.facts import FactStatus
from domain.providers import told_facts as tell
from domain.providers.api import PAGE_BYTES_MAX, ApiRequest, get
from domain.providers.look_up import LookUp, key
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
    from collections.abc import Iterator, Mapping

    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.look_up import Access, Asks, Tree
    from domain.providers.paths import Json

_NAME = re.compile(r"(?:chg|rfd)_[A-Za-z0-9_]{4,100}")
_PAID = "succeeded"
_ENDED = frozenset({"failed", "voided"})
_REFUNDS: Mapping[str, FactStatus] = MappingProxyType(
    {"succeeded": FactStatus.SUCCEEDED, "failed": FactStatus.FAILED}
)


class FlutterwaveV4Api(LookUp):
    """Asks for the charge by its id, or by our reference; of a refund, for its charge first."""

    name = "flutterwave-v4"
    live_url = "https://f4bexperience.flutterwave.com"
    test_url = "https://developersandbox-api.flutterwave.com"
    tokens_live_url = "https://idp.flutterwave.com"
    key = key("the client secret")
    settings = (Setting("CLIENT_ID", "the client id", r"[A-Za-z0-9-]{8,100}"),)
    doubts = (
        "the address of the live API",
        "that a charge says `refunded`: where it does not, its refunds are not asked about",
        "chargebacks are not asked about",
    )

    def token_request(self, access: Access) -> ApiRequest:
        """Exchange the client's id and secret."""
        form = (
            ("client_id", access.values["CLIENT_ID"]),
            ("client_secret", access.key),
            ("grant_type", "client_credentials"),
        )
        path = ("realms", "flutterwave", "protocol", "openid-connect", "token")
        return ApiRequest("POST", path, form=form, is_repeatable=True)

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask for the charge, and for refunds where it says that there are any."""
        name = named(asking, _NAME)
        is_hinted_refund = name is not None and name.startswith("rfd_")
        if name is not None and is_hinted_refund:
            refund = found((yield get("refunds", name)), asking).get("data")
            require_same(dig(refund, "id"), name)
            name = tell.name(refund, "charge_id")
        if name is None:
            query = (("reference", asking.reference),)
            listing = found((yield get("charges", query=query)), asking)
            charge = _of(listing, asking)
        else:
            charge = found((yield get("charges", name)), asking).get("data")
            require_same(dig(charge, "id"), name)
        told_name, status = tell.name(charge, "id"), tell.word(charge, "status")
        reference = whose(asking, dig(charge, "reference"))
        facts = [_fact(charge, told_name, status)]
        if status == _PAID and (is_hinted_refund or dig(charge, "refunded") is True):
            answer = yield get("refunds", query=(("size", "50"),), answer_bytes_max=PAGE_BYTES_MAX)
            facts += _refunds(found(answer, asking), told_name, tell.word(charge, "currency"))
        return Told(
            facts=tuple(facts),
            provider_reference=told_name,
            mode=access.mode,
            is_final=status == _PAID or status in _ENDED,
            status=status,
            reference=reference,
        )


def _of(listing: Tree, asking: Asking) -> Json:
    for each in tell.listed(listing, "data"):
        if dig(each, "reference") == asking.reference:
            return each
    raise unknown(asking)


def _fact(charge: Json, name: str, status: str) -> Fact:
    if status == _PAID:
        return tell.paid(name, tell.major(charge, "amount", "currency"))
    return tell.failed(name) if status in _ENDED else tell.under_way(name)


def _refunds(tree: Tree, name: str, currency: str) -> Iterator[Fact]:
    ours = [each for each in tell.listed(tree, "data") if dig(each, "charge_id") == name]
    if not ours:
        raise left_to_person("refunds are told of, and none is listed")
    for each in ours:
        status = _REFUNDS.get(tell.word(each, "status"), FactStatus.PENDING)
        money = tell.major(each, "amount_refunded", "", default=currency)
        yield tell.refund(tell.name(each, "id"), status, money, name)
