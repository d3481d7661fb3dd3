"""Safaricom's Daraja: what became of an STK push. https://developer.safaricom.co.ke/APIs/."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.delivery import Setting
from domain.errors import ProviderForbids, ProviderRefused
from domain.providers import told_facts as tell
from domain.providers.api import ApiAnswer, ApiRequest, get, is_success
from domain.providers.look_up import LookUp, basic, key, tree_of
from domain.providers.look_up_answers import found, named, nameless, require_same

if TYPE_CHECKING:
    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.look_up import Access, Asks

CURRENCY = "KES"

_NAME = re.compile(r"ws_CO_[A-Za-z0-9_]{6,60}")
_EAST_AFRICA = timedelta(hours=3)
_BAD_TOKEN = "404.001.03"  # noqa: S105 - the code of an error
_PAID = "0"
_ENDED = frozenset(
    {"1", "17", "26", "1001", "1019", "1025", "1031", "1032", "1037", "2001", "9999"}
)


class MpesaDarajaApi(LookUp):
    """Asks what became of an STK push, which is told without an amount and without a reference.

    So it counts only for a payment that is known here by the push's own `CheckoutRequestID`, as a
    name it has or as its very reference, and for the amount that this payment asks: that is what
    the push asked of the customer, who cannot change it. Anything else is for a person. What comes
    by the till (C2B) and results cannot be asked about at once, and are for a person too.
    """

    name = "mpesa-daraja"
    live_url = "https://api.safaricom.co.ke"
    test_url = "https://sandbox.safaricom.co.ke"
    key = key("the consumer secret of the app")
    settings = (
        Setting("CONSUMER_KEY", "the consumer key of the app", r"[A-Za-z0-9]{16,128}"),
        Setting("SHORTCODE", "the paybill or till that asks", r"[0-9]{5,10}"),
        Setting("PASSKEY", "the passkey of the shortcode", r"[!-~]{16,256}"),
    )
    doubts = (
        "which results are final: the list is from practice, any other leaves the payment as it is",
        "that a till's payment was made at all can only be asked with a later callback",
    )

    def accept(self, answer: ApiAnswer) -> ApiAnswer:
        """Take a token that is not accepted for that, though its status says: not found."""
        if not is_success(answer) and answer.status < 500:  # noqa: PLR2004 - an HTTP status
            code = tree_of(answer).get("errorCode")
            if code == _BAD_TOKEN:
                raise ProviderForbids("our token is not accepted", http_status=answer.status)
        return super().accept(answer)

    def token_request(self, access: Access) -> ApiRequest:
        """Exchange the app's key and secret."""
        query = (("grant_type", "client_credentials"),)
        headers = basic(access.values["CONSUMER_KEY"], access.key)
        return get("oauth", "v1", "generate", query=query, headers=headers)

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask once. Raises ProviderRefused for a success of which nobody here knows the amount."""
        name = named(asking, _NAME)
        if name is None and _NAME.fullmatch(asking.reference):
            name = asking.reference
        if name is None:
            raise nameless()
        tree = found((yield _question(name, access)), asking)
        require_same(tree.get("CheckoutRequestID"), name)
        code = tell.name(tree, "ResultCode")
        is_known = asking.amount.currency == CURRENCY and asking.amount.amount_minor > 0
        is_ours = is_known and name in (*asking.names, asking.reference)
        if code == _PAID and not is_ours:
            msg = "it is paid, but no payment is known here by this name, and no amount is told"
            raise ProviderRefused(msg, http_status=200, provider_code="amount_untold")
        return Told(
            facts=_facts(name, code, asking),
            provider_reference=name,
            mode=access.mode,
            is_final=code == _PAID or code in _ENDED,
            status=f"result {code}",
            reference=asking.reference if is_ours else None,
        )


def _facts(name: str, code: str, asking: Asking) -> tuple[Fact, ...]:
    if code == _PAID:
        return (tell.paid(name, asking.amount),)
    return (tell.failed(name) if code in _ENDED else tell.under_way(name),)


def _question(name: str, access: Access) -> ApiRequest:
    """Write the question, with a password for this second of Nairobi."""
    at = datetime.fromtimestamp(access.now_s, UTC) + _EAST_AFRICA
    timestamp = at.strftime("%Y%m%d%H%M%S")
    shortcode = access.values["SHORTCODE"]
    password = base64.b64encode(f"{shortcode}{access.values['PASSKEY']}{timestamp}".encode())
    body = {
        "BusinessShortCode": shortcode,
        "Password": password.decode(),
        "Timestamp": timestamp,
        "CheckoutRequestID": name,
    }
    return ApiRequest(
        "POST", ("mpesa", "stkpushquery", "v1", "query"), json=body, is_repeatable=True
    )
