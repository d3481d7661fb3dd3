"""The family that signs an id, a time and the body, as Standard Webhooks describes it.

Headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, or the same three with the
prefix `svix-`: the first set that is complete is used, and the two are never mixed. The
signature header lists codes parted by blanks: `v1,<base64>` is HMAC-SHA256; any other version
(`v1a`, which is Ed25519) is skipped, not checked and not trusted.
"""

from __future__ import annotations

import binascii
import re
from abc import abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from domain import signing
from domain.delivery import Delivery, Secret
from domain.errors import SignatureInvalid, SignatureMissing
from domain.providers.one_event import OneEventProvider

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIXES = (b"webhook-", b"svix-")
"""Of the header sets, the one preferred first."""

_MESSAGE_ID = re.compile(rb"[!-\-/-~]{1,200}")
"""Visible ASCII without the dot, which would let id, time and body change their borders."""


class _Headers(NamedTuple):
    message_id: bytes
    timestamp: bytes
    signature: bytes


class MessageHmac(OneEventProvider):
    """Leaves open what of a secret is the key: some decode base64, some take the text."""

    @abstractmethod
    def key_of(self, secret: bytes) -> bytes:
        """Return the HMAC key, empty when the secret is malformed and so proves nothing."""

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare every `v1` code with the code each secret gives `id.timestamp.body`."""
        headers = _headers(delivery)
        signed_at_s = signing.unix_seconds(headers.timestamp)
        if _MESSAGE_ID.fullmatch(headers.message_id) is None:
            msg = "the message id is empty, too long or holds a dot, a blank or a control character"
            raise SignatureInvalid(msg)
        content = b"%b.%b.%b" % (headers.message_id, headers.timestamp, delivery.body)
        key_id = signing.matching_key_id(
            [Secret(secret.key_id, self.key_of(secret.value)) for secret in secrets],
            _hmac_codes(headers.signature),
            lambda key: signing.base64_code(key, content, "sha256"),
        )
        signing.require_fresh(signed_at_s, received_at_s=delivery.received_at_s)
        return key_id

    def key_parts(self, delivery: Delivery, tree: object) -> Sequence[object]:  # noqa: ARG002
        """Name the event by the message id, which the signature covers."""
        return (_headers(delivery).message_id.decode(),)


def _headers(delivery: Delivery) -> _Headers:
    names = [name for name, _ in delivery.headers]
    for prefix in PREFIXES:
        wanted = [prefix + part for part in (b"id", b"timestamp", b"signature")]
        if all(name in names for name in wanted):
            return _Headers(*[signing.required_header(delivery, name) for name in wanted])
    msg = "one of the headers webhook-id, webhook-timestamp, webhook-signature is missing"
    raise SignatureMissing(msg)


def _hmac_codes(signature: bytes) -> list[bytes]:
    pairs = [item.split(b",") for item in signature.split(b" ")]
    if any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004 - a version and its code
        msg = "the signature header is not a list of version,code parted by single blanks"
        raise SignatureInvalid(msg)
    return [code for version, code in pairs if version == b"v1"]


def base64_key(secret: bytes, *, prefix: bytes) -> bytes:
    """Return what canonical base64 after the prefix stands for, or nothing when it is none."""
    if not secret.startswith(prefix):
        return b""
    text = secret[len(prefix) :]
    try:
        key = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        return b""
    return key if binascii.b2a_base64(key, newline=False) == text else b""
