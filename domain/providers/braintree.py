"""Braintree: a form with XML in base64, and an HMAC-SHA1 of that.

Documented at https://developer.paypal.com/braintree/docs/guides/webhooks/parse/python.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Any

from domain import signing
from domain.delivery import Demanded, Setting
from domain.errors import PayloadInvalid, SignatureInvalid
from domain.providers import forms, xml_tree
from domain.providers.braintree_claims import VOCABULARY, require_plain
from domain.providers.card import Card
from domain.providers.one_event import OneEventProvider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Said, Secret

PUBLIC_KEY = "PUBLIC_KEY"

_PAYLOAD = re.compile(r"[A-Za-z0-9+=/\n]+")
_CHALLENGE = re.compile(r"[0-9a-f]{20,32}")


class Braintree(OneEventProvider):
    """Notifications of one gateway, for those of its API keys that are ours."""

    name = "braintree"
    vocabulary = VOCABULARY
    settings = (
        Setting(
            PUBLIC_KEY,
            "the public key of the API key, or several parted by commas, the newest first",
            r"[A-Za-z0-9_]{4,64}(?:,[A-Za-z0-9_]{4,64}){0,7}",
        ),
    )
    card = Card(
        title="Braintree",
        scheme="HMAC-SHA1 of `bt_payload` with the SHA-1 of the private key, hexadecimal, after the"
        " public key and `|` in `bt_signature`; both are fields of a form",
        key="the private key of the API key whose public key is `PUBLIC_KEY`",
        retries="live: hourly for up to 24 h",
        covers="fields",
        refetch="recommended",
        sources=("https://developer.paypal.com/braintree/docs/guides/webhooks/parse/python",),
        doubts=(
            "how long it is retried",
            "the length of a challenge",
            "the names of the elements for order and currency",
            "whether a dispute that has expired is lost for good: it stays open here",
        ),
        traps=(
            "settlement is told of bank debits alone: cards are learned by asking",
            "all that is read is in `bt_payload`, which is covered; the rest of the form is not",
            "whoever asks gets a challenge signed: only what can be no notification is signed",
            "a captured request can be sent again, whatever its age; it changes nothing",
            "a subscription with several transactions and a dispute won in part must be asked for",
        ),
    )

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare the codes beside our public keys with the code of the payload.

        Braintree's own libraries also accept a payload that lost the newline at its end.
        """
        payload, codes = self._signed(delivery.body)
        try:
            return _key_id(secrets, codes, payload)
        except SignatureInvalid:
            return _key_id(secrets, codes, payload + b"\n")

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:  # noqa: ARG002
        """Name the event by the hash of its XML: no notification has an id."""
        return (hashlib.sha256(_document(delivery.body)).hexdigest(),)

    def read(self, body: bytes) -> dict[str, Any]:
        """Return what is within `notification`."""
        return xml_tree.parse(_document(body), "notification")

    glance = read

    def translate(self, tree: dict[str, Any]) -> Said:
        """Translate transactions, refunds and disputes; every other kind says nothing to us."""
        require_plain(tree)
        return super().translate(tree)

    def handshake(self, query: str, secrets: Sequence[Secret]) -> Demanded | None:
        """Sign the challenge with which Braintree tries an endpoint."""
        try:
            challenge = forms.parse(query.encode("latin-1", "replace")).get("bt_challenge", "")
        except PayloadInvalid:
            return None
        keys = self._public_keys()
        if _CHALLENGE.fullmatch(challenge) is None or not secrets or not keys:
            return None
        code = _code(secrets[0].value, challenge.encode())
        return Demanded(keys[0].encode() + b"|" + code, content_type=b"text/plain")

    def _signed(self, body: bytes) -> tuple[bytes, list[bytes]]:
        """Return the payload, and the codes beside our public keys."""
        try:
            form = forms.parse(body)
            signature, payload = form["bt_signature"], form["bt_payload"]
        except (PayloadInvalid, KeyError) as error:
            raise SignatureInvalid("no form with bt_signature and bt_payload") from error
        if len(signature) > signing.HEADER_BYTES_MAX:
            raise SignatureInvalid(f"bt_signature has {len(signature)} characters")
        if _PAYLOAD.fullmatch(payload) is None:
            raise SignatureInvalid("bt_payload is not base64")
        if _CHALLENGE.fullmatch(payload):
            raise SignatureInvalid("bt_payload is a challenge, which we sign for anybody")
        pairs = [pair.partition("|") for pair in signature.split("&")]
        codes = [code for key, _, code in pairs if key in self._public_keys()]
        return payload.encode(), [code.encode("ascii", "replace") for code in codes]

    def _public_keys(self) -> list[str]:
        keys = self.values.get(PUBLIC_KEY)
        return keys.split(",") if keys else []


def _code(secret: bytes, content: bytes) -> bytes:
    return signing.hex_code(hashlib.sha1(secret).digest(), content, "sha1")  # noqa: S324 - Braintree's


def _key_id(secrets: Sequence[Secret], codes: Sequence[bytes], content: bytes) -> str:
    return signing.matching_key_id(secrets, codes, lambda secret: _code(secret, content))


def _document(body: bytes) -> bytes:
    """Return the XML of a form. Raises PayloadInvalid."""
    payload = forms.parse(body).get("bt_payload", "").replace("\n", "")
    try:
        return binascii.a2b_base64(payload, strict_mode=True)
    except ValueError as error:
        raise PayloadInvalid("bt_payload is not base64") from error
