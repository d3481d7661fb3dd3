"""Klarna's network notifications: HMAC-SHA256 of the body, in base64 as far as we know.

Documented at https://docs.klarna.com. The older push says nothing but an order's id, unsigned: that
is not this.
"""

from __future__ import annotations

from types import MappingProxyType

from domain.providers.ask_first import AskFirst
from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.vocabulary import Vocabulary


class Klarna(AskFirst, BodyHmac):
    """Notifications of one Klarna partner account.

    A header names the signing key. It is not signed and our secrets bear other names, so each
    secret is tried.
    """

    name = "klarna"
    header = b"klarna-signature"
    algorithm = "sha256"
    encoding = "base64"
    card = Card(
        title="Klarna",
        scheme="HMAC-SHA256 of the body, base64, in `klarna-signature`",
        key="the signing key; several may be live, and each is tried",
        retries="up to 12 h",
        sources=("https://docs.klarna.com",),
        refetch="required",
        confidence="medium",
        doubts=(
            "base64: it may be hexadecimal, which is refused here; try a sandbox delivery first",
            "the names of refund, dispute and payout events",
            "the paths within `payload`",
        ),
        traps=("the older push of an order's id is not signed, and is not understood here",),
    )
    vocabulary = Vocabulary(
        type="metadata.event_type",
        key=("metadata.event_id",),
        reference=("payload.payment_reference",),
        claims=MappingProxyType({}),
    )
    about = MappingProxyType(
        {"payment.": ("payload.payment_transaction_id", "payload.payment_request_id")},
    )
