"""Interswitch (Quickteller Business): HMAC-SHA512 of the body; completed does not mean paid.

Documented at https://docs.interswitchgroup.com/docs/webhooks.
"""

from __future__ import annotations

from types import MappingProxyType

from domain.providers.ask_first import AskFirst
from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.vocabulary import Vocabulary

_PAYMENT = ("data.paymentId", "data.paymentReference")


class Interswitch(AskFirst, BodyHmac):
    """Webhooks of one Interswitch merchant."""

    name = "interswitch"
    header = b"x-interswitch-signature"
    algorithm = "sha512"
    card = Card(
        title="Interswitch",
        scheme="HMAC-SHA512 of the body, hexadecimal, in `x-interswitch-signature`",
        key="the webhook secret key of Quickteller Business",
        retries="5 tries",
        sources=("https://docs.interswitchgroup.com/docs/webhooks",),
        refetch="required",
        confidence="medium",
        doubts=("how often it retries", "`uuid`, and all names in `data` but `responseCode`"),
        traps=(
            "`TRANSACTION.COMPLETED` is sent of failures too: only the answer to a question counts",
        ),
    )
    vocabulary = Vocabulary(
        type="event",
        key=("event", "uuid"),
        other_key=("event", "data.paymentReference", "data.responseCode"),
        reference=("data.merchantReference",),
        claims=MappingProxyType({}),
    )
    about = MappingProxyType(
        {"TRANSACTION.COMPLETED": _PAYMENT, "TRANSACTION.UPDATED": _PAYMENT},
    )
