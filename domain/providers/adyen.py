"""Adyen: a code inside each item of the body, over eight of the item's fields.

Documented at https://docs.adyen.com/development-resources/webhooks/secure-webhooks/. Every item is
verified, all or none, and what is made of an item is made of those eight fields alone. Webhooks of
platforms are signed as a whole, in a header; they are kept and say nothing that we use.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, Any

from domain import signing
from domain.delivery import Demanded, ProviderEvent, Secret
from domain.errors import PayloadInvalid, RefetchRequired, SignatureInvalid, SignatureMissing
from domain.providers.adyen_words import TO_ASK, VOCABULARY
from domain.providers.card import Card
from domain.providers.event_keys import BODY_KEY_PREFIX, keyed
from domain.providers.many_events import ManyEventsProvider
from domain.providers.paths import dig
from domain.providers.wire_values import type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, KeyedEvent, Said

    Tree = dict[str, Any]

SIGNED = (
    "pspReference",
    "originalReference",
    "merchantAccountCode",
    "merchantReference",
    "amount.value",
    "amount.currency",
    "eventCode",
    "success",
)
"""The fields under the signature, in its order."""

_MAY_HOLD_COLON = "merchantReference"
"""Nothing is escaped, but with a colon in one field only there is one way to read the eight."""

_VALUE = "amount.value"
_VALUE_BITS_MAX = 64
_CODE = "additionalData.hmacSignature"
_PLATFORM_HEADER = b"hmacsignature"
_ITEM = "NotificationRequestItem"


class Adyen(ManyEventsProvider):
    """Standard webhooks of one Adyen endpoint, in JSON."""

    name = "adyen"
    batch = "notificationItems"
    demanded = Demanded(b"[accepted]", content_type=b"text/plain")
    secret_form = re.compile(r"(?:[0-9A-Fa-f]{2}){16,64}")
    vocabulary = VOCABULARY
    card = Card(
        title="Adyen",
        scheme="HMAC-SHA256 of eight fields of each item joined by colons, base64, in"
        " `additionalData.hmacSignature`; of platforms: of the body, in `hmacsignature`",
        key="the HMAC key of the webhook, hexadecimal digits that are decoded",
        retries="3 at once, then with growing pauses for up to 30 days",
        sources=(
            "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/",
            "https://github.com/Adyen/adyen-python-api-library",
        ),
        covers="fields",
        refetch="recommended",
        doubts=(
            "how long it tries",
            "that a refund which fails later bears the reference of the refund",
            "CANCEL_OR_REFUND, EXPIRE and the outcomes of pre-arbitration",
        ),
        traps=(
            "AUTHORISATION counts as money: let payments be captured at once",
            "a capture that fails, a cancellation and an expiry are set aside for a person",
            "a capture of less than was authorised contradicts it, and a person decides",
            "amounts have the decimals of Adyen's own table: CLP, CVE, IDR and ISK differ",
            "`success` is a text; `live`, `reason` and the dates are not signed, and not used",
            "a reference with a colon in it cannot be one of ours",
        ),
    )

    def elements(self, tree: Tree) -> Sequence[Tree]:
        """Return the signed fields of every item, and nothing beside them."""
        return [_signed_part(item) for item in self._items(tree)]

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare the code of every item, or the platform's header where there are no items."""
        keys = [Secret(each.key_id, key_of(each.value)) for each in secrets]
        try:
            items = self._items(self.glance(delivery.body))
        except PayloadInvalid:
            given = signing.required_header(delivery, _PLATFORM_HEADER)
            return _key_id(keys, given, delivery.body)
        key_ids = [_key_id(keys, _code(item), _content(item)) for item in items]
        return key_ids[0]

    def parse(self, body: bytes, event_key: str) -> Said:
        """Read the item of that key; a body that is its own key is a platform's, and ignored."""
        if not event_key.startswith(BODY_KEY_PREFIX):
            return super().parse(body, event_key)
        return ProviderEvent(type_name(self.read(body).get("type")), reference=None)

    def translate(self, tree: Tree) -> ProviderEvent:
        """Translate the signed fields of an item. Nothing moves with an amount of zero.

        Raises RefetchRequired where it takes back what an earlier one said.
        """
        if (tree["eventCode"], tree["success"]) in TO_ASK:
            msg = f"{tree['eventCode']} may take back what was authorised"
            raise RefetchRequired(msg)
        if tree["amount"]["value"] == 0:
            return ProviderEvent(type_name(tree["eventCode"]), self.vocabulary.reference_in(tree))
        return self.vocabulary.translate(tree)

    def _items(self, tree: Tree) -> list[Tree]:
        found = [each.get(_ITEM) for each in super().elements(tree)]
        items = [item for item in found if isinstance(item, dict)]
        if len(items) != len(found):
            msg = f"an element of {self.batch} has no {_ITEM}"
            raise PayloadInvalid(msg)
        return items

    def _all_keyed(self, body: bytes) -> tuple[KeyedEvent, ...]:
        """Keep a body without items, which is a platform's, under its hash as one that is read."""
        events = super()._all_keyed(body)
        if all(event.readable for event in events):
            return events
        try:
            is_platform = self.batch not in self.glance(body)
        except PayloadInvalid:
            return events
        return (keyed(body, (), None),) if is_platform else events


def key_of(secret: bytes) -> bytes:
    """Return the HMAC key that hexadecimal digits stand for, empty when they are none."""
    try:
        return binascii.unhexlify(secret)
    except binascii.Error:
        return b""


def _key_id(keys: Sequence[Secret], given: bytes, content: bytes) -> str:
    return signing.matching_key_id(
        keys, [given], lambda key: signing.base64_code(key, content, "sha256")
    )


def _code(item: Tree) -> bytes:
    code = dig(item, _CODE)
    if not isinstance(code, str):
        msg = f"an item has no {_CODE}"
        raise SignatureMissing(msg)
    return code[: signing.HEADER_BYTES_MAX].encode(errors="surrogatepass")


def _content(item: Tree) -> bytes:
    """Return what is signed of an item. Raises SignatureInvalid where it could be read twice."""
    try:
        texts = [_text(item, path) for path in SIGNED]
    except PayloadInvalid as error:
        raise SignatureInvalid(str(error)) from None
    return ":".join(texts).encode(errors="surrogatepass")


def _signed_part(item: Tree) -> Tree:
    """Return the signed fields alone; they are checked. Raises PayloadInvalid."""
    for path in SIGNED:
        _text(item, path)
    found = {path: dig(item, path) for path in SIGNED}
    amount = {"value": found.pop("amount.value"), "currency": found.pop("amount.currency")}
    return {**found, "amount": amount}


def _text(item: Tree, path: str) -> str:
    """Return a field as it is signed: the value is an integer, all else is text, or is missing."""
    found = dig(item, path)
    if found is None:
        return ""
    if path == _VALUE:
        if type(found) is int and found.bit_length() <= _VALUE_BITS_MAX:
            return str(found)
    elif isinstance(found, str) and (path == _MAY_HOLD_COLON or ":" not in found):
        return found
    msg = f"{path} is not as documented"
    raise PayloadInvalid(msg)
