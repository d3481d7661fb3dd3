"""PayMongo: `t=<seconds>,te=<hex>,li=<hex>` over time and body, one code for each world.

Documented at https://developers.paymongo.com/docs/securing-webhook. Which of the two codes counts
is said by our own setting: the body says it too, but whoever has a test secret writes that body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import signing
from domain.delivery import Mode, Setting
from domain.errors import SignatureInvalid
from domain.providers.card import Card
from domain.providers.timed_hmac import Stamp, TimedHmac, named_values, sole_time
from domain.providers.vocabulary import Claim, Says, Vocabulary

if TYPE_CHECKING:
    from domain.delivery import Delivery

LISTED_MAX = 10
"""Payments of a checkout session, or refunds of a payment, that are looked at, the first first."""

_CODE_NAMES = {Mode.TEST: b"te", Mode.LIVE: b"li"}
_OBJECT = "data.attributes.data"
_REFUND_STATUSES = {
    Says.REFUND_PENDING: ("pending", "processing"),
    Says.REFUND_SUCCEEDED: ("succeeded",),
    Says.REFUND_FAILED: ("failed",),
}


def _paid(payment: str) -> Claim:
    fields = f"{payment}.attributes"
    is_paid = ((f"{payment}.type", ("payment",)), (f"{fields}.status", ("paid",)))
    return Claim(
        Says.SUCCEEDED, f"{payment}.id", f"{fields}.amount", f"{fields}.currency", only_if=is_paid
    )


def _refund(refund: str) -> tuple[Claim, ...]:
    fields = f"{refund}.attributes"
    return tuple(
        Claim(
            says,
            f"{refund}.id",
            f"{fields}.amount",
            f"{fields}.currency",
            f"{fields}.payment_id",
            only_if=((f"{refund}.type", ("refund",)), (f"{fields}.status", statuses)),
        )
        for says, statuses in _REFUND_STATUSES.items()
    )


_LISTED = tuple(f"{_OBJECT}.attributes.payments.{n}" for n in range(LISTED_MAX))
_REFUNDED = _refund(_OBJECT) + tuple(
    claim for n in range(LISTED_MAX) for claim in _refund(f"{_OBJECT}.attributes.refunds.{n}")
)


class Paymongo(TimedHmac):
    """Webhooks of one PayMongo endpoint in the world that its account is set to."""

    name = "paymongo"
    settings = (Setting("MODE", "live or test: the world whose code counts", "live|test"),)
    card = Card(
        title="PayMongo",
        scheme="HMAC-SHA256 of `time.body`, hexadecimal, as `t=…,te=…,li=…` in"
        " `paymongo-signature`: `te` counts in test mode, `li` in live mode",
        key="the webhook's secret key",
        retries="12 tries with growing pauses, then the webhook is disabled",
        sources=(
            "https://developers.paymongo.com/docs/securing-webhook",
            "https://developers.paymongo.com/docs/developer-tools-webhooks-key-concepts",
        ),
        doubts=(
            "that the last try disables the webhook",
            "the names and bodies of events about checkout sessions and links",
        ),
        traps=(
            "an account needs its MODE: a body's `livemode` must not choose the code",
            "the code of the other world is empty, and nothing equals an empty one",
            "a time older than 5 min is refused; the window is suggested, not documented",
        ),
    )
    vocabulary = Vocabulary(
        type="data.attributes.type",
        key=("data.id",),
        reference=(
            f"{_OBJECT}.attributes.metadata.reference",
            f"{_OBJECT}.attributes.external_reference_number",
            f"{_OBJECT}.attributes.reference_number",
        ),
        payment_id=(
            f"{_OBJECT}.attributes.payment_id",
            f"{_OBJECT}.attributes.payments.0.id",
            f"{_OBJECT}.attributes.payments.0.data.id",
            f"{_OBJECT}.id",
        ),
        at="data.attributes.created_at",
        mode="data.attributes.livemode",
        claims={
            "payment.paid": (_paid(_OBJECT),),
            "checkout_session.payment.paid": tuple(_paid(each) for each in _LISTED),
            "link.payment.paid": tuple(_paid(f"{each}.data") for each in _LISTED),
            "payment.failed": (Claim(Says.FAILED, f"{_OBJECT}.id"),),
            "payment.refunded": _REFUNDED,
            "payment.refund.updated": _REFUNDED,
            "refund.processing": _REFUNDED,
            "refund.succeeded": _REFUNDED,
            "refund.failed": _REFUNDED,
            "refund.updated": _REFUNDED,
        },
    )

    def stamp(self, delivery: Delivery) -> Stamp:
        """Read `t` and the code of our world. Raises SignatureInvalid while we are in none."""
        if self.mode is None:
            raise SignatureInvalid("the account has no mode: neither te nor li can count")
        header = signing.required_header(delivery, b"paymongo-signature")
        pairs = named_values(header, b",", header_name="paymongo-signature")
        time = sole_time(pairs, b"t", header_name="paymongo-signature")
        wanted = _CODE_NAMES[self.mode]
        return Stamp(time, [code for name, code in pairs if name == wanted and code])
