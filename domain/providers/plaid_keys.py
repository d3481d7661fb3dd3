"""Plaid's public keys: one answer of its API, and the key in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from domain import strict_json
from domain.errors import OutcomeUnknown, PayloadInvalid, SignatureInvalid
from domain.providers.api import safe_code
from domain.providers.public_keys import base64url, p256_key
from domain.providers.shapes import Shape, read

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from domain.delivery import KeyAnswer

_UNKNOWN_KEY = "INVALID_WEBHOOK_VERIFICATION_KEY_ID"
_OK = 200


class Jwk(Shape):
    """A key as Plaid writes it. `expired_at` is Unix time; None: it has not expired."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    alg: Literal["ES256"]
    use: Literal["sig"]
    kid: str
    x: str
    y: str
    expired_at: int | None

    def public_key(self) -> EllipticCurvePublicKey:
        """Return the key. Raises PayloadInvalid where the numbers are no point of the curve."""
        key = p256_key(base64url(self.x), base64url(self.y))
        if key is None:
            raise PayloadInvalid("the key is no point of P-256")
        return key


def jwk(shown: bytes) -> Jwk:
    """Return the key that `shown_key` returned. Raises SignatureInvalid for anything else."""
    try:
        key = read(Jwk, strict_json.parse(shown))
        key.public_key()
    except PayloadInvalid:
        raise SignatureInvalid("the key that was fetched is none of Plaid's kind") from None
    return key


def shown_key(answer: KeyAnswer, key_id: str) -> bytes:
    """Return the key of an answer, as Plaid wrote it but for what we do not read.

    Raises SignatureInvalid where Plaid says that there is no key of that name, OutcomeUnknown for
    every other answer.
    """
    try:
        tree = strict_json.parse(answer.body)
        if answer.status != _OK:
            raise _no_key(answer, tree.get("error_code"))
        key = read(Jwk, tree.get("key"))
        key.public_key()
    except PayloadInvalid:
        msg = f"answered with status {answer.status}, and not as documented"
        raise OutcomeUnknown(msg, http_status=answer.status) from None
    if key.kid != key_id:
        raise OutcomeUnknown("answered with another key")
    return key.model_dump_json().encode()


def _no_key(answer: KeyAnswer, code: object) -> SignatureInvalid | OutcomeUnknown:
    if code == _UNKNOWN_KEY:
        return SignatureInvalid("Plaid knows no key of that name")
    msg = f"answered with status {answer.status} and {safe_code(code) or 'no code'}"
    return OutcomeUnknown(msg, http_status=answer.status)
