"""Mercado Pago: a code over the query's `data.id`, a request id and a time, and over no body.

Documented at https://www.mercadopago.com/developers/en/docs/your-integrations/notifications/webhooks.
A notification says that something may have changed; what, is asked. The event's key keeps the parts
that were signed, since they stand beside the body, which may say anything.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from domain import signing
from domain.delivery import Hearsay, Hint, Verified
from domain.errors import RequestMalformed, SignatureInvalid
from domain.providers.card import Card
from domain.providers.event_keys import keyed, parts_of, told_key
from domain.providers.timed_hmac import named_values, sole_time
from domain.providers.token import Unproven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Said, Secret
    from domain.providers.trust import Claimed

_HEADER = "x-signature"
_TIME = re.compile(rb"[0-9]{10}|[0-9]{13}")
_OBJECT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_REQUEST_ID = re.compile(rb"[!-:<-~]{1,200}")
"""Visible ASCII without the semicolon, which parts what is signed."""

_NONE = "-"
"""Stands in a key for an object that was not named."""


class MercadoPago(Unproven):
    """Notifications of one application."""

    name = "mercado-pago"
    ignored = (
        "topic_merchant_order",
        "merchant_order",
        "subscription_",
        "topic_claims",
        "topic_card_id",
        "mp-connect",
        "point_integration",
        "delivery",
        "wallet_connect",
    )
    card = Card(
        title="Mercado Pago",
        scheme="HMAC-SHA256 of `id:<data.id of the query>;request-id:<x-request-id>;ts:<ts>;`,"
        " hexadecimal, as `ts=…,v1=…` in `x-signature`; what is not there is left out",
        key="the application's secret for notifications",
        retries="every 15 min, then with growing pauses",
        sources=(
            "https://www.mercadopago.com/developers/en/docs/your-integrations/notifications/webhooks",
            "https://github.com/mercadopago/sdk-nodejs",
        ),
        covers="nothing",
        refetch="required",
        doubts=("how it tries again", "the names of the topics"),
        traps=(
            "nothing of the body is signed, its type neither: it is only asked about",
            "a proxy that writes `x-request-id` anew makes every signature wrong",
            "notifications of QR codes are not signed at all, and are refused",
            "an id with letters may have been signed in small ones: both are tried",
            "the time is in milliseconds or in seconds, and no window is documented",
        ),
    )

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare `v1` with the code of the parts, the id as received and then in small letters."""
        signed = _signed(delivery)
        if signed.object_id != signed.object_id.lower():
            with suppress(SignatureInvalid):
                return _matching_key_id(secrets, signed)
        return _matching_key_id(secrets, signed._replace(object_id=signed.object_id.lower()))

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> Verified:
        """Authenticate the delivery; its key is made of what was signed, its body is not looked at.

        A delivery without a request id is named by its time: an object alone changes many times.
        """
        key_id = self.authenticate(delivery, secrets)
        signed = _signed(delivery)
        parts = (signed.object_id.lower() or _NONE, (signed.request_id or signed.time).decode())
        return Verified(key_id, (keyed(delivery.body, parts, None),))

    def parse(self, body: bytes, event_key: str) -> Said:
        """Ask about the object that was signed; the body says no more than what kind it may be."""
        said = super().parse(body, event_key)
        parts = parts_of(told_key(event_key, body))
        if not isinstance(said, Hearsay) or not parts or parts[0] == _NONE:
            return said
        return replace(said, object_id=_spelled(parts[0], said))

    def hear(self, claimed: Claimed) -> Hearsay:
        """Return what the body names; a chargeback names the payment beside itself."""
        type_ = claimed.type_name("type", "topic", otherwise="notification")
        return Hearsay(type_, None, claimed.hint("data.payment_id", "data.id"))


class _Signed(NamedTuple):
    """The parts that are signed, empty where one is not there, and the codes of them."""

    object_id: str
    request_id: bytes
    time: bytes
    codes: Sequence[bytes]


def _signed(delivery: Delivery) -> _Signed:
    header = signing.required_header(delivery, _HEADER.encode())
    pairs = named_values(header, b",", header_name=_HEADER)
    time = sole_time(pairs, b"ts", header_name=_HEADER)
    if _TIME.fullmatch(time) is None:
        raise SignatureInvalid("the timestamp is not ten or thirteen decimal digits")
    codes = [value for name, value in pairs if name == b"v1"]
    return _Signed(_object_id(delivery), _request_id(delivery), time, codes)


def _object_id(delivery: Delivery) -> str:
    """Return the query's `data.id`, empty where it is not there."""
    pairs = [pair.partition("=") for pair in delivery.url.partition("?")[2].split("&")]
    found = [value for name, _, value in pairs if name == "data.id"]
    if len(found) > 1:
        msg = f"data.id is in the query {len(found)} times"
        raise RequestMalformed(msg)
    if found and _OBJECT_ID.fullmatch(found[0]) is None:
        raise SignatureInvalid("the query's data.id cannot be an id")
    return found[0] if found else ""


def _request_id(delivery: Delivery) -> bytes:
    found = delivery.sole_header(b"x-request-id")
    if found is not None and _REQUEST_ID.fullmatch(found) is None:
        raise SignatureInvalid("x-request-id is empty, too long or holds a semicolon or a blank")
    return found or b""


def _matching_key_id(secrets: Sequence[Secret], signed: _Signed) -> str:
    """Return the name of the secret that signed the parts; one that is not there is left out."""
    named = {b"id": signed.object_id.encode(), b"request-id": signed.request_id, b"ts": signed.time}
    content = b"".join(b"%b:%b;" % pair for pair in named.items() if pair[1])
    return signing.matching_key_id(
        secrets, signed.codes, lambda secret: signing.hex_code(secret, content, "sha256")
    )


def _spelled(signed: str, said: Hearsay) -> Hint:
    """Return the signed id as the body spells it, where the two differ by capitals at most.

    Of a chargeback it is the payment that is asked about, and that is named by the body alone.
    """
    claimed = said.object_id
    if claimed is None:
        return Hint(signed)
    is_same = claimed.unproven.lower() == signed
    return claimed if is_same or "chargeback" in said.type else Hint(signed)
