"""Flutterwave v4: HMAC-SHA256 of the body in base64, not proven by a real delivery.

Documented at https://developer.flutterwave.com/docs/webhooks. Older integrations (v3) show a token
in the place of a signature: they are another provider.
"""

from __future__ import annotations

from types import MappingProxyType

from domain.providers.ask_first import AskFirst
from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.vocabulary import Vocabulary


class FlutterwaveV4(AskFirst, BodyHmac):
    """Webhooks of one Flutterwave v4 account."""

    name = "flutterwave-v4"
    header = b"flutterwave-signature"
    algorithm = "sha256"
    encoding = "base64"
    card = Card(
        title="Flutterwave v4",
        scheme="HMAC-SHA256 of the body, base64, in `flutterwave-signature`",
        key="the secret hash that you set in the dashboard",
        retries="not documented",
        sources=("https://developer.flutterwave.com/docs/webhooks",),
        refetch="required",
        confidence="medium",
        doubts=("the member `timestamp`", "the names of refund and transfer events"),
        traps=(
            "an older page shows the secret hash itself in the header: that is refused here",
            "try a sandbox delivery before you go live",
        ),
    )
    vocabulary = Vocabulary(
        type="type",
        key=("id",),
        other_key=("type", "data.id", "data.status"),
        reference=("data.reference",),
        claims=MappingProxyType({}),
    )
    about = MappingProxyType(
        {"charge.": ("data.id",), "refund.": ("data.charge_id", "data.id")},
    )
