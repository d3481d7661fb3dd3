"""Flutterwave's API v3. https://developer.flutterwave.com/v3.0.0/reference/."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.delivery import Mode
from domain.facts import FactStatus
from domain.providers import told_facts as tell
from domain.providers.api import PAGE_BYTES_MAX, ApiAnswer, get, is_success, refusal
from domain.providers.look_up import LookUp, key, tree_of
from domain.providers.look_up_answers import named, require_same, unknown, whose
from domain.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.look_up import Access, Asks
    from domain.providers.paths import Json

_NAME = re.compile(r"[1-9][0-9]{0,19}")
_NOT_FOUND = "no transaction was found for this"
_NOT_GOOD = 400
_PAID = "successful"
_REFUNDS: Mapping[str, FactStatus] = MappingProxyType(
    {
        "completed": FactStatus.SUCCEEDED,
        "successful": FactStatus.SUCCEEDED,
        "failed": FactStatus.FAILED,
    }
)


class FlutterwaveV3Api(LookUp):
    """Asks for the transaction by its id, or by our reference, which is its `tx_ref`."""

    name = "flutterwave-v3"
    live_url = "https://api.flutterwave.com"
    key = key("the secret key, FLWSECK-… or FLWSECK_TEST-…", r"FLWSECK[!-~]{8,200}")
    doubts = (
        "the statuses of refunds: but for completed, successful and failed they are pending",
        "whether a list of refunds may be refused with 400: it is then taken for empty",
        "chargebacks are not asked about",
    )

    def mode_of(self, key: str) -> Mode:
        """Return the world of a key: those of the test mode say theirs."""
        return Mode.TEST if key.startswith("FLWSECK_TEST") else Mode.LIVE

    def accept(self, answer: ApiAnswer) -> ApiAnswer:
        """Take a 400 for an answer: that is what it says of what is not there."""
        if answer.status == _NOT_GOOD:
            tree_of(answer)
            return answer
        return super().accept(answer)

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask for the transaction, and where money has come for its refunds."""
        name = named(asking, _NAME)
        by_reference = (("tx_ref", asking.reference),)
        answer = yield (
            get("v3", "transactions", "verify_by_reference", query=by_reference)
            if name is None
            else get("v3", "transactions", name, "verify")
        )
        _require_found(answer, asking)
        data = tree_of(answer).get("data")
        told_name = tell.name(data, "id")
        require_same(told_name, name or told_name)
        reference = whose(asking, dig(data, "tx_ref"))
        status = tell.word(data, "status")
        facts = _facts(data, told_name, status)
        if status == _PAID:
            query = (("id", told_name),)
            refunds = yield get("v3", "refunds", query=query, answer_bytes_max=PAGE_BYTES_MAX)
            facts += _refunds(refunds, told_name, tell.word(data, "currency"))
        return Told(
            facts=tuple(facts),
            provider_reference=told_name,
            mode=access.mode,
            is_final=status in (_PAID, "failed"),
            status=status,
            reference=reference,
        )


def _facts(data: Json, name: str, status: str) -> list[Fact]:
    if status == _PAID:
        return [tell.paid(name, tell.major(data, "amount", "currency"))]
    return [tell.failed(name) if status == "failed" else tell.under_way(name)]


def _refunds(answer: ApiAnswer, name: str, currency: str) -> Iterator[Fact]:
    """Yield the refunds of this transaction; the list may be wider than was asked for."""
    if not is_success(answer):
        return
    for each in tell.listed(tree_of(answer), "data"):
        if tell.name(each, "tx_id") == name:
            status = _REFUNDS.get(tell.word(each, "status").partition("-")[0], FactStatus.PENDING)
            money = tell.major(each, "amount_refunded", "", default=currency)
            yield tell.refund(tell.name(each, "id"), status, money, name)


def _require_found(answer: ApiAnswer, asking: Asking) -> None:
    if answer.status == _NOT_GOOD:
        message = tree_of(answer).get("message")
        if not isinstance(message, str) or not message.lower().startswith(_NOT_FOUND):
            raise refusal(answer, None)
    if not is_success(answer):
        raise unknown(asking)
